//! The page: what Vite built, embedded.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};
use rust_embed::RustEmbed;
use service::problem::Problem;

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

pub(crate) const HOW_TO_BUILD: &str =
    "install Node.js 20.19 or newer, run `npm ci && npm run build` in crates/web-app/ui, and build again";

pub(crate) fn page_is_built() -> bool {
    Dist::get("index.html").is_some()
}

/// Files that browsers ask for by these names. Their like is in the page or nowhere: a page in their place would be taken
/// for a broken one of them, and kept.
const AT_THE_ROOT: [&str; 2] = ["sw.js", "manifest.webmanifest"];

/// A file of the page, or the page itself: paths such as `/today` are the page's own.
pub(crate) async fn serve(uri: Uri) -> Response {
    answer(uri.path(), |path| Dist::get(path).map(|file| file.data))
}

fn answer(path: &str, file: impl Fn(&str) -> Option<Cow<'static, [u8]>>) -> Response {
    let path = path.trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return not_found("There is nothing at this address.");
    }
    if let Some(content) = file(path) {
        return respond(path, content);
    }
    if path.starts_with("assets/") || AT_THE_ROOT.contains(&path) {
        return not_found("There is no such file.");
    }
    match file("index.html") {
        Some(page) => respond("index.html", page),
        None => not_built(),
    }
}

fn respond(path: &str, content: Cow<'static, [u8]>) -> Response {
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    // Names under assets/ carry a hash of their content.
    let caching =
        if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = content.into_response();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(media_type.as_ref()) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

fn not_found(detail: &str) -> Response {
    Problem::new(StatusCode::NOT_FOUND).detail(detail).into_response()
}

fn not_built() -> Response {
    let text =
        format!("Wattline runs, but its page is not built into this binary.\nTo build it: {HOW_TO_BUILD}.\n");
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(path: &str) -> Option<Cow<'static, [u8]>> {
        ["index.html", "favicon.svg", "assets/index-BqCjJEJP.js", "sw.js", "manifest.webmanifest"]
            .contains(&path)
            .then(|| path.as_bytes().to_vec().into())
    }

    fn of(path: &str) -> (u16, String, String) {
        let response = answer(path, built);
        let header =
            |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        (response.status().as_u16(), header(header::CONTENT_TYPE), header(header::CACHE_CONTROL))
    }

    #[test]
    fn the_page_is_at_every_path_that_is_no_file() {
        for path in ["/", "/today", "/history/2026", "/index.html"] {
            assert_eq!(of(path), (200, "text/html".to_owned(), "no-cache".to_owned()), "{path}");
        }
        assert_eq!(of("/favicon.svg"), (200, "image/svg+xml".to_owned(), "no-cache".to_owned()));
    }

    #[test]
    fn the_worker_and_the_manifest_are_asked_for_every_time() {
        let fresh = |media_type: &str| (200, media_type.to_owned(), "no-cache".to_owned());
        assert_eq!(of("/sw.js"), fresh("text/javascript"));
        assert_eq!(of("/manifest.webmanifest"), fresh("application/manifest+json"));
        let only_the_page = |path: &str| (path == "index.html").then(|| b"page".to_vec().into());
        for path in ["/sw.js", "/manifest.webmanifest"] {
            assert_eq!(answer(path, only_the_page).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn files_with_a_hash_in_their_name_may_be_kept_for_ever() {
        let (status, media_type, caching) = of("/assets/index-BqCjJEJP.js");
        assert_eq!((status, media_type.as_str()), (200, "text/javascript"));
        assert!(caching.contains("immutable"));
    }

    #[test]
    fn a_file_that_is_not_there_is_not_the_page() {
        for path in ["/assets/index-00000000.js", "/api", "/api/nothing"] {
            assert_eq!(of(path).0, 404, "{path}");
        }
    }

    #[tokio::test]
    async fn without_the_page_it_says_how_to_build_it() {
        let response = answer("/today", |_| None);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(std::str::from_utf8(&body).unwrap().contains("npm ci && npm run build"));
    }
}
