//! How long confirms take, in buckets that grow with what they hold.

use std::time::Duration;

/// Buckets per doubling: an answer is at most 6 % too high.
const STEPS: u32 = 16;
const BUCKETS: usize = 64 * STEPS as usize;

#[derive(Debug)]
pub(crate) struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros)] += 1;
        self.total += 1;
    }

    /// The upper edge of the bucket that holds this share of all, in ms; 0 when there are none.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts far below 2^53"
    )]
    pub(crate) fn quantile_millis(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if *count > 0 && seen >= wanted {
                return edge(bucket) as f64 / 1_000.0;
            }
        }
        0.0
    }
}

#[expect(clippy::cast_possible_truncation, reason = "under BUCKETS")]
fn bucket(micros: u64) -> usize {
    let micros = micros.max(u64::from(STEPS));
    let doublings = micros.ilog2() - STEPS.ilog2();
    let step = (micros >> doublings) - u64::from(STEPS);
    (u64::from(doublings * STEPS) + step) as usize
}

fn edge(bucket: usize) -> u64 {
    let (doublings, step) = (bucket / STEPS as usize, bucket % STEPS as usize);
    ((step as u64 + u64::from(STEPS) + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_near_and_never_too_low() {
        let mut latencies = Latencies::default();
        for micros in 1..=100_000 {
            latencies.add(Duration::from_micros(micros));
        }
        for (share, exact) in [(0.5, 50.0), (0.99, 99.0)] {
            let found = latencies.quantile_millis(share);
            assert!((exact..exact * 1.07).contains(&found), "{share}: {found} ms");
        }
    }

    #[test]
    fn nothing_took_no_time() {
        assert!(Latencies::default().quantile_millis(0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn the_longest_time_has_a_bucket() {
        Latencies::default().add(Duration::MAX);
    }
}
