//! Answers questions about a household's energy, and streams it as it happens.
//!
//! Who may ask is in a signed token that it verifies by itself. It must not know which store and which
//! transport it reads from, nor who people are. Of the registry it reads what a home's sockets are called and what
//! energy costs there, and changes nothing.

pub mod config;
mod export;
mod figures;
mod gathering;
mod home;
mod live;
mod measurements;
mod measures;
mod metrics;
pub mod openapi;
mod routes;
mod tokens;
mod usage;

use std::sync::Arc;

use domain::Clock;
use domain::live::LiveFeed;
use domain::measurement::MeasurementQuery;
use domain::registry::Registry;
use domain::rollup::Rollups;
use service::Metrics;
use service::operations::{self, Listeners};
use tokio_util::sync::CancellationToken;

pub use tokens::{KeySource, TokenError, TokenVerifier};

/// What it works with.
#[derive(Clone)]
pub struct Deps {
    pub query: Arc<dyn MeasurementQuery>,
    pub rollups: Arc<dyn Rollups>,
    pub registry: Arc<dyn Registry>,
    pub live: Arc<dyn LiveFeed>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    pub tokens: Arc<TokenVerifier>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("serving: {0}")]
    Serve(#[from] std::io::Error),
}

/// Serves on `listeners` until `shutdown`; live streams end with it.
pub async fn run(
    deps: Deps,
    listeners: impl Into<Listeners>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let Listeners { api, operations } = listeners.into();
    let metrics = deps.metrics.clone();
    let health = routes::health(&deps, shutdown.clone());
    let router = routes::router(deps, shutdown.clone()).merge(health.clone().routes());
    let operations =
        operations::serve_if_any(operations, "read-service", metrics.clone(), health, shutdown.clone());
    tokio::try_join!(service::http::serve_services(api, router, &metrics, shutdown), operations)?;
    Ok(())
}
