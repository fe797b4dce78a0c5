//! Recorded traces of metered outlets, played again: a folder of `APPLIANCE_PLUGID.csv` files.

mod daily;
mod faults;
mod folder;
mod local;
mod merge;
mod names;
mod reader;
mod row;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::accounts::SocketLabel;
use domain::sensor::{Observation, Outlet};
use domain::{Clock, UtcMillis};
use jiff::ToSpan;

pub use names::{Appliance, describe};

use super::pace::Pace;
use super::storyteller::{Story, Storyteller};
use super::{Start, number_duplicates};
use crate::config::{ReplayConfig, Shift};
use crate::status::Status;
use daily::{Daily, Recording};
use faults::Faults;
use merge::Merge;
use reader::TraceReader;

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("listing the traces in {}: {source}", folder.display())]
    List { folder: PathBuf, source: io::Error },
    #[error("there are no traces (*.csv) in {}", folder.display())]
    Empty { folder: PathBuf },
    #[error("{files} traces in {} are too many: a hub has 64 sockets", folder.display())]
    TooMany { folder: PathBuf, files: usize },
    #[error("not one row of the traces in {} can be used", folder.display())]
    NoRows { folder: PathBuf },
    #[error("today ({now}) is not in the calendar")]
    Calendar { now: UtcMillis },
}

/// The rows of a folder, in order of time.
pub(super) enum Recorded {
    AsRecorded(Merge),
    Daily(Daily),
}

impl Recorded {
    pub(super) fn peek(&mut self) -> Option<UtcMillis> {
        match self {
            Self::AsRecorded(rows) => rows.peek(),
            Self::Daily(days) => days.peek(),
        }
    }

    pub(super) fn take(&mut self, at: UtcMillis, out: &mut Vec<Observation>) {
        match self {
            Self::AsRecorded(rows) => rows.take(at, 0, out),
            Self::Daily(days) => days.take(at, out),
        }
    }
}

/// Blocks while it looks for its place in the files.
pub fn open(
    config: &ReplayConfig,
    hold: Duration,
    start: &Start,
    clock: Arc<dyn Clock>,
    status: &Arc<Status>,
) -> Result<Storyteller, ReplayError> {
    let traces = folder::scan(&config.folder)?;
    let outlets = labels_of(&traces)
        .into_iter()
        .map(|label| Outlet { socket: label.number, name: label.name })
        .collect();
    let (story, speed) = match config.shift {
        Shift::None => {
            let rows = traces.iter().map(|trace| {
                let faults = Faults::counted(Arc::clone(status));
                (trace.socket, TraceReader::new(trace, &config.zone, faults))
            });
            let rows = Merge::new(rows).skip_to(start.resume_from.unwrap_or(UtcMillis(i64::MIN)));
            (Recorded::AsRecorded(rows), config.speed)
        }
        Shift::EndNow => {
            let recording = Recording::index(traces, &config.zone, status);
            if recording.is_empty() {
                return Err(ReplayError::NoRows { folder: config.folder.clone() });
            }
            let days = daily(config, recording, start, clock.now())?;
            (Recorded::Daily(days), config.speed.to_the_present())
        }
    };
    Ok(Storyteller::new(outlets, Story::Recorded(story), Pace::new(clock, speed), hold))
}

fn daily(
    config: &ReplayConfig,
    recording: Recording,
    start: &Start,
    now: UtcMillis,
) -> Result<Daily, ReplayError> {
    let date_of = |at| config.zone.date_of(at).ok_or(ReplayError::Calendar { now });
    let born = date_of(start.born)?;
    let (first, from) = match (start.resume_from, config.repeat_days) {
        (Some(from), _) => (date_of(from)?, from),
        (None, 0) => (date_of(now)?, now),
        (None, days) => {
            let back = i64::from(days - 1).days();
            let first = date_of(now)?.checked_sub(back).map_err(|_| ReplayError::Calendar { now })?;
            (first, UtcMillis(i64::MIN / 2))
        }
    };
    Ok(Daily::new(recording, born, first, from))
}

/// The labels of the outlets whose traces are in `folder`.
pub fn labels(folder: &Path) -> Result<Vec<SocketLabel>, ReplayError> {
    Ok(labels_of(&folder::scan(folder)?))
}

fn labels_of(traces: &[folder::Trace]) -> Vec<SocketLabel> {
    let appliances: Vec<Appliance> = traces.iter().map(|trace| describe(&trace.stem)).collect();
    let mut names: Vec<String> = appliances.iter().map(|appliance| appliance.name.clone()).collect();
    number_duplicates(&mut names);
    let described = traces.iter().zip(appliances).zip(names);
    described
        .map(|((trace, appliance), name)| SocketLabel {
            number: trace.socket,
            name,
            room: Some(appliance.room.to_owned()),
            icon: Some(appliance.icon.to_owned()),
            hidden: false,
        })
        .collect()
}
