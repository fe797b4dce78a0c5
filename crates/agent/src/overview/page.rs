//! The hub's own page: the same overview in a browser, without scripts. It only shows; nothing can be changed there.

mod html;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use service::Metrics;
use service::metrics::MEDIA_TYPE;
use service::problem::Problem;

use super::measures::Measures;
use super::{Observer, Overview};

const STYLE: &str = include_str!("page/page.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Endings of names that belong to networks of homes.
const HOME_NETWORKS: [&str; 5] = [".local", ".lan", ".home.arpa", ".internal", ".fritz.box"];

/// `/` for people, `/status.json` for programs, `/metrics` for Prometheus.
pub fn routes(observer: Arc<Observer>, metrics: Metrics) -> Router {
    let measures = metrics.register(Measures::register);
    let encoded = async move |State(observer): State<Arc<Observer>>| {
        measures.show(&observer.look().await);
        ([(header::CONTENT_TYPE, MEDIA_TYPE)], metrics.encode())
    };
    Router::new()
        .route("/metrics", get(encoded))
        .route("/", get(page))
        .route("/page.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/status.json", get(json))
        .layer(middleware::from_fn(guard))
        .with_state(observer)
}

async fn page(State(observer): State<Arc<Observer>>) -> Html<String> {
    Html(html::render(&observer.look().await))
}

async fn json(State(observer): State<Arc<Observer>>) -> Json<Overview> {
    Json(observer.look().await)
}

async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let mut response = if is_of_home(host) {
        next.run(request).await
    } else {
        Problem::new(StatusCode::MISDIRECTED_REQUEST)
            .detail("Ask for this page by the hub's address or by its name in the home network.")
            .into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A site on the internet may point a name of its own at the hub, so that the reader's browser lets it read the page.
fn is_of_home(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let lower = bare.to_ascii_lowercase();
    !bare.is_empty()
        && (bare.parse::<IpAddr>().is_ok()
            || !bare.contains('.')
            || HOME_NETWORKS.iter().any(|ending| lower.ends_with(ending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_internet_do_not_lead_here() {
        for home in
            ["127.0.0.1:7461", "[fe80::1]:7461", "::1", "raspberrypi", "Hub.LOCAL:80", "hub.fritz.box"]
        {
            assert!(is_of_home(home), "{home}");
        }
        for other in ["", "evil.example", "evil.example:7461", "10.0.0.1.evil.example", "local.example"] {
            assert!(!is_of_home(other), "{other}");
        }
    }
}
