//! Takes containers from the transport and puts them into the measurement store.
//!
//! A container is acknowledged only after the store said yes; one that cannot be decoded, or that the store
//! refuses, goes to the dead letters with the reason, and the rest of its batch is stored. A day for which ticks come
//! late is marked before they are acknowledged, so that it is rolled up again. It must not know which transport and
//! which store these are.

mod batch;
pub mod config;
mod dead_letters;
mod door;
mod filling;
mod flood;
mod followed;
mod late;
mod measures;
pub mod pipeline;
mod prepared;
mod storing;

use std::sync::Arc;

use domain::Clock;
use domain::measurement::MeasurementStore;
use domain::rollup::Rollups;
use domain::transport::ContainerSource;
use service::Metrics;
use service::health::Health;
use service::tls::Listener;
use tokio_util::sync::CancellationToken;

pub use config::BatchConfig;
pub use door::DoorConfig;
pub use measures::{Cause, Measures};
pub use pipeline::Pipeline;
pub use prepared::Prepared;

const NAME: &str = "write-service";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("serving health: {0}")]
    Serve(#[from] std::io::Error),
}

/// What it works with.
#[derive(Clone)]
pub struct Deps {
    pub source: Arc<dyn ContainerSource>,
    pub store: Arc<dyn MeasurementStore>,
    /// Where days are marked for which ticks came late.
    pub stale: Arc<dyn Rollups>,
    pub batch: BatchConfig,
    pub door: DoorConfig,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    /// Called whenever the store has a batch and its marks, and its receipts are not accepted yet: for whoever wants to know what
    /// happens when everything ends there.
    pub stored: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// The cause may name addresses inside, which are not for whoever asks.
fn not_ready(sentence: &str, cause: &dyn std::error::Error) -> String {
    tracing::debug!(%cause, "{sentence}");
    sentence.to_owned()
}

/// Runs until `shutdown`; what is in flight then is finished or given back within seconds. Operators are answered on
/// `listener` until that is done.
pub async fn run(
    deps: Deps,
    listener: impl Into<Listener>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let (source, store) = (deps.source.clone(), deps.store.clone());
    let metrics = deps.metrics.clone();
    let pipeline = Pipeline::new(deps);
    let measures = pipeline.measures().clone();
    let health = Health::new(shutdown.clone(), move || {
        let (source, store, measures) = (source.clone(), store.clone(), measures.clone());
        async move {
            source.ready().await.map_err(|error| not_ready("The transport is not available.", &error))?;
            // A store may say that it is there and take nothing.
            if measures.store_refuses() {
                return Err("The store does not take writes.".to_owned());
            }
            store.ready().await.map_err(|error| not_ready("The store is not available.", &error))
        }
    });
    let end = CancellationToken::new();
    let work = async {
        let _over = end.clone().drop_guard();
        pipeline.run(shutdown).await;
    };
    let operations = service::operations::serve(listener, NAME, metrics, health, end.clone());
    Ok(tokio::join!(operations, work).0?)
}
