//! Knows how all hubs are: which are there, since when, of which version, and what waits on their disks.
//!
//! Hubs say so every two minutes, and so does the broker of one that is gone. All of it is kept in memory and nowhere else:
//! after a restart the fleet is known again as soon as everybody has said something, which takes those two minutes. It is
//! for operators only, and answers on their port.
//!
//! It must not know whose a hub is, nor which transport this comes over.

pub mod config;
mod fleet;
mod measures;
mod routes;
mod summary;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Clock;
use domain::live::PresenceStream;
use futures_util::StreamExt as _;
use service::Metrics;
use service::health::Health;
use service::tls::Listener;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

pub use config::FleetConfig;
pub use fleet::{Fleet, State};
pub use summary::Summary;

use measures::Measures;

/// How often the counts are brought up to date.
const COUNT_EVERY: Duration = Duration::from_secs(15);
/// Presences that are looked at under one lock.
const AT_ONCE: usize = 500;

const NAME: &str = "fleet-service";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("serving: {0}")]
    Serve(#[from] std::io::Error),
}

/// What it works with.
pub struct Deps {
    pub presences: PresenceStream,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    pub fleet: FleetConfig,
}

/// Runs until `shutdown`. Operators are answered on `listener`.
pub async fn run(
    deps: Deps,
    listener: impl Into<Listener>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let Deps { presences, clock, metrics, fleet } = deps;
    let measures = metrics.register(Measures::register);
    let fleet = Arc::new(Mutex::new(Fleet::new(fleet, clock.now())));
    // What is not known yet is said in the summary; nobody else depends on this.
    let health = Health::new(shutdown.clone(), async || Ok(()));
    let router = service::operations::routes(NAME, metrics, health)
        .merge(routes::routes(Arc::clone(&fleet), Arc::clone(&clock)));
    let listening = listen(presences, &fleet, &*clock, &measures);
    let counting = count(&fleet, &*clock, &measures);
    let uncounted = Metrics::default();
    tokio::select! {
        served = service::http::serve(listener, router, &uncounted, shutdown) => Ok(served?),
        () = async { tokio::join!(listening, counting); } => Ok(()),
    }
}

async fn listen(presences: PresenceStream, fleet: &Mutex<Fleet>, clock: &dyn Clock, measures: &Measures) {
    let mut together = presences.ready_chunks(AT_ONCE);
    while let Some(presences) = together.next().await {
        let now = clock.now();
        measures.heard(presences.len());
        let mut fleet = fleet::lock(fleet);
        let left_out = presences.into_iter().filter(|presence| !fleet.hear(presence, now)).count();
        drop(fleet);
        measures.left_out(left_out);
    }
}

async fn count(fleet: &Mutex<Fleet>, clock: &dyn Clock, measures: &Measures) {
    let mut due = interval(COUNT_EVERY);
    loop {
        due.tick().await;
        let summary = {
            let mut fleet = fleet::lock(fleet);
            fleet.forget(clock.now());
            fleet.summary(clock.now())
        };
        measures.show(&summary);
    }
}
