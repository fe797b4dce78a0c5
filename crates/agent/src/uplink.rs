//! From the spool to the transport, and out of the spool once it is confirmed.
//!
//! While the way out is closed, one container tries it again and again. Once it is open, what comes leaves at once; what
//! gathered meanwhile follows, newest first, late and slowly, as all the other homes were cut off too.

mod catch_up;
mod traced;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::HubId;
use domain::transport::{ContainerPublisher, PublishError};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::spool::{Choice, Spool, SpoolError, Waiting};
use crate::status::{Status, UplinkState};
use catch_up::CatchUp;
use service::backoff::Backoff;
use traced::{Sampling, Traced};

/// At most so many containers are in flight, and about so many bytes.
const WINDOW: usize = 256;
const WINDOW_BYTES: usize = 4 << 20;

/// A transport has its own, shorter time-outs; this one is for a transport that forgets us.
const PATIENCE: Duration = Duration::from_mins(1);
/// So long after a disk that did not work the next try.
const DISK_RETRY: Duration = Duration::from_secs(2);

/// So long it sleeps while there is nothing to publish, before it looks by itself.
const IDLE: Duration = Duration::from_secs(30);

pub(crate) struct Uplink {
    spool: Spool,
    publisher: Arc<dyn ContainerPublisher>,
    status: Arc<Status>,
    /// `None`: a story, which is told as fast as it is taken.
    catch_up: Option<CatchUp>,
    sampling: Sampling,
    /// How long what brings nothing new may wait.
    quiet: Duration,
    /// When the disk may be tried again.
    disk_retry: Option<Instant>,
    down_since: Option<Instant>,
    refused: bool,
    stuck: bool,
}

/// Containers on their way.
#[derive(Default)]
struct Flight {
    outcomes: FuturesUnordered<BoxFuture<'static, (u64, Result<(), PublishError>)>>,
    sequences: HashSet<u64>,
    /// The last one that left as it came.
    cursor: u64,
}

enum Flown {
    /// Everything that was measured has left, or has all the time in the world.
    All,
    Fails(PublishError),
}

impl Uplink {
    pub(crate) fn new(
        config: &Config,
        spool: Spool,
        publisher: Arc<dyn ContainerPublisher>,
        status: Arc<Status>,
    ) -> Self {
        let catch_up = (!config.tells_a_story()).then(|| CatchUp::new(&config.uplink));
        // One tick more than those who measure wait: they may still add to it.
        let quiet = Duration::from_secs(config.uplink.quiet_secs.into()) + config.tick_length().duration();
        Self {
            spool,
            publisher,
            status,
            catch_up,
            sampling: Sampling::new(config.uplink.trace_one_in),
            quiet,
            disk_retry: None,
            down_since: None,
            refused: false,
            stuck: false,
        }
    }

    /// Until everything `measured` is published. What gathered in an outage may stay.
    pub(crate) async fn run(mut self, measured: &CancellationToken) -> Result<(), SpoolError> {
        let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(30));
        loop {
            let Some(gathered) = self.opens(measured, &mut backoff).await? else {
                return self.settled().await;
            };
            backoff.reset();
            match self.flow(measured, gathered).await? {
                Flown::All => return self.settled().await,
                Flown::Fails(error) => {
                    self.goes_down(&error);
                    sleep(backoff.next_wait()).await;
                }
            }
        }
    }

    /// Tries the way out with one container until it is open. Gives the newest of those that gathered; `None`: nothing is
    /// left to be published.
    async fn opens(
        &mut self,
        measured: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<Option<u64>, SpoolError> {
        loop {
            self.status.pulse().uplink.beat();
            // Asked before the spool is read: what is appended before the end is then always seen.
            let last = measured.is_cancelled();
            match self.spool.offer_one().await {
                Ok(Some(waiting)) => {
                    let (sequence, outcome) = self.publish(waiting, None).await;
                    match outcome {
                        Ok(()) => {
                            let gathered = self.spool.comes_up().await?;
                            self.comes_up();
                            self.confirm(&[sequence]).await?;
                            return Ok(Some(gathered));
                        }
                        Err(error) => self.goes_down(&error),
                    }
                    sleep(backoff.next_wait()).await;
                }
                Ok(None) if last => return Ok(None),
                Ok(None) => {
                    tokio::select! {
                        () = self.spool.appended() => {}
                        () = measured.cancelled() => {}
                        () = sleep(IDLE) => {}
                    }
                }
                Err(error) => {
                    self.spool_fails(error)?;
                    sleep(backoff.next_wait()).await;
                }
            }
        }
    }

    /// Publishes until there is nothing left, or until something fails and everything that was in flight is settled.
    async fn flow(&mut self, measured: &CancellationToken, gathered: u64) -> Result<Flown, SpoolError> {
        let mut flight = Flight::default();
        self.sampling.opened();
        if let Some(catch_up) = &mut self.catch_up {
            flight.cursor = gathered;
            catch_up.begin(gathered, Instant::now());
        }
        let mut failure = None;
        loop {
            self.status.pulse().uplink.beat();
            let last = measured.is_cancelled();
            if failure.is_none()
                && let Err(error) = self.load(&mut flight, last).await
            {
                self.spool_fails(error)?;
                self.disk_retry = Some(Instant::now() + DISK_RETRY);
            }
            if flight.outcomes.is_empty() {
                match failure.take() {
                    Some(error) => return Ok(Flown::Fails(error)),
                    None if last && self.disk_retry.is_none() => return Ok(Flown::All),
                    None => {}
                }
            }
            let due = self.due().unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                Some(outcome) = flight.outcomes.next(), if !flight.outcomes.is_empty() => {
                    self.land(outcome, &mut flight, &mut failure).await?;
                }
                () = self.spool.appended() => {}
                () = measured.cancelled(), if !last => {}
                () = sleep_until(due) => self.act(Instant::now()).await?,
            }
        }
    }

    /// Puts what may leave now on its way.
    async fn load(&mut self, flight: &mut Flight, last: bool) -> Result<(), SpoolError> {
        if self.disk_retry.is_some() {
            return Ok(());
        }
        if last {
            self.spool.let_go();
        }
        let room = WINDOW.saturating_sub(flight.outcomes.len());
        // Not for each confirmation a look at the disk.
        if room >= WINDOW / 2 {
            for waiting in self.spool.offer(Choice::After(flight.cursor), room, WINDOW_BYTES).await? {
                flight.cursor = waiting.sequence;
                self.depart(waiting, flight);
            }
        }
        if flight.outcomes.is_empty()
            && let Some(waiting) = self.spool.offer_late().await?
        {
            self.depart(waiting, flight);
        }
        if let Some(catch_up) = &mut self.catch_up
            && self.spool.were_dated()
        {
            catch_up.begin_again(Instant::now());
        }
        if let Some(catch_up) = &mut self.catch_up
            && let Some(waiting) = catch_up.next(&self.spool, &flight.sequences, Instant::now()).await?
        {
            self.depart(waiting, flight);
        }
        Ok(())
    }

    fn depart(&mut self, waiting: Waiting, flight: &mut Flight) {
        flight.sequences.insert(waiting.sequence);
        let traced = self.sampling.next();
        flight.outcomes.push(self.publish(waiting, traced).boxed());
    }

    /// Takes an outcome and all others that are there by now.
    async fn land(
        &mut self,
        outcome: (u64, Result<(), PublishError>),
        flight: &mut Flight,
        failure: &mut Option<PublishError>,
    ) -> Result<(), SpoolError> {
        let mut settled = vec![outcome];
        while let Some(Some(outcome)) = flight.outcomes.next().now_or_never() {
            settled.push(outcome);
        }
        let mut confirmed = Vec::with_capacity(settled.len());
        for (sequence, outcome) in settled {
            flight.sequences.remove(&sequence);
            match outcome {
                Ok(()) => confirmed.push(sequence),
                Err(error) => *failure = Some(error),
            }
        }
        if confirmed.is_empty() { Ok(()) } else { self.confirm(&confirmed).await }
    }

    /// When something is to be done without anybody's asking.
    fn due(&self) -> Option<Instant> {
        let settles = if self.disk_retry.is_some() { None } else { self.spool.settles_at() };
        let catches_up = self.catch_up.as_ref().and_then(CatchUp::due);
        [settles, catches_up, self.spool.held_until(self.quiet), self.disk_retry].into_iter().flatten().min()
    }

    async fn act(&mut self, now: Instant) -> Result<(), SpoolError> {
        if self.spool.held_until(self.quiet).is_some_and(|until| until <= now) {
            self.spool.let_go();
        }
        self.disk_retry.take_if(|at| *at <= now);
        if self.disk_retry.is_none() && self.spool.settles_at().is_some_and(|at| at <= now) {
            self.settle().await?;
        }
        Ok(())
    }

    async fn confirm(&mut self, sequences: &[u64]) -> Result<(), SpoolError> {
        self.spool.confirm(sequences);
        self.status.add_confirmed(sequences.len());
        self.status.set_spool_depth(self.spool.depth());
        if self.disk_retry.is_none() && self.spool.settles_at().is_some_and(|at| at <= Instant::now()) {
            self.settle().await?;
        }
        Ok(())
    }

    /// On a full disk not even a deletion may work: confirmed containers are kept in mind until it does.
    async fn settle(&mut self) -> Result<(), SpoolError> {
        match self.spool.settle().await {
            Ok(()) => {
                self.stuck = false;
                Ok(())
            }
            Err(error) => {
                self.disk_retry = Some(Instant::now() + DISK_RETRY);
                self.spool_fails(error)
            }
        }
    }

    /// Before the end: what is confirmed must not be sent again after it.
    async fn settled(&mut self) -> Result<(), SpoolError> {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        while let Err(error) = self.spool.settle().await {
            self.spool_fails(error)?;
            sleep(backoff.next_wait()).await;
        }
        Ok(())
    }

    fn publish(
        &self,
        waiting: Waiting,
        traced: Option<Traced>,
    ) -> impl Future<Output = (u64, Result<(), PublishError>)> + Send + 'static {
        let (publisher, hub) = (Arc::clone(&self.publisher), self.spool.hub());
        publish_one(publisher, hub, waiting, traced)
    }

    fn spool_fails(&mut self, error: SpoolError) -> Result<(), SpoolError> {
        self.status.pulse().uplink.beat();
        if !error.may_pass() {
            return Err(error);
        }
        if !std::mem::replace(&mut self.stuck, true) {
            tracing::error!("{error}; publishing waits until it works again");
            self.status.set_error(error.to_string());
        }
        Ok(())
    }

    fn goes_down(&mut self, error: &PublishError) {
        self.spool.goes_down();
        self.status.set_uplink(UplinkState::Down);
        self.status.seen().set_uplink(Some(match error {
            PublishError::LoginRefused => {
                "the broker refuses this hub; if that lasts, pair it: agent pair".to_owned()
            }
            error => error.to_string(),
        }));
        if matches!(error, PublishError::LoginRefused) && !std::mem::replace(&mut self.refused, true) {
            let waiting = self.spool.depth();
            self.down_since.get_or_insert_with(Instant::now);
            tracing::error!(
                "the broker refuses this hub: it is not paired, or its household has released it, or nobody can look it up \
                 now. If that lasts, pair it: agent pair. It goes on measuring; {waiting} containers wait in the spool"
            );
        }
        if self.down_since.is_none() {
            self.down_since = Some(Instant::now());
            self.status.set_error(error.to_string());
            tracing::warn!("{error}; {} containers wait in the spool", self.spool.depth());
        }
    }

    fn comes_up(&mut self) {
        self.status.set_uplink(UplinkState::Up);
        self.status.seen().set_uplink(None);
        self.refused = false;
        if let Some(since) = self.down_since.take() {
            tracing::info!("the transport takes containers again after {} s", since.elapsed().as_secs());
        }
    }
}

async fn publish_one(
    publisher: Arc<dyn ContainerPublisher>,
    hub: HubId,
    waiting: Waiting,
    traced: Option<Traced>,
) -> (u64, Result<(), PublishError>) {
    let Waiting { sequence, body } = waiting;
    let publishing = async {
        match &traced {
            Some(traced) => publisher.publish_traced(hub, body, traced.context).await,
            None => publisher.publish(hub, body).await,
        }
    };
    let outcome = timeout(PATIENCE, publishing).await.unwrap_or(Err(PublishError::TimedOut(PATIENCE)));
    if let Some(traced) = traced {
        traced.ended(hub, sequence, &outcome);
    }
    (sequence, outcome)
}
