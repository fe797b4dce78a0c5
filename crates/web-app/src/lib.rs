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
mod upstream;

use std::sync::Arc;

use domain::Clock;
use service::tls::Listener;
use tokio_util::sync::CancellationToken;

pub use config::UpstreamConfig;

/// What it works with.
#[derive(Clone)]
pub struct Deps {
    pub upstream: UpstreamConfig,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("building the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error("serving: {0}")]
    Serve(#[from] std::io::Error),
}

/// Serves on `listener` until `shutdown`.
pub async fn run(
    deps: Deps,
    listener: impl Into<Listener>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    if !assets::page_is_built() {
        tracing::warn!("the page is not built into this binary: {}", assets::HOW_TO_BUILD);
    }
    let router = routes::router(deps, shutdown.clone())?;
    Ok(service::http::serve(listener, router, shutdown).await?)
}
