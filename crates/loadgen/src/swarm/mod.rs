//! Many simulated hubs behind a few connections, publishing until each container is confirmed.

mod book;
mod flights;
mod lane;
mod pace;
mod reaching;
mod schedule;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Clock, UtcMillis};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use book::Book;
pub use book::Tally;
use lane::{Lane, Shared};
use pace::Pace;
use schedule::{Mix, Schedule};

use crate::amqp;
use crate::chance::Chance;
use crate::ledger::{LedgerError, LedgerWriter};
use crate::population::Population;
use crate::process::{cpu_micros, peak_rss_mib};
use crate::progress::{Progress, Reached};
use crate::summary::SwarmSummary;

/// How long confirms are waited for when the swarm is to stop.
const GRACE: Duration = Duration::from_secs(30);
const BEAT: Duration = Duration::from_millis(200);
const BEATS_PER_FLUSH: u32 = 5;
/// Over which the connections come back after a storm, at full jitter.
const STORM_SPREAD: Duration = Duration::from_secs(5);

/// What a swarm is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub rabbitmq_url: String,
    pub population: Population,
    pub connections: u32,
    /// Containers per second over all connections; as fast as the broker confirms when 0.
    pub rate: f64,
    /// New containers over all connections; late ones are among them, duplicates and poison come on top.
    pub containers: Option<u64>,
    /// No new ones are sent after that.
    pub seconds: Option<Duration>,
    pub ramp_up: Duration,
    /// 0 to 1: of the moments at which hubs send, and at which connections come back.
    pub jitter: f64,
    pub late: f64,
    pub duplicates: f64,
    pub poison: f64,
    /// All connections break off at once, again and again.
    pub storm_every: Option<Duration>,
    /// Ticks follow the wall clock, from the population's start on.
    pub live: bool,
    /// Unconfirmed per connection.
    pub window: usize,
    pub ledger: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum SwarmError {
    #[error("RabbitMQ at {address} is not reachable: {source}")]
    Unreachable { address: String, source: amqp::Error },
    #[error(transparent)]
    Url(amqp::Error),
    #[error("making the exchanges and queues: {0}")]
    Topology(#[source] rabbitmq::Error),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Publishes as planned, until done or until `stop`, and then waits a while for what is not confirmed yet.
pub async fn run(
    plan: &Plan,
    clock: &dyn Clock,
    stop: CancellationToken,
    progress: Option<Progress>,
) -> Result<SwarmSummary, SwarmError> {
    let address = reaching::reach(&plan.rabbitmq_url).await?;
    let ledger = match &plan.ledger {
        Some(path) => Some(LedgerWriter::create(path, &plan.population)?),
        None => None,
    };
    let (begin, cpu) = (Instant::now(), cpu_micros());
    let shared = Arc::new(Shared {
        address,
        population: plan.population,
        window: plan.window,
        begin,
        storm_spread: STORM_SPREAD.mul_f64(plan.jitter),
        finish: CancellationToken::new(),
        give_up: CancellationToken::new(),
        book: Mutex::new(Book::new(ledger)),
    });
    let (storms, storm) = watch::channel(0);
    let mut lanes = JoinSet::new();
    for lane in plan.lanes(&shared, clock.now(), &storm) {
        lanes.spawn(lane.run());
    }
    plan.attend(&shared, &mut lanes, &storms, stop, progress).await;

    let seconds = begin.elapsed().as_secs_f64();
    let mut book = shared.book();
    book.close()?;
    Ok(SwarmSummary::new(
        &plan.population,
        &book.tally,
        &book.latencies,
        seconds,
        cpu_micros() - cpu,
        peak_rss_mib(),
    ))
}

impl Plan {
    fn lanes(
        &self,
        shared: &Arc<Shared>,
        now: UtcMillis,
        storm: &watch::Receiver<u64>,
    ) -> impl Iterator<Item = Lane> {
        let connections = self.connections.clamp(1, self.population.hubs);
        let mix = Mix {
            seed: self.population.seed,
            late: Chance::new(self.late),
            duplicates: Chance::new(self.duplicates),
            poison: Chance::new(self.poison),
        };
        let lead = u64::try_from(now.millis_since(self.population.start)).unwrap_or(0);
        (0..connections).map(move |number| {
            let share = |of: u64, number: u32| of * u64::from(number) / u64::from(connections);
            let edge = |number| u32::try_from(share(self.population.hubs.into(), number)).unwrap_or(u32::MAX);
            let hubs = edge(number)..edge(number + 1);
            let containers = self.containers.map(|all| share(all, number + 1) - share(all, number));
            // A rate has a ramp of its own.
            let opens = if self.rate > 0.0 { Duration::ZERO } else { self.ramp_up * number / connections };
            let tick = self.population.tick_length.duration();
            let pace = match (self.live, self.rate > 0.0) {
                (true, _) => Pace::Live {
                    tick,
                    lead: Duration::from_millis(lead),
                    hubs: hubs.end - hubs.start,
                    jitter: self.jitter,
                },
                (false, true) => Pace::Rate {
                    per_second: self.rate / f64::from(connections),
                    ramp: self.ramp_up,
                    jitter: self.jitter,
                },
                (false, false) => Pace::Free,
            };
            let first_tick = if self.live { opens.as_millis() / tick.as_millis() } else { 0 };
            let first_tick = u32::try_from(first_tick).unwrap_or(u32::MAX);
            Lane {
                shared: Arc::clone(shared),
                number,
                schedule: Schedule::new(mix, pace, hubs, first_tick, containers),
                opens,
                storm: storm.clone(),
                again: VecDeque::new(),
                confirmed: None,
            }
        })
    }

    /// Until all lanes are done: progress, storms, and the end of the time.
    async fn attend(
        &self,
        shared: &Shared,
        lanes: &mut JoinSet<()>,
        storms: &watch::Sender<u64>,
        stop: CancellationToken,
        mut progress: Option<Progress>,
    ) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = 0u32;
        let mut next_storm = self.storm_every.map(|every| shared.begin + every);
        let end_of_time = self.seconds.map(|seconds| shared.begin + seconds);
        loop {
            let now = Instant::now();
            tokio::select! {
                biased;
                lane = lanes.join_next() => if lane.is_none() { break },
                () = stop.cancelled(), if !shared.finish.is_cancelled() => finish(shared),
                () = sleep_until(end_of_time.unwrap_or(now)),
                    if end_of_time.is_some() && !shared.finish.is_cancelled() => finish(shared),
                () = sleep_until(next_storm.unwrap_or(now)), if next_storm.is_some() => {
                    storms.send_modify(|storms| *storms += 1);
                    next_storm = self.storm_every.map(|every| Instant::now() + every);
                }
                _ = beat.tick() => {
                    beats += 1;
                    let mut book = shared.book();
                    if beats.is_multiple_of(BEATS_PER_FLUSH) {
                        book.flush();
                    }
                    if book.is_faulty() {
                        shared.finish.cancel();
                        shared.give_up.cancel();
                    }
                    if let Some(progress) = &mut progress {
                        progress.show(&Reached {
                            confirmed: book.tally.containers_confirmed,
                            of_containers: self.containers,
                            elapsed: shared.begin.elapsed(),
                            of_time: self.seconds,
                            trouble: book.trouble.as_deref(),
                        });
                    }
                }
            }
        }
        if let Some(progress) = progress {
            progress.end();
        }
    }
}

fn finish(shared: &Shared) {
    shared.finish.cancel();
    let give_up = shared.give_up.clone();
    tokio::spawn(async move {
        give_up.run_until_cancelled(sleep(GRACE)).await;
        give_up.cancel();
    });
}
