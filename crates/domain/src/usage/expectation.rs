//! When a socket is expected to be measured, and how much of that was.
//!
//! Nobody tells when a plug is bought or put away, so its measurements do: it is expected from its first one on, and
//! through every silence that is no longer than [`LONGEST_OUTAGE_MILLIS`]. A longer one says that it was not in use. So
//! a plug that is new does not spoil the coverage of the days before it, one that is dead does spoil that of its
//! silent days, and what is expected at an instant follows from the week before and the week after it.

use std::ops::Range;

use super::{AbsentSocket, SocketUsage, Usage, ratio};
use crate::time::{TimeRange, UtcMillis};

/// A week.
pub const LONGEST_OUTAGE_MILLIS: i64 = 7 * 86_400_000;

/// When something was measured.
#[derive(Debug, Default)]
pub(super) struct Sightings(Vec<TimeRange>);

impl Sightings {
    /// In any order; in that of time they take the least room.
    pub(super) fn add(&mut self, seen: TimeRange) {
        match self.0.last_mut() {
            Some(last) if last.start <= seen.start && goes_on(*last, seen.start) => {
                last.end = last.end.max(seen.end);
            }
            _ => self.0.push(seen),
        }
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The times in which it is expected, in order and apart. `until` is now, or when it was given away.
    pub(super) fn expected(self, until: UtcMillis) -> Vec<TimeRange> {
        let mut seen = self.0;
        seen.sort_unstable_by_key(|seen| seen.start);
        let mut expected = Self::default();
        for seen in seen {
            expected.add(seen);
        }
        if let Some(last) = expected.0.last_mut()
            && goes_on(*last, until)
        {
            last.end = until;
        }
        expected.0
    }
}

/// Whether the silence from its end until `at` is an outage.
fn goes_on(seen: TimeRange, at: UtcMillis) -> bool {
    at.millis_since(seen.end) <= LONGEST_OUTAGE_MILLIS
}

/// What is expected of a socket, and what was measured of it.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Bucket by bucket; empty when it is absent.
    measured_millis: &'a [i64],
    times: &'a [TimeRange],
}

impl<'a> From<&'a SocketUsage> for Expected<'a> {
    fn from(usage: &'a SocketUsage) -> Self {
        Self { measured_millis: &usage.measured_millis, times: &usage.expected }
    }
}

impl<'a> From<&'a AbsentSocket> for Expected<'a> {
    fn from(absent: &'a AbsentSocket) -> Self {
        Self { measured_millis: &[], times: &absent.expected }
    }
}

impl Expected<'_> {
    /// Measured and expected, in ms; no more than what was expected.
    fn within(&self, buckets: Range<usize>, elapsed: TimeRange) -> (i64, i64) {
        let expected = self.times.iter().map(|times| times.intersection(&elapsed).millis()).sum();
        let measured: i64 = self.measured_millis.get(buckets).unwrap_or_default().iter().sum();
        (measured.min(expected), expected)
    }
}

impl Usage {
    /// How much of these buckets in a row, as far as they have happened, was measured of these sockets, 0 to 1.
    ///
    /// Each socket weighs as long as it is expected; time in which none of them is counts as not measured. So it is 1
    /// when nothing is missing, and of a single socket its own coverage.
    pub fn joint_coverage(&self, sockets: &[Expected<'_>], buckets: Range<usize>) -> f64 {
        if buckets.is_empty() {
            return 0.0;
        }
        let (start, end) = (self.edges[buckets.start], self.edges[buckets.end]);
        let elapsed = TimeRange::new(start, end.min(self.now));
        let (mut measured, mut expected) = (0, 0);
        for socket in sockets {
            let (of_measured, of_expected) = socket.within(buckets.clone(), elapsed);
            measured += of_measured;
            expected += of_expected;
        }
        ratio(measured, expected) * ratio(any(sockets, elapsed), elapsed.millis())
    }
}

/// For how long of `elapsed` at least one of them is expected, in ms.
fn any(sockets: &[Expected<'_>], elapsed: TimeRange) -> i64 {
    let times = || sockets.iter().flat_map(|socket| socket.times);
    if times().any(|times| times.start <= elapsed.start && elapsed.end <= times.end) {
        return elapsed.millis();
    }
    let mut clipped: Vec<TimeRange> = times().map(|times| times.intersection(&elapsed)).collect();
    clipped.sort_unstable_by_key(|times| times.start);
    let (mut sum, mut until) = (0, elapsed.start);
    for times in clipped {
        let more = TimeRange::new(times.start.max(until), times.end);
        sum += more.millis();
        until = until.max(times.end);
    }
    sum
}

#[cfg(test)]
mod tests;
