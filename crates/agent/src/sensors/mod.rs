//! What a hub measures with. Each sensor has its own folder.

pub mod replay;
pub mod simulated;

mod pace;
mod storyteller;

use std::sync::Arc;

use domain::accounts::SocketLabel;
use domain::sensor::{Outlet, Sensor};
use domain::ticker::Counted;
use domain::{Clock, UtcMillis};

use crate::config::{Config, SensorConfig};
use crate::status::Status;
use replay::ReplayError;
pub use storyteller::Storyteller;

#[derive(Debug, thiserror::Error)]
pub enum SensorError {
    #[error("no sensor is configured")]
    None,
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("opening the sensor: {0}")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// Where the story that a made-up sensor tells begins, and where it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// When this hub first started, so that a restart on another day tells the same story.
    pub born: UtcMillis,
    /// What is before this need not be told again.
    pub resume_from: Option<UtcMillis>,
    /// Where the counters go on.
    pub counted: Vec<Counted>,
}

/// Opens the configured sensor.
pub async fn open(
    config: &Config,
    start: Start,
    clock: Arc<dyn Clock>,
    status: Arc<Status>,
) -> Result<Box<dyn Sensor>, SensorError> {
    let sensor = open_one(config, start, clock, Arc::clone(&status)).await?;
    let kind = |outlet: &Outlet| {
        let own = config.sensors.iter().find(|entry| entry.socket == Some(outlet.socket));
        own.map_or(if config.sensor.replay.is_some() { "replay" } else { "simulated" }, meters::Entry::kind)
    };
    let outlets = sensor.outlets().into_iter().map(|outlet| {
        let kind = kind(&outlet);
        (outlet, kind)
    });
    status.seen().set_outlets(outlets.collect());
    Ok(sensor)
}

async fn open_one(
    config: &Config,
    start: Start,
    clock: Arc<dyn Clock>,
    status: Arc<Status>,
) -> Result<Box<dyn Sensor>, SensorError> {
    let hold = config.hold();
    if !config.sensors.is_empty() {
        let health = Arc::clone(status.meters());
        let home = meters::open(&config.sensors, &config.mqtt, &start.counted, hold, clock, health);
        return Ok(Box::new(home));
    }
    match config.sensor.clone() {
        SensorConfig { replay: Some(replay), .. } => {
            let open = move || replay::open(&replay, hold, &start, clock, &status);
            let replay = tokio::task::spawn_blocking(open).await.map_err(SensorError::Interrupted)??;
            Ok(Box::new(replay))
        }
        SensorConfig { simulated: Some(simulated), .. } => {
            Ok(Box::new(simulated::open(&simulated, hold, &start, clock)))
        }
        SensorConfig { .. } => Err(SensorError::None),
    }
}

/// What hangs on the sockets that are measured, as far as is known here.
pub fn labels(config: &Config) -> Result<Vec<SocketLabel>, SensorError> {
    if !config.sensors.is_empty() {
        return Ok(config.sensors.iter().filter_map(meters::Entry::label).collect());
    }
    match &config.sensor {
        SensorConfig { replay: Some(replay), .. } => Ok(replay::labels(&replay.folder)?),
        SensorConfig { simulated: Some(simulated), .. } => Ok(simulated::labels(simulated)),
        SensorConfig { .. } => Err(SensorError::None),
    }
}

/// Tells outlets of one name apart: the second is called " 2".
fn number_duplicates(names: &mut [String]) {
    let mut seen = std::collections::HashMap::<String, u32>::new();
    for name in names {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            *name = format!("{name} {count}");
        }
    }
}
