//! One connection per hub, as many as wanted: opened in steps, first silent but for their keep-alives, then publishing.
//!
//! What a broker takes for them is seen from outside: each stage is told when it is over. A connection that is lost stays
//! lost and is counted, since a hub that comes back would hide it; at the end they break off as when the power fails.

mod endpoint;
mod hub;
mod over_amqp;
mod over_mqtt;
mod summary;
mod tally;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Clock, HubId, TickLength};
use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::amqp;
use crate::population::Population;
use endpoint::Endpoint;
use hub::{Hub, Phase};
pub use summary::{ConnectionsSummary, Stage, StageName, Step};
use tally::Tally;

/// For one connection, from nothing to its channels: a broker that opens thousands at once is slow.
const OPENING: Duration = Duration::from_mins(1);
/// For what is late and for confirms, after the last container was due.
const GRACE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// What is to be opened, and what it is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `amqp://`, `amqps://`, `mqtt://` or `mqtts://`, with user and password. The queues are there.
    pub url: String,
    /// The only authorities that are believed with TLS, in PEM.
    pub ca: Option<PathBuf>,
    /// How many connections there are to be, step by step; each more than the one before.
    pub steps: Vec<u32>,
    /// Connections being opened at the same time.
    pub at_once: usize,
    /// After each step, before what counts.
    pub settle: Duration,
    /// Of each step.
    pub idle: Duration,
    /// At the end, with all connections.
    pub publish: Duration,
    /// Between two containers of a hub.
    pub every: Duration,
    /// What the client asks for; as hubs do when `None`.
    pub keep_alive_secs: Option<u16>,
    /// Loopback addresses to connect from: one has ports for some 28,000 connections.
    pub source_addresses: u8,
    /// In each container.
    pub sockets: u8,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectionsError {
    #[error(transparent)]
    Amqp(#[from] amqp::Error),
    #[error("the URL is not like mqtts://user:password@host:8883")]
    Url,
    #[error("{operation}: {source}")]
    Io { operation: &'static str, source: std::io::Error },
    #[error("{0}: there is no authority to believe; --ca names the file")]
    NoAuthority(&'static str),
    #[error("reading {path}: {reason}")]
    Authority { path: String, reason: String },
    #[error("preparing TLS: {0}")]
    Tls(#[source] rustls::Error),
    #[error("the broker refused: {0}")]
    Refused(String),
    #[error("the broker was silent for {} s", .0.as_secs())]
    Silent(Duration),
    #[error("not open within {} s", .0.as_secs())]
    TimedOut(Duration),
}

impl ConnectionsError {
    fn io(operation: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { operation, source }
    }
}

/// What all hubs have in common.
struct Shared {
    endpoint: Endpoint,
    population: Population,
    every: Duration,
    tally: Mutex<Tally>,
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hub(&self, index: u32) -> HubId {
        self.population.hub(index)
    }
}

/// Opens, holds and publishes as planned; `told` hears of each stage when it is over. Ends early with `stop`.
pub async fn run(
    plan: &Plan,
    clock: &dyn Clock,
    stop: CancellationToken,
    told: &mut (dyn FnMut(&Stage) + Send),
) -> Result<ConnectionsSummary, ConnectionsError> {
    let shared = Arc::new(Shared {
        endpoint: Endpoint::new(plan).await?,
        population: Population {
            seed: 1,
            hubs: plan.steps.iter().copied().max().unwrap_or_default(),
            sockets: plan.sockets,
            tick_length: TickLength::DEFAULT,
            start: TickLength::DEFAULT.tick_of(clock.now()),
        },
        every: plan.every,
        tally: Mutex::default(),
    });
    let mut fleet =
        Fleet { shared, phase: watch::channel(Phase::Idle).0, hubs: JoinSet::new(), steps: Vec::new() };
    stop.run_until_cancelled(fleet.live(plan, told)).await;
    let Fleet { shared, mut hubs, steps, .. } = fleet;
    hubs.shutdown().await;
    let tally = shared.tally();
    Ok(ConnectionsSummary::new(steps, &tally))
}

/// The hubs that are connected.
struct Fleet {
    shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
    hubs: JoinSet<()>,
    steps: Vec<Step>,
}

impl Fleet {
    async fn live(&mut self, plan: &Plan, told: &mut (dyn FnMut(&Stage) + Send)) {
        let mut before = 0;
        for &wanted in &plan.steps {
            let step = self.open(before..wanted, plan.at_once).await;
            told(&self.stage(StageName::Opened, step.seconds));
            self.steps.push(step);
            for (stage, time) in [(StageName::Settled, plan.settle), (StageName::Idle, plan.idle)] {
                sleep(time).await;
                told(&self.stage(stage, time.as_secs_f64()));
            }
            before = wanted;
        }
        if !plan.publish.is_zero() {
            let begin = Instant::now();
            self.publish(begin + plan.publish).await;
            told(&self.stage(StageName::Published, begin.elapsed().as_secs_f64()));
        }
    }

    async fn open(&mut self, hubs: std::ops::Range<u32>, at_once: usize) -> Step {
        let begin = Instant::now();
        let wanted = hubs.end;
        let mut opened = 0;
        let mut opening = stream::iter(hubs)
            .map(|index| {
                let shared = Arc::clone(&self.shared);
                async move {
                    let open = Hub::open(shared, index);
                    timeout(OPENING, open).await.map_err(|_| ConnectionsError::TimedOut(OPENING))?
                }
            })
            .buffer_unordered(at_once.max(1));
        while let Some(hub) = opening.next().await {
            match hub {
                Ok(hub) => {
                    opened += 1;
                    self.shared.tally().opened += 1;
                    self.hubs.spawn(hub.run(self.phase.subscribe()));
                }
                Err(error) => self.shared.tally().failed(&error),
            }
        }
        Step::new(wanted, opened, begin.elapsed())
    }

    /// Until `until`, and until all that was due is sent and confirmed: a hub may be late.
    async fn publish(&mut self, until: Instant) {
        self.phase.send_replace(Phase::Publishing { since: Instant::now(), until });
        sleep(until.saturating_duration_since(Instant::now())).await;
        let patience = Instant::now() + GRACE;
        while self.shared.tally().is_publishing() && Instant::now() < patience {
            sleep(LOOK).await;
        }
    }

    fn stage(&self, stage: StageName, seconds: f64) -> Stage {
        let tally = self.shared.tally();
        Stage {
            stage,
            connections: tally.opened - tally.lost,
            failed: tally.failed,
            lost: tally.lost,
            confirmed: tally.confirmed,
            seconds,
        }
    }
}
