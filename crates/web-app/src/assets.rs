//! The page: what Vite built, embedded.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};
use rust_embed::RustEmbed;
use service::problem::Problem;

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

pub(crate) const HOW_TO_BUILD: &str =
    "install Node.js 20 or newer, run `npm ci && npm run build` in crates/web-app/ui, and build again";

pub(crate) fn page_is_built() -> bool {
    Dist::get("index.html").is_some()
}

/// A file of the page, or the page itself: paths such as `/today` are the page's own.
pub(crate) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::new(StatusCode::NOT_FOUND).detail("There is nothing at this address.").into_response();
    }
    if let Some(file) = Dist::get(path) {
        return respond(path, file);
    }
    if path.starts_with("assets/") {
        return Problem::new(StatusCode::NOT_FOUND).detail("There is no such file.").into_response();
    }
    match Dist::get("index.html") {
        Some(page) => respond("index.html", page),
        None => not_built(),
    }
}

fn respond(path: &str, file: rust_embed::EmbeddedFile) -> Response {
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    // Names under assets/ carry a hash of their content.
    let caching = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(media_type.as_ref()) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

fn not_built() -> Response {
    let text = format!("Wattline runs, but its page is not built into this binary.\nTo build it: {HOW_TO_BUILD}.\n");
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}
