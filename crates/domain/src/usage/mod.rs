//! The answer to "how much, when": buckets of energy with coverage.
//!
//! Sums are integers, so the total of a period is the sum of its bars and the total of the home is the sum of
//! its sockets, to the joule. A bucket without a measurement is a gap, not a zero.

mod builder;
mod expectation;

pub use builder::UsageBuilder;
pub use expectation::{Expected, LONGEST_OUTAGE_MILLIS};

use crate::energy::{Joules, Milliwatts};
use crate::ids::{HubId, SocketNumber};
use crate::tariff::Nano;
use crate::time::{TimeRange, UtcMillis};

/// What one socket used, bucket by bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketUsage {
    pub hub: HubId,
    pub socket: SocketNumber,
    /// `None` is a gap.
    pub energy: Vec<Option<Joules>>,
    /// Measured part of each bucket, in ms.
    pub measured_millis: Vec<i64>,
    /// How many sockets that were merged into this one were measured in the bucket, besides itself.
    pub merged: Vec<u8>,
    pub total: Joules,
    /// What it fed in, bucket by bucket: the quarter hours in which it gave more than it took. 0 or more.
    pub exported: Vec<Joules>,
    /// The highest mean power of a tick; `None` also when only energy was asked for.
    pub peak: Option<Milliwatts>,
    /// The lowest mean power of a minute that was measured whole; `None` also when only energy was asked for.
    pub trough: Option<Milliwatts>,
    /// From the start of the first quarter hour with a measurement to the end of the last one.
    pub seen: TimeRange,
    /// When it is expected to be measured, as far as the buckets reach; once more for each socket that was merged into it.
    pub expected: Vec<TimeRange>,
    /// `None` when no prices were given.
    pub cost: Option<SocketCost>,
}

/// What it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketCost {
    /// `None` for a gap, and where no tariff held.
    pub buckets: Vec<Option<Nano>>,
    /// The exact sum of them; `None` when there is none.
    pub total: Option<Nano>,
}

/// A socket that should have been measured and was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentSocket {
    pub hub: HubId,
    pub socket: SocketNumber,
    /// As of a [`SocketUsage`].
    pub expected: Vec<TimeRange>,
}

/// The usage of a household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// n buckets have n + 1 edges.
    pub edges: Vec<UtcMillis>,
    /// What is later has not happened: it does not count against the coverage.
    pub now: UtcMillis,
    /// Those with at least one measurement, by hub and number.
    pub sockets: Vec<SocketUsage>,
    /// Those without one that are expected to have some.
    pub absent: Vec<AbsentSocket>,
}

impl Usage {
    pub fn bucket_count(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// The whole home in one bucket; `None` when no socket was measured.
    pub fn bucket_total(&self, bucket: usize) -> Option<Joules> {
        self.sockets.iter().filter_map(|usage| usage.energy[bucket]).reduce(|a, b| a + b)
    }

    /// What the whole home's energy cost in one bucket; `None` when there is no price for any of it.
    pub fn bucket_cost(&self, bucket: usize) -> Option<Nano> {
        let costs = self.sockets.iter().filter_map(|usage| usage.cost.as_ref()?.buckets[bucket]);
        costs.reduce(|a, b| a + b)
    }

    /// What the whole home's energy cost, the exact sum of its parts.
    pub fn total_cost(&self) -> Option<Nano> {
        self.sockets.iter().filter_map(|usage| usage.cost.as_ref()?.total).reduce(|a, b| a + b)
    }

    pub fn total(&self) -> Joules {
        self.sockets.iter().map(|usage| usage.total).sum()
    }

    /// The part of the bucket that has happened, in ms.
    pub fn elapsed_millis(&self, bucket: usize) -> i64 {
        self.edges[bucket + 1].min(self.now).millis_since(self.edges[bucket]).max(0)
    }

    /// How much of the bucket was measured, 0 to 1. A tick counts whole as soon as it has a value.
    pub fn coverage(&self, usage: &SocketUsage, bucket: usize) -> f64 {
        ratio(usage.measured_millis[bucket], self.expected_millis(usage, bucket))
    }

    /// How much of the whole period was measured, 0 to 1.
    pub fn total_coverage(&self, usage: &SocketUsage) -> f64 {
        let expected = (0..self.bucket_count()).map(|bucket| self.expected_millis(usage, bucket)).sum();
        ratio(usage.measured_millis.iter().sum(), expected)
    }

    /// How much of what is expected of all sockets in the bucket was measured, 0 to 1: see [`Self::joint_coverage`].
    pub fn home_bucket_coverage(&self, bucket: usize) -> f64 {
        self.joint_coverage(&self.expectations(), bucket..bucket + 1)
    }

    /// The same of the whole period.
    pub fn home_coverage(&self) -> f64 {
        self.joint_coverage(&self.expectations(), 0..self.bucket_count())
    }

    /// What is expected of each socket, the absent ones included.
    pub fn expectations(&self) -> Vec<Expected<'_>> {
        let measured = self.sockets.iter().map(Expected::from);
        measured.chain(self.absent.iter().map(Expected::from)).collect()
    }

    /// Only these sockets.
    pub fn retain(&mut self, keep: impl Fn(HubId, SocketNumber) -> bool) {
        self.sockets.retain(|usage| keep(usage.hub, usage.socket));
        self.absent.retain(|absent| keep(absent.hub, absent.socket));
    }

    /// Sockets that were merged are expected to be measured each.
    fn expected_millis(&self, usage: &SocketUsage, bucket: usize) -> i64 {
        self.elapsed_millis(bucket) * (1 + i64::from(usage.merged[bucket]))
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries fit a double")]
fn ratio(part: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::SocketJoules;
    use crate::measurement::{SocketSums, StoredTick, sum_quarter_hours};
    use crate::time::TickLength;

    const QUARTER: i64 = 900_000;

    fn ticks(values: &[(i64, &[(u8, i64)])]) -> Vec<StoredTick> {
        values
            .iter()
            .map(|&(millis, sockets)| StoredTick {
                start: UtcMillis(millis),
                length: TickLength::DEFAULT,
                energy: sockets
                    .iter()
                    .map(|&(n, joules)| (SocketNumber::new(n).unwrap(), Joules(joules)))
                    .collect::<SocketJoules>(),
            })
            .collect()
    }

    fn hub() -> HubId {
        HubId::from_bytes([7; 16])
    }

    fn usage_of(edges: Vec<UtcMillis>, now: UtcMillis, sums: &[SocketSums]) -> Usage {
        let mut builder = UsageBuilder::new(edges, now);
        builder.add_sums(hub(), sums);
        builder.finish()
    }

    #[test]
    fn totals_equal_the_sum_of_their_parts_and_gaps_stay_gaps() {
        let data =
            ticks(&[(0, &[(0, 100), (1, 7)]), (10_000, &[(0, 50)]), (2 * QUARTER, &[(0, -30), (1, 0)])]);
        let edges = (0..=4).map(|n| UtcMillis(n * QUARTER)).collect();
        let usage = usage_of(edges, UtcMillis(3 * QUARTER), &sum_quarter_hours(&data));

        assert_eq!(usage.sockets[0].energy, [Some(Joules(150)), None, Some(Joules(-30)), None]);
        assert_eq!(usage.sockets[1].energy, [Some(Joules(7)), None, Some(Joules(0)), None]);
        assert_eq!(usage.bucket_total(0), Some(Joules(157)));
        assert_eq!(usage.bucket_total(1), None);
        assert_eq!(usage.total(), Joules(127));
        assert_eq!(usage.sockets[0].peak, Some(Milliwatts(10_000)));
        // 20 s of the first 900 s; the last bucket has not happened.
        assert!((usage.coverage(&usage.sockets[0], 0) - 20.0 / 900.0).abs() < 1e-12);
        assert!((usage.total_coverage(&usage.sockets[0]) - 30.0 / 2_700.0).abs() < 1e-12);
    }

    #[test]
    fn what_lies_outside_the_edges_is_passed_over() {
        let data = ticks(&[(0, &[(0, 1)]), (QUARTER, &[(0, 2)]), (2 * QUARTER, &[(0, 4)])]);
        let edges = vec![UtcMillis(QUARTER), UtcMillis(2 * QUARTER)];
        let usage = usage_of(edges, UtcMillis(i64::MAX), &sum_quarter_hours(&data));
        assert_eq!(usage.total(), Joules(2));
    }

    #[test]
    fn a_hub_that_came_back_is_one_hub() {
        let part = |millis| sum_quarter_hours(&ticks(&[(millis, &[(0, 1)])]));
        let edges = vec![UtcMillis(0), UtcMillis(2 * QUARTER)];
        let mut builder = UsageBuilder::new(edges, UtcMillis(i64::MAX));
        builder.add_sums(hub(), &part(0));
        builder.add_sums(hub(), &part(QUARTER));
        let usage = builder.finish();
        assert_eq!(usage.sockets.len(), 1);
        assert_eq!(usage.total(), Joules(2));
    }
}
