//! From what the sensor tells to containers in the spool.

use std::sync::Arc;
use std::time::Duration;

use domain::sensor::{Observation, Sensor};
use domain::ticker::{RefusedReading, Ticker};
use domain::{SocketNumber, TickEnergy, TickLength, UtcMillis};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::spool::{Sealed, Spool, SpoolError};
use crate::status::Status;
use service::backoff::Backoff;

/// Containers that go to the disk together when the past is told faster than it happened.
const TOGETHER: usize = 16;

pub(crate) struct Meter {
    ticker: Ticker,
    tick_length: TickLength,
    hold: Duration,
    per_container: usize,
    /// Ticks of the container that is being filled.
    filling: Vec<TickEnergy>,
    /// Full ones, on their way to the disk.
    sealed: Vec<Sealed>,
    /// The latest instant the sensor spoke of.
    newest: Option<UtcMillis>,
    spool: Spool,
    status: Arc<Status>,
}

impl Meter {
    pub(crate) fn new(config: &Config, spool: Spool, status: Arc<Status>) -> Self {
        let ticker = Ticker::new(config.tick_length(), config.hold());
        Self {
            ticker: match spool.checkpoint() {
                Some(checkpoint) => ticker.resumed(checkpoint),
                None => ticker,
            },
            tick_length: config.tick_length(),
            hold: config.hold(),
            per_container: config.ticks_per_container.max(1),
            filling: Vec::new(),
            sealed: Vec::new(),
            newest: None,
            spool,
            status,
        }
    }

    /// Until the sensor ends or a stop is asked for. Everything measured is in the spool then.
    pub(crate) async fn run(
        mut self,
        mut sensor: Box<dyn Sensor>,
        shutdown: &CancellationToken,
    ) -> Result<(), SpoolError> {
        let mut observations = Vec::new();
        while !shutdown.is_cancelled() {
            let told = sensor.observe(&mut observations).now_or_never();
            let alive = if let Some(alive) = told {
                // The sensor has more, so full containers can be made; the uplink must have its turn too.
                tokio::task::yield_now().await;
                alive
            } else {
                self.seal();
                self.store(shutdown).await?;
                tokio::select! {
                    alive = sensor.observe(&mut observations) => alive,
                    () = shutdown.cancelled() => break,
                }
            };
            for observation in observations.drain(..) {
                self.take(observation);
            }
            if !alive {
                self.finish();
                break;
            }
            if self.sealed.len() >= TOGETHER {
                self.store(shutdown).await?;
            }
        }
        self.seal();
        self.store(shutdown).await
    }

    fn take(&mut self, observation: Observation) {
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
    fn take_late(&mut self, mut late: Vec<TickEnergy>) {
        if late.is_empty() {
            return;
        }
        self.seal();
        while !late.is_empty() {
            let rest = late.split_off(late.len().min(self.per_container));
            for tick in &late {
                self.status.add_late_tick(tick.energy.len());
            }
            self.filling = std::mem::replace(&mut late, rest);
            self.seal();
        }
    }

    /// Takes the ticks that end by `to`.
    fn advance(&mut self, to: UtcMillis) {
        self.newest = self.newest.max(Some(to));
        while let Some(tick) = self.ticker.advance(to) {
            self.status.add_tick(tick.energy.len(), tick.start.plus_millis(self.tick_length.millis_i64()));
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
        if let Some(checkpoint) = self.ticker.checkpoint() {
            self.sealed.push(Sealed { ticks: std::mem::take(&mut self.filling), checkpoint });
        }
    }

    /// Puts what is sealed into the spool; while that is full, the sensor waits. What cannot be stored before
    /// the end is measured again after it, as the checkpoint stands before it.
    async fn store(&mut self, shutdown: &CancellationToken) -> Result<(), SpoolError> {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        let mut waiting = false;
        while !self.sealed.is_empty() {
            match self.spool.append(self.tick_length, &self.sealed).await {
                Ok(()) => {
                    self.status.add_containers(self.sealed.len());
                    self.status.set_spool_depth(self.spool.depth());
                    self.sealed.clear();
                    self.status.set_stalled(false);
                    if waiting {
                        tracing::info!("the spool takes containers again");
                    }
                }
                Err(error) if error.may_pass() => {
                    if !waiting {
                        tracing::error!("{error}; measuring waits until it works again");
                    }
                    waiting = true;
                    self.status.set_stalled(true);
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
}
