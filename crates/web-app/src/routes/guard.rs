//! What holds for every request and every answer.

use std::any::Any;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use service::problem::Problem;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::site;

#[derive(Debug, thiserror::Error)]
#[error("a request handler panicked")]
struct Panicked;

/// How browsers come here.
#[derive(Clone, Copy)]
pub(super) struct Way {
    /// Over HTTPS, to us or to a proxy before us.
    pub(super) secure: bool,
    /// Past so many proxies of our own.
    pub(super) forwarded_hops: u8,
}

/// Panics are caught inside, so that these answers too are guarded.
pub(super) fn guarded(router: Router, way: Way) -> Router {
    router
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| Problem::internal(&Panicked).into_response()))
        .layer(middleware::from_fn(move |request, next| guard(way, request, next)))
}

/// Everything comes from this host; nothing may be put into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Scripts, styles and fonts of the page, which obey the page's policy. To send it with each of them is half a kilobyte that a
/// phone waits for.
const PARTS: &str = "/assets/";

/// For a year, and for this host: others of its domain may not be ours. Browsers heed it over HTTPS only.
const HTTPS_ONLY: &str = "max-age=31536000";

async fn guard(way: Way, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_api = request.uri().path().starts_with("/api");
    let is_part = request.uri().path().starts_with(PARTS);
    let mut response = if !safe && site::is_another(request.headers(), way.forwarded_hops) {
        Problem::new(StatusCode::FORBIDDEN).detail("This request comes from another site.").into_response()
    } else {
        next.run(request).await
    };
    let is_found = response.status().is_success();
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !(is_part && is_found) {
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if way.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ONLY));
    }
    if is_api {
        // Its answers are for one person.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    const PLAIN: Way = Way { secure: false, forwarded_hops: 0 };

    async fn broken() {
        panic!("a bug")
    }

    #[tokio::test]
    async fn a_panic_is_a_guarded_problem() {
        let router = Router::new().route("/api/broken", get(broken));
        let request = Request::builder().uri("/api/broken").body(Body::empty()).unwrap();
        let response = guarded(router, PLAIN).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    }

    #[tokio::test]
    async fn only_what_a_page_is_made_of_comes_without_a_policy() {
        for (uri, has_policy) in
            [("/", true), ("/sw.js", true), ("/assets/page.js", false), ("/assets/gone.js", true)]
        {
            let found = || async { "found" };
            let router = Router::new().route("/", get(found)).route("/sw.js", get(found));
            let router = router.route("/assets/page.js", get(found));
            let request = Request::builder().uri(uri).body(Body::empty()).unwrap();
            let response = guarded(router, PLAIN).oneshot(request).await.unwrap();
            assert_eq!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY), has_policy, "{uri}");
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{uri}");
        }
    }

    #[tokio::test]
    async fn browsers_are_told_to_stay_with_https_where_there_is_https() {
        for (secure, told) in [(true, Some(HTTPS_ONLY)), (false, None)] {
            let router = Router::new().route("/", get(|| async { "page" }));
            let request = Request::builder().uri("/").body(Body::empty()).unwrap();
            let response = guarded(router, Way { secure, ..PLAIN }).oneshot(request).await.unwrap();
            let header = response.headers().get(header::STRICT_TRANSPORT_SECURITY);
            assert_eq!(header.map(|value| value.to_str().unwrap()), told);
        }
    }
}
