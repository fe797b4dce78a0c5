//! How old a container is when it is stored, as the write-services tell Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use testkit::servers::Program;

use super::report::real;
use super::rig::answer;

const METRIC: &str = "wattline_end_to_end_lag_seconds_bucket{le=\"";
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How many containers were at most so old, in milliseconds, for each of the bounds.
#[derive(Debug, Default)]
pub(super) struct Lags(BTreeMap<u64, u64>);

impl Lags {
    /// Of all of them together, since they were started.
    pub(super) fn of(writers: &[Program]) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for writer in writers {
            let port = writer.port().context("a write-service that nobody can ask")?;
            all.read(
                &answer(port, "/metrics", TIME_LIMIT)
                    .with_context(|| format!("asking {port} for its metrics"))?,
            );
        }
        Ok(all)
    }

    fn read(&mut self, text: &str) {
        for line in text.lines() {
            let Some((bound, count)) = line.strip_prefix(METRIC).and_then(|rest| rest.split_once("\"} "))
            else {
                continue;
            };
            let bound = if bound == "+Inf" { Some(u64::MAX) } else { bound.parse().ok().map(millis) };
            if let (Some(bound), Ok(count)) = (bound, count.parse::<u64>()) {
                *self.0.entry(bound).or_default() += count;
            }
        }
    }

    pub(super) fn since(&self, before: &Self) -> Self {
        let was = |bound| before.0.get(bound).copied().unwrap_or_default();
        Self(self.0.iter().map(|(bound, count)| (*bound, count.saturating_sub(was(bound)))).collect())
    }

    pub(super) fn count(&self) -> u64 {
        self.0.values().next_back().copied().unwrap_or_default()
    }

    /// The bound that this share of them did not pass, in seconds; infinite beyond the last one.
    pub(super) fn within(&self, percent: u64) -> f64 {
        let bound = self.bound(percent);
        if bound == u64::MAX { f64::INFINITY } else { real(bound) / 1_000.0 }
    }

    fn bound(&self, percent: u64) -> u64 {
        let wanted = self.count() * percent;
        self.0.iter().find(|(_, count)| **count * 100 >= wanted).map_or(u64::MAX, |(bound, _)| *bound)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds of seconds, all positive"
)]
fn millis(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lags(counts: [u64; 3]) -> Lags {
        let bounds = ["0.1", "2.5", "+Inf"];
        let line = |(bound, count)| format!("{METRIC}{bound}\"}} {count}\n");
        let text: String = bounds.into_iter().zip(counts).map(line).collect();
        let mut lags = Lags::default();
        lags.read(&format!("# HELP other\n{text}wattline_end_to_end_lag_seconds_sum 3.5\n"));
        lags
    }

    #[test]
    fn what_came_before_does_not_count() {
        let lags = lags([60, 190, 200]).since(&lags([10, 90, 100]));
        assert_eq!(lags.count(), 100);
        assert_eq!([lags.bound(50), lags.bound(99)], [100, 2_500]);
    }

    #[test]
    fn beyond_the_last_bound_nothing_is_known() {
        assert!(lags([1, 2, 100]).within(99).is_infinite());
    }
}
