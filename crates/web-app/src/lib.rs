//! The web app: the page, the browser's session, and one API in front of the auth- and the read-service.
//!
//! It must not know any store: it asks the other two over HTTP, with the secret of a session or of a personal token and
//! short-lived tokens, and keeps nothing that a restart would lose.

mod archive;
mod asked;
mod assets;
mod caller;
pub mod config;
mod proxy;
mod routes;
mod session;
mod site;
mod upstream;

use std::sync::Arc;

use domain::Clock;
use service::Metrics;
use service::operations::{self, Listeners};
use tokio_util::sync::CancellationToken;

pub use config::UpstreamConfig;

/// What it works with.
#[derive(Clone)]
pub struct Deps {
    pub upstream: UpstreamConfig,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("building the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error("serving: {0}")]
    Serve(#[from] std::io::Error),
}

/// Method and path of every endpoint of the browser's API, as the router has them.
pub fn endpoints() -> Vec<(&'static str, String)> {
    routes::list()
}

/// Serves on `listeners` until `shutdown`.
pub async fn run(
    deps: Deps,
    listeners: impl Into<Listeners>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    if !assets::page_is_built() {
        tracing::warn!("the page is not built into this binary: {}", assets::HOW_TO_BUILD);
    }
    let Listeners { api, operations } = listeners.into();
    let metrics = deps.metrics.clone();
    let (router, health) = routes::router(deps, shutdown.clone())?;
    let operations =
        operations::serve_if_any(operations, "web-app", metrics.clone(), health, shutdown.clone());
    tokio::try_join!(service::http::serve(api, router, &metrics, shutdown), operations)?;
    Ok(())
}
