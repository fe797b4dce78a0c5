//! What operators and their machines ask a binary: health, metrics, version; on a port of its own, away from everybody
//! else's questions.

mod asking;
mod listeners;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router};
use http::header;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::metrics::{self, Metrics};
use crate::tls::{Listener, TlsConfig};

pub use asking::health;
pub use listeners::{Listeners, serve_if_any};

/// The commit that was built; set by whoever builds for others.
const COMMIT: Option<&str> = option_env!("WATTLINE_COMMIT");

/// Where operators ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationsConfig {
    /// Serves `/health/…`, `/metrics` and `/version`.
    pub listen: SocketAddr,
}

/// Each binary has a default of its own: see [`OperationsConfig::at`].
impl Default for OperationsConfig {
    fn default() -> Self {
        Self::at(9400)
    }
}

impl OperationsConfig {
    /// On this port, for this machine only.
    pub const fn at(port: u16) -> Self {
        Self { listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port) }
    }

    pub fn validate(&self, tls: &TlsConfig, faults: &mut Vec<String>) {
        tls.may_listen("operations.listen", self.listen, faults);
    }
}

/// `/version`.
#[derive(Serialize)]
struct Build {
    service: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
}

/// All addresses of this port.
pub fn routes(name: &'static str, metrics: Metrics, health: Health) -> Router {
    let build = Build { service: name, version: env!("CARGO_PKG_VERSION"), commit: COMMIT };
    let build = serde_json::to_value(build).unwrap_or_default();
    let page =
        async move || ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], metrics.encode()).into_response();
    health.routes().route("/metrics", get(page)).route("/version", get(async move || Json(build)))
}

/// Serves until `end`, which may be later than the wish to stop: what is drained can be watched.
pub async fn serve(
    listener: impl Into<Listener>,
    name: &'static str,
    metrics: Metrics,
    health: Health,
    end: CancellationToken,
) -> std::io::Result<()> {
    // These questions are not counted: they would be most of what a quiet service answers.
    let uncounted = Metrics::default();
    crate::http::serve(listener, routes(name, metrics, health), &uncounted, end).await
}
