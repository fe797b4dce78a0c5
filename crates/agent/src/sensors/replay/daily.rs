//! Recorded days, played as other days for ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::calendar::Zone;
use domain::sensor::Observation;
use domain::{TimeRange, UtcMillis};
use jiff::civil::Date;

use super::faults::Faults;
use super::folder::Trace;
use super::merge::Merge;
use super::reader::{Mark, TraceReader};
use crate::status::Status;

/// Where each recorded local day begins: per day and trace.
pub(super) struct Recording {
    traces: Vec<Trace>,
    zone: Zone,
    days: Vec<(Date, Vec<Option<Mark>>)>,
}

impl Recording {
    /// Reads every file once. Rows that are none are counted here and not again when they are played.
    pub(super) fn index(traces: Vec<Trace>, zone: &Zone, status: &Arc<Status>) -> Self {
        let mut days = BTreeMap::<Date, Vec<Option<Mark>>>::new();
        for (place, trace) in traces.iter().enumerate() {
            let mut rows = TraceReader::new(trace, zone, Faults::counted(Arc::clone(status)));
            let mut day = TimeRange::new(UtcMillis(0), UtcMillis(0));
            while let Some(sample) = rows.next() {
                if day.contains(sample.at) {
                    continue;
                }
                let Some(date) = zone.date_of(sample.at) else { continue };
                let Some(range) = zone.day(date) else { continue };
                day = range;
                days.entry(date).or_insert_with(|| vec![None; traces.len()])[place] = Some(rows.mark());
            }
        }
        Self { traces, zone: zone.clone(), days: days.into_iter().collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.days.is_empty()
    }
}

/// Plays one recorded day after the other. The last recorded day is played on the day `born`, from which all
/// other days follow in both directions.
pub(in crate::sensors) struct Daily {
    recording: Recording,
    born: Date,
    /// What is before this is not told.
    from: UtcMillis,
    /// The day to be played after the present one.
    tomorrow: Option<Date>,
    today: Option<Playing>,
}

struct Playing {
    rows: Merge,
    recorded: TimeRange,
    /// From the recorded day to the day it is played on.
    shift: i64,
    /// The day it is played on.
    day: TimeRange,
}

impl Daily {
    pub(super) fn new(recording: Recording, born: Date, first: Date, from: UtcMillis) -> Self {
        Self { recording, born, from, tomorrow: Some(first), today: None }
    }

    pub(super) fn peek(&mut self) -> Option<UtcMillis> {
        // Were all recorded days empty after cutting, this would else go on to the end of the calendar.
        for _ in 0..=self.recording.days.len() + 1 {
            if let Some(playing) = &self.today
                && let Some(at) = playing.peek()
            {
                return Some(at);
            }
            let date = self.tomorrow?;
            self.today = Some(self.play(date)?);
            self.tomorrow = date.tomorrow().ok();
        }
        None
    }

    /// See [`Merge::take`].
    pub(super) fn take(&mut self, at: UtcMillis, out: &mut Vec<Observation>) {
        if let Some(playing) = &mut self.today {
            playing.rows.take(at.plus_millis(-playing.shift), playing.shift, out);
        }
    }

    fn play(&self, date: Date) -> Option<Playing> {
        let Recording { traces, zone, days } = &self.recording;
        let since_born = i64::from(self.born.until(date).ok()?.get_days());
        let count = i64::try_from(days.len()).ok()?;
        let index = usize::try_from((count - 1 + since_born).rem_euclid(count)).ok()?;
        let (recorded_date, marks) = &days[index];

        let (day, recorded) = (zone.day(date)?, zone.day(*recorded_date)?);
        let shift = day.start.millis_since(recorded.start);
        let rows = traces.iter().zip(marks).filter_map(|(trace, mark)| {
            let rows = TraceReader::new(trace, zone, Faults::ignored()).from((*mark)?);
            Some((trace.socket, rows))
        });
        let rows = Merge::new(rows).skip_to(self.from.max(day.start).plus_millis(-shift));
        Some(Playing { rows, recorded, shift, day })
    }
}

impl Playing {
    fn peek(&self) -> Option<UtcMillis> {
        let recorded = self.rows.peek().filter(|&at| self.recorded.contains(at))?;
        Some(recorded.plus_millis(self.shift)).filter(|&at| self.day.contains(at))
    }
}
