//! Rolls ticks up into days of quarter hours, so that a year of a home opens at once.
//!
//! Whenever an hour is over and its ticks are in, the hubs that measured are brought up to it. Days for which ticks
//! came late carry marks; they are rolled up again, and just the marks that were there before are settled. Ticks are
//! the truth and a rollup is made from them whole: all of it may be done twice, and the process may be killed at any
//! instant.
//!
//! One worker for each part of the hubs. Two of the same would not destroy anything, but one that is slow could put
//! back what the other has just made better.
//!
//! It also erases what hubs measured for households that are gone, since nobody else writes pages.
//!
//! It must not know which store it works on, who the hubs belong to, or what anything costs.

pub mod config;
mod erasing;
mod hub;
mod measures;
mod outage;
mod progress;
mod worker;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use domain::measurement::{MeasurementQuery, StoreError};
use domain::rollup::Rollups;
use domain::{Clock, UtcMillis};
use service::Metrics;
use service::health::Health;
use service::tls::Listener;
use tokio_util::sync::CancellationToken;

pub use config::RollupConfig;
pub use erasing::Erasing;
pub use worker::{Pass, Worker};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("serving health: {0}")]
    Serve(#[from] std::io::Error),
}

/// A store that forgets old ticks only when it is told to.
#[async_trait]
pub trait Forgetting: Send + Sync + 'static {
    /// Ticks that start before may go. Called when everything until then is rolled up, about once an hour.
    async fn forget_ticks(&self, before: UtcMillis) -> Result<(), StoreError>;
}

/// What it works with.
#[derive(Clone)]
pub struct Deps {
    pub query: Arc<dyn MeasurementQuery>,
    pub rollups: Arc<dyn Rollups>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    pub rollup: RollupConfig,
    /// For a store that does not forget by itself.
    pub forgetting: Option<Arc<dyn Forgetting>>,
    /// For what is measured for households that may end.
    pub erasing: Option<Erasing>,
}

/// Runs until `shutdown`, and a few seconds longer for what is being rolled up then. Operators
/// are answered on `listener`.
pub async fn run(
    deps: Deps,
    listener: impl Into<Listener>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let query = deps.query.clone();
    let metrics = deps.metrics.clone();
    let worker = Worker::new(deps);
    let refused = worker.refused();
    let health = Health::new(shutdown.clone(), move || {
        let (query, refused) = (query.clone(), refused.clone());
        async move {
            // The cause may name addresses inside, which are not for whoever asks.
            let sentence = || "The store is not available.".to_owned();
            query.ready().await.map_err(|error| {
                tracing::debug!(%error, "not ready");
                sentence()
            })?;
            if refused.load(Ordering::Relaxed) { Err(sentence()) } else { Ok(()) }
        }
    });
    let end = CancellationToken::new();
    let work = async {
        let _over = end.clone().drop_guard();
        worker.run(shutdown).await;
    };
    let operations = service::operations::serve(listener, "rollup-worker", metrics, health, end.clone());
    Ok(tokio::join!(operations, work).0?)
}
