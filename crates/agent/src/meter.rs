//! From what the sensor tells to containers in the spool.

mod changing;

use std::sync::Arc;
use std::time::Duration;

use domain::sensor::{Observation, Sensor};
use domain::ticker::{Counted, RefusedReading, Ticker};
use domain::{SocketNumber, TickEnergy, TickLength, UtcMillis};
use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::quiet::Quiet;
use crate::spool::{Made, Manner, Sealed, Spool, SpoolError};
use crate::status::Status;
use crate::{AgentError, Changing};
use service::backoff::Backoff;

/// Containers that go to the disk together when the past is told faster than it happened.
const TOGETHER: usize = 16;
/// Between two words about a spool that is full.
const LAMENT: Duration = Duration::from_hours(1);

pub(crate) struct Meter {
    ticker: Ticker,
    tick_length: TickLength,
    hold: Duration,
    per_container: usize,
    /// `None`: a story, of which everything is told at once.
    quiet: Option<Quiet>,
    /// When it was last said that something had to go.
    lamented: Option<Instant>,
    /// Ticks of the container that is being filled.
    filling: Vec<TickEnergy>,
    /// Full ones, on their way to the disk.
    sealed: Vec<Sealed>,
    /// The latest instant the sensor spoke of.
    newest: Option<UtcMillis>,
    /// Counters that are not listened to until the time is known.
    patient: Vec<Counted>,
    config: Config,
    changing: Option<Changing>,
    spool: Spool,
    status: Arc<Status>,
}

impl Meter {
    pub(crate) fn new(config: Config, spool: Spool, status: Arc<Status>, changing: Option<Changing>) -> Self {
        let dated = changing.as_ref().is_none_or(Changing::is_dated);
        let (ticker, patient) = changing::begin(&config, spool.checkpoint().as_ref(), dated);
        Self {
            ticker,
            quiet: changing::quiet(&config),
            lamented: None,
            tick_length: config.tick_length(),
            hold: config.hold(),
            per_container: config.ticks_per_container.max(1),
            filling: Vec::new(),
            sealed: Vec::new(),
            newest: None,
            patient,
            config,
            changing,
            spool,
            status,
        }
    }

    /// Until the sensor ends or a stop is asked for. Everything measured is in the spool then.
    pub(crate) async fn run(
        mut self,
        mut sensor: Box<dyn Sensor>,
        shutdown: &CancellationToken,
    ) -> Result<(), AgentError> {
        let mut observations = Vec::new();
        while !shutdown.is_cancelled() {
            self.status.pulse().meter.beat();
            if let Some(change) = self.changing.as_mut().and_then(Changing::wished) {
                sensor = self.change(change, sensor, shutdown).await?;
                observations.clear();
            }
            let told = sensor.observe(&mut observations).now_or_never();
            let alive = if let Some(alive) = told {
                // The sensor has more, so full containers can be made; the uplink must have its turn too.
                tokio::task::yield_now().await;
                alive
            } else {
                self.seal();
                let manner = self.manner();
                self.store(manner, shutdown).await?;
                tokio::select! {
                    alive = sensor.observe(&mut observations) => alive,
                    change = changing::next(&mut self.changing) => {
                        sensor = self.change(change, sensor, shutdown).await?;
                        continue;
                    }
                    () = shutdown.cancelled() => break,
                }
            };
            for observation in observations.drain(..) {
                self.take(observation);
                if self.sealed.len() >= TOGETHER {
                    self.store(Manner::default(), shutdown).await?;
                }
            }
            if !alive {
                self.finish();
                break;
            }
        }
        self.seal();
        self.store(Manner::default(), shutdown).await?;
        self.status.pulse().meter.end();
        Ok(())
    }

    /// How what is sealed goes into the spool while the sensor has nothing more to tell.
    fn manner(&mut self) -> Manner {
        let live = self.sealed.len() == 1;
        let quiet = match (&mut self.quiet, self.sealed.as_slice()) {
            (Some(quiet), [sealed]) if !sealed.late => quiet.is_quiet(&sealed.ticks, Instant::now()),
            _ => false,
        };
        Manner { live, quiet, ..Manner::default() }
    }

    fn take(&mut self, observation: Observation) {
        if self.waits_for_time(&observation) {
            return;
        }
        match observation {
            Observation::Power { socket, at, power } => {
                self.advance(at);
                self.status.add_readings(1);
                if let Err(refused) = self.ticker.reading(socket, at, power) {
                    self.refused(socket, refused);
                }
            }
            Observation::Energy { socket, from, to, energy, count } => {
                self.status.add_readings(1);
                match self.ticker.energy(socket, (from, to), energy, count) {
                    Ok(late) => self.take_late(late),
                    Err(refused) => self.refused(socket, refused),
                }
            }
            Observation::Until(until) => self.advance(until),
        }
    }

    fn refused(&self, socket: SocketNumber, refused: RefusedReading) {
        let count = self.status.add_refused();
        if count <= 3 || count.is_power_of_two() {
            tracing::warn!(%socket, count, "reading refused: {refused}");
        }
    }

    /// Ticks that a counter told of afterwards travel in containers of their own: within one, time goes forward.
    fn take_late(&mut self, late: Vec<TickEnergy>) {
        if late.is_empty() {
            return;
        }
        self.seal();
        let mut late = late.into_iter();
        while !late.as_slice().is_empty() {
            // Each has room for its own: what is split off leaves behind the room of all that is to come.
            self.filling.extend(late.by_ref().take(self.per_container));
            for tick in &self.filling {
                self.status.add_late_tick(tick.energy.len());
            }
            self.seal();
            if let Some(sealed) = self.sealed.last_mut() {
                sealed.late = true;
            }
        }
    }

    /// Takes the ticks that end by `to`.
    fn advance(&mut self, to: UtcMillis) {
        self.newest = self.newest.max(Some(to));
        while let Some(tick) = self.ticker.advance(to) {
            self.status.add_tick(tick.energy.len(), tick.start.plus_millis(self.tick_length.millis_i64()));
            self.status.seen().set_latest(&tick, self.tick_length);
            self.filling.push(tick);
            if self.filling.len() >= self.per_container {
                self.seal();
            }
        }
    }

    /// The sensor tells nothing more: what holds runs out, and the tick in which it does is the last.
    fn finish(&mut self) {
        let hold = i64::try_from(self.hold.as_millis()).unwrap_or(0);
        if let Some(newest) = self.newest {
            self.advance(newest.plus_millis(hold + self.tick_length.millis_i64()));
        }
    }

    /// The checkpoint must be taken when no tick is outside of a container.
    fn seal(&mut self) {
        if self.filling.is_empty() {
            return;
        }
        if let Some(mut checkpoint) = self.ticker.checkpoint() {
            checkpoint.counted.extend(&self.patient);
            self.sealed.push(Sealed { ticks: std::mem::take(&mut self.filling), checkpoint, late: false });
        }
    }

    /// Puts what is sealed into the spool; while that is full, the sensor waits. What cannot be stored before
    /// the end is measured again after it, as the checkpoint stands before it.
    async fn store(&mut self, manner: Manner, shutdown: &CancellationToken) -> Result<(), SpoolError> {
        let manner = Manner { boot: self.undated().map(|time| time.boot()), ..manner };
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        let mut waiting = false;
        while !self.sealed.is_empty() {
            match self.spool.append(self.tick_length, &self.sealed, manner).await {
                Ok(more) => {
                    self.status.add_containers(more);
                    self.sealed.clear();
                    self.status.set_stalled(false);
                    if waiting {
                        tracing::info!("the spool takes containers again");
                    }
                    self.keep_room().await?;
                    self.status.set_spool_depth(self.spool.depth());
                }
                Err(SpoolError::Full { .. }) if self.make_room().await? => {}
                Err(error) if error.may_pass() => {
                    if !waiting {
                        tracing::error!("{error}; measuring waits until it works again");
                        self.status.set_error(error.to_string());
                    }
                    waiting = true;
                    self.status.set_stalled(true);
                    self.status.pulse().meter.beat();
                    tokio::select! {
                        () = self.spool.deleted() => {}
                        () = tokio::time::sleep(backoff.next_wait()) => {}
                        () = shutdown.cancelled() => return Ok(()),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes room before it is wanted. A few steps each time, as measuring waits.
    async fn keep_room(&mut self) -> Result<(), SpoolError> {
        for _ in 0..4 {
            if !self.spool.is_cut_off() || !self.spool.is_nearly_full().await? || !self.make_room().await? {
                break;
            }
        }
        Ok(())
    }

    /// For want of room the oldest is thinned or dropped, but not while the uplink works, which makes room by itself, and
    /// nothing of a story, which waits to be told. `false`: nothing could go.
    async fn make_room(&mut self) -> Result<bool, SpoolError> {
        if self.quiet.is_none() || !self.spool.is_cut_off() {
            return Ok(false);
        }
        let made = match self.spool.make_room().await {
            Ok(made) => made,
            Err(error) if error.may_pass() => return Ok(false),
            Err(error) => return Err(error),
        };
        match made {
            Some(Made::Thinned(millis)) => self.status.add_thinned(millis),
            Some(Made::Dropped(millis)) => self.status.add_dropped(millis),
            None => return Ok(false),
        }
        if self.lamented.is_none_or(|at| at.elapsed() >= LAMENT) {
            self.lamented = Some(Instant::now());
            let now = self.status.snapshot();
            tracing::warn!(
                "the spool is nearly full and the uplink is away: since the start, {} min of the oldest ticks became \
                 one-minute ticks, and {} min were dropped",
                now.thinned_millis / 60_000,
                now.dropped_millis / 60_000
            );
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
