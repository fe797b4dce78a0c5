//! Many outlets' rows as one stream in order of time.

use domain::sensor::Observation;
use domain::{SocketNumber, UtcMillis};

use super::reader::{Sample, TraceReader};

pub(in crate::sensors) struct Merge {
    lanes: Vec<Lane>,
}

struct Lane {
    socket: SocketNumber,
    rows: TraceReader,
    next: Option<Sample>,
}

impl Merge {
    pub(super) fn new(traces: impl IntoIterator<Item = (SocketNumber, TraceReader)>) -> Self {
        let lanes = traces.into_iter().map(|(socket, mut rows)| {
            let next = rows.next();
            Lane { socket, rows, next }
        });
        Self { lanes: lanes.collect() }
    }

    /// Passes over what is before `from`.
    #[must_use]
    pub(super) fn skip_to(mut self, from: UtcMillis) -> Self {
        for lane in &mut self.lanes {
            while lane.next.is_some_and(|sample| sample.at < from) {
                lane.next = lane.rows.next();
            }
        }
        self
    }

    /// When the next rows are.
    pub(super) fn peek(&self) -> Option<UtcMillis> {
        self.lanes.iter().filter_map(|lane| lane.next).map(|sample| sample.at).min()
    }

    /// Takes all rows of the instant `at`, which [`Merge::peek`] gave, and tells them `shift` ms later. Rows of
    /// one outlet keep the order of the file.
    pub(super) fn take(&mut self, at: UtcMillis, shift: i64, out: &mut Vec<Observation>) {
        for lane in &mut self.lanes {
            while let Some(sample) = lane.next
                && sample.at == at
            {
                let at = at.plus_millis(shift);
                out.push(Observation::Power { socket: lane.socket, at, power: sample.power });
                lane.next = lane.rows.next();
            }
        }
    }
}
