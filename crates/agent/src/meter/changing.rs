//! A meter that is changed while it measures.

use std::sync::Arc;
use std::time::Duration;

use domain::sensor::{Observation, Sensor};
use domain::ticker::{Checkpoint, Counted, Ticker};
use domain::{TickLength, UtcMillis};
use service::backoff::Backoff;
use tokio_util::sync::CancellationToken;

use super::Meter;
use crate::changes::Change;
use crate::config::Config;
use crate::quiet::Quiet;
use crate::sensors::{self, Start};
use crate::spool::Manner;
use crate::time::HubClock;
use crate::{AgentError, Changing, SensorError};

/// A sensor, and how the wish went that it comes of.
type Changed<T> = Result<(Box<dyn Sensor>, Result<T, AgentError>), AgentError>;

/// Where a new run begins: after the last one, unless its times and those of this one are not of the same kind.
pub(super) fn begin(config: &Config, checkpoint: Option<&Checkpoint>, dated: bool) -> (Ticker, Vec<Counted>) {
    let mut ticker = Ticker::new(config.tick_length(), config.hold());
    name_meters(&mut ticker, config);
    let Some(checkpoint) = checkpoint else { return (ticker, Vec::new()) };
    let patient = if dated { Vec::new() } else { patient(config, checkpoint) };
    if checkpoint.booked_until.is_dated() != dated {
        return (ticker.carrying(checkpoint), patient);
    }
    let counted =
        checkpoint.counted.iter().filter(|counted| counted.at.is_dated() == dated).copied().collect();
    (ticker.resumed(&Checkpoint { counted, ..checkpoint.clone() }), patient)
}

/// Counters that count on while nobody looks, and whose last reading has a date: they wait until this run has one too, so
/// that nothing of what they counted in between is lost.
fn patient(config: &Config, checkpoint: &Checkpoint) -> Vec<Counted> {
    let counts_on = |counted: &&Counted| {
        counted.at.is_dated() && config.sensors.iter().any(|entry| entry.counts_on_from(counted))
    };
    checkpoint.counted.iter().filter(counts_on).copied().collect()
}

/// So that no counter goes on where that of another meter stood.
fn name_meters(ticker: &mut Ticker, config: &Config) {
    for entry in &config.sensors {
        if let Some(socket) = entry.socket {
            ticker.measured_by(socket, entry.mark());
        }
    }
}

/// The next wish; none ever comes where nothing can be changed.
pub(super) async fn next(changing: &mut Option<Changing>) -> Change {
    if let Some(changing) = changing
        && let Some(change) = changing.changes.recv().await
    {
        return change;
    }
    std::future::pending().await
}

/// What tells which ticks are news; a story is told as it comes.
pub(super) fn quiet(config: &Config) -> Option<Quiet> {
    let limit = Duration::from_secs(config.uplink.quiet_secs.into());
    (!config.tells_a_story()).then(|| Quiet::new(config.tick_length(), limit))
}

impl Changing {
    /// What is wished for, if anything is.
    pub(super) fn wished(&mut self) -> Option<Change> {
        self.changes.try_recv().ok()
    }

    pub(super) fn is_dated(&self) -> bool {
        self.time.as_ref().is_none_or(|time| time.is_dated())
    }
}

impl Meter {
    /// Does what is wished for, and gives the sensor that measures from now on.
    pub(super) async fn change(
        &mut self,
        change: Change,
        sensor: Box<dyn Sensor>,
        shutdown: &CancellationToken,
    ) -> Result<Box<dyn Sensor>, AgentError> {
        let (sensor, nobody_listens) = match change {
            Change::Config(config, answer) => {
                let (sensor, outcome) = self.configure(*config, sensor, shutdown).await?;
                (sensor, answer.send(outcome).is_err())
            }
            Change::Dated(answer) => {
                let sensor = self.date(sensor, shutdown).await?;
                (sensor, answer.send(Ok(())).is_err())
            }
        };
        if nobody_listens {
            tracing::debug!("whoever wished for a change has gone away");
        }
        Ok(sensor)
    }

    async fn configure(
        &mut self,
        wished: Config,
        sensor: Box<dyn Sensor>,
        shutdown: &CancellationToken,
    ) -> Changed<Vec<&'static str>> {
        let (config, later) = self.config.changed_to(wished);
        let as_before = config.measures_as(&self.config);
        let before = std::mem::replace(&mut self.config, config);
        self.per_container = self.config.ticks_per_container.max(1);
        if as_before {
            return Ok((sensor, Ok(later)));
        }
        self.write_out(shutdown).await?;
        // Ports and pins are free for others when it is gone.
        drop(sensor);
        let same_ticks =
            self.config.tick_secs == before.tick_secs && self.config.hold_secs == before.hold_secs;
        let is_told = self.config.tells_a_story() || before.tells_a_story();
        let former = (!same_ticks || is_told).then(|| self.begin_anew());
        match self.open().await {
            Ok(sensor) => Ok((sensor, Ok(later))),
            Err(error) => {
                self.config = before;
                if let Some(former) = former {
                    (self.ticker, self.tick_length, self.hold) = former;
                    self.quiet = quiet(&self.config);
                }
                Ok((self.open().await?, Err(error.into())))
            }
        }
    }

    /// What was measured before the time was known gets its time.
    async fn date(
        &mut self,
        sensor: Box<dyn Sensor>,
        shutdown: &CancellationToken,
    ) -> Result<Box<dyn Sensor>, AgentError> {
        let Some(time) = self.undated() else { return Ok(sensor) };
        self.write_out(shutdown).await?;
        let shift = time.shift(self.tick_length);
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        loop {
            match self.spool.stamp(time.boot(), shift).await {
                Ok(containers) => {
                    tracing::info!(
                        containers,
                        "the time is known, and what was measured before has its times"
                    );
                    break;
                }
                Err(error) if error.may_pass() && !shutdown.is_cancelled() => {
                    self.status.set_error(error.to_string());
                    tokio::time::sleep(backoff.next_wait()).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        // Its readings bear provisional times.
        drop(sensor);
        time.date(shift);
        self.ticker.date(shift, &std::mem::take(&mut self.patient));
        self.newest = self.newest.map(|newest| newest.plus_millis(shift));
        if self.config.tells_a_story() {
            self.begin_anew();
        }
        Ok(self.open().await?)
    }

    /// The clock, while it does not know the time.
    pub(super) fn undated(&self) -> Option<Arc<HubClock>> {
        let time = self.changing.as_ref()?.time.as_ref()?;
        (!time.is_dated()).then(|| Arc::clone(time))
    }

    /// Whether it is of a counter that is not listened to yet.
    pub(super) fn waits_for_time(&self, observation: &Observation) -> bool {
        match observation {
            Observation::Power { socket, .. } | Observation::Energy { socket, .. } => {
                self.patient.iter().any(|counted| counted.socket == *socket)
            }
            Observation::Until(_) => false,
        }
    }

    /// Everything that was measured goes to the disk.
    async fn write_out(&mut self, shutdown: &CancellationToken) -> Result<(), AgentError> {
        self.seal();
        Ok(self.store(Manner::default(), shutdown).await?)
    }

    /// As after a new start, which repeats the hold time. Gives what was before.
    fn begin_anew(&mut self) -> (Ticker, TickLength, Duration) {
        let checkpoint = self.ticker.checkpoint();
        let dated = self.undated().is_none();
        let (ticker, patient) = begin(&self.config, checkpoint.as_ref(), dated);
        let ticker = std::mem::replace(&mut self.ticker, ticker);
        let length = std::mem::replace(&mut self.tick_length, self.config.tick_length());
        let hold = std::mem::replace(&mut self.hold, self.config.hold());
        self.patient = patient;
        self.quiet = quiet(&self.config);
        (ticker, length, hold)
    }

    async fn open(&mut self) -> Result<Box<dyn Sensor>, SensorError> {
        name_meters(&mut self.ticker, &self.config);
        let Some(changing) = &self.changing else { return Err(SensorError::None) };
        let checkpoint = self.ticker.checkpoint();
        let start =
            Start::after(checkpoint.as_ref(), self.spool.born(changing.clock.now()), self.config.hold());
        // What a counter told and no tick has yet stays with the ticker: told again, it would overlap.
        let start = Start { counted: self.ticker.told(), ..start };
        sensors::open(&self.config, start, Arc::clone(&changing.clock), Arc::clone(&self.status)).await
    }
}

impl Start {
    /// Where a sensor goes on after what is booked.
    pub fn after(checkpoint: Option<&Checkpoint>, born: UtcMillis, hold: Duration) -> Self {
        let hold = i64::try_from(hold.as_millis()).unwrap_or(i64::MAX / 4);
        Self {
            born,
            resume_from: checkpoint.map(|checkpoint| checkpoint.booked_until.plus_millis(-hold)),
            counted: checkpoint.map(|checkpoint| checkpoint.counted.clone()).unwrap_or_default(),
        }
    }
}
