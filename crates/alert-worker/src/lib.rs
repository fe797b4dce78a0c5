//! Watches over homes and tells their people what they did not ask for: a hub that is offline, a socket that fell
//! silent or was left on, an hour that is like none before, a month that will cost too much.
//!
//! Hubs are looked at in every pass, sockets and costs less often. What is found is held against the alerts
//! that are open: new ones are kept together with the letters that tell of them, in one transaction, and those that are
//! found no more are ended. Letters are sent by a loop of their own, again and again for a day. Nothing that is needed
//! after a restart is in memory only.
//!
//! One worker for each part of the households; two of the same do no harm, for an alert is open once and a letter is
//! taken once.
//!
//! It must not know which stores it works on, nor who asks for alerts.

pub mod config;
mod hubs;
mod letters;
mod measures;
mod post;
mod reconcile;
mod sending;
mod sockets;
mod webhook;
mod worker;

use std::sync::Arc;

use domain::Clock;
use domain::alerts::Alerts;
use domain::measurement::MeasurementQuery;
use domain::rollup::Rollups;
use service::Metrics;
use service::health::Health;
use service::tls::Listener;
use tokio_util::sync::CancellationToken;

pub use config::AlertConfig;
pub use post::{BuildError, Post};
pub use sending::Sending;
pub use worker::{Pass, Worker};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("serving health: {0}")]
    Serve(#[from] std::io::Error),
}

/// What it works with.
#[derive(Clone)]
pub struct Deps {
    pub query: Arc<dyn MeasurementQuery>,
    pub rollups: Arc<dyn Rollups>,
    pub alerts: Arc<dyn Alerts>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    pub config: AlertConfig,
}

/// Watches and sends until `shutdown`.
pub async fn watch(deps: Deps, shutdown: CancellationToken) -> Result<(), BuildError> {
    let post = Post::new(&deps.config)?;
    let sending = Sending::new(&deps, post);
    tokio::join!(Worker::new(deps).run(shutdown.clone()), sending.run(shutdown));
    Ok(())
}

/// The same, with operators answered on `listener`.
pub async fn run(
    deps: Deps,
    listener: impl Into<Listener>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let (query, metrics) = (deps.query.clone(), deps.metrics.clone());
    let health = Health::new(shutdown.clone(), move || {
        let query = query.clone();
        async move {
            query.ready().await.map_err(|error| {
                tracing::debug!(%error, "not ready");
                // The cause may name addresses inside, which are not for whoever asks.
                "The store is not available.".to_owned()
            })
        }
    });
    let end = CancellationToken::new();
    let work = async {
        let _over = end.clone().drop_guard();
        watch(deps, shutdown).await
    };
    let operations = service::operations::serve(listener, "alert-worker", metrics, health, end.clone());
    let (served, watched) = tokio::join!(operations, work);
    served?;
    Ok(watched?)
}
