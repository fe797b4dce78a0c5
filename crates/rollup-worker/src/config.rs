//! What can be set.

use std::time::Duration;

use domain::UtcMillis;
use serde::Deserialize;
use service::operations::OperationsConfig;

/// Where operators ask.
pub const DEFAULT_OPERATIONS: OperationsConfig = OperationsConfig::at(9404);

pub(crate) const DAY_MILLIS: i64 = 86_400_000;
const MAX_PARTS: u32 = 1_024;

/// Which hubs are rolled up, and how eagerly.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RollupConfig {
    /// Seconds between two looks at what there is to do, at most.
    pub every_secs: u64,
    /// Days: at the start hubs are brought up that measured anything since then. Those that were silent for longer
    /// follow when they measure again.
    pub start_lookback_days: u32,
    /// Hubs that are worked on at the same time.
    pub hubs_at_once: usize,
    /// Which of the `parts` of all hubs is this worker's, from 0 on.
    pub part: u32,
    /// How many workers share the hubs. One for each part, and never two for the same.
    pub parts: u32,
    /// Days after which the store forgets ticks. The binary takes it from the store's own setting.
    #[serde(skip)]
    pub retention_days: Option<u32>,
}

impl Default for RollupConfig {
    fn default() -> Self {
        Self {
            every_secs: 10,
            start_lookback_days: 400,
            hubs_at_once: 4,
            part: 0,
            parts: 1,
            retention_days: None,
        }
    }
}

impl RollupConfig {
    pub fn validate(&self, faults: &mut Vec<String>) {
        if !(1..=600).contains(&self.every_secs) {
            faults.push("rollup.every_secs: must be 1 to 600".to_owned());
        }
        if !(1..=36_500).contains(&self.start_lookback_days) {
            faults.push("rollup.start_lookback_days: must be 1 to 36,500".to_owned());
        }
        if !(1..=64).contains(&self.hubs_at_once) {
            faults.push("rollup.hubs_at_once: must be 1 to 64".to_owned());
        }
        if !(1..=MAX_PARTS).contains(&self.parts) {
            faults.push("rollup.parts: must be 1 to 1,024".to_owned());
        } else if self.part >= self.parts {
            faults.push(format!("rollup.part: must be 0 to {}, one less than rollup.parts", self.parts - 1));
        }
    }

    pub(crate) const fn every(&self) -> Duration {
        Duration::from_secs(self.every_secs)
    }

    pub(crate) fn lookback_millis(&self) -> i64 {
        i64::from(self.start_lookback_days) * DAY_MILLIS
    }

    /// Ticks that start before may be gone at `now`, or go while they are looked at.
    pub(crate) fn maybe_forgotten_before(&self, now: UtcMillis) -> Option<UtcMillis> {
        self.forgotten_before(now).map(|instant| instant.plus_millis(DAY_MILLIS))
    }

    /// Ticks that start before are kept no longer.
    pub(crate) fn forgotten_before(&self, now: UtcMillis) -> Option<UtcMillis> {
        self.retention_days.map(|days| now.plus_millis(-i64::from(days) * DAY_MILLIS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(config: &RollupConfig) -> Vec<String> {
        let mut faults = Vec::new();
        config.validate(&mut faults);
        faults.iter().filter_map(|fault| Some(fault.split_once(": ")?.0.to_owned())).collect()
    }

    #[test]
    fn the_defaults_are_valid_and_every_fault_is_named() {
        assert!(keys(&RollupConfig::default()).is_empty());
        let wrong = RollupConfig {
            every_secs: 0,
            start_lookback_days: 0,
            hubs_at_once: 0,
            part: 3,
            parts: 3,
            retention_days: None,
        };
        let all = ["every_secs", "start_lookback_days", "hubs_at_once", "part"];
        assert_eq!(keys(&wrong), all.map(|key| format!("rollup.{key}")));
        assert_eq!(keys(&RollupConfig { parts: 0, ..RollupConfig::default() }), ["rollup.parts"]);
        assert!(keys(&RollupConfig { part: 2, parts: 3, ..RollupConfig::default() }).is_empty());
    }
}
