//! What can be set.

use serde::Deserialize;
use service::operations::OperationsConfig;

/// Where operators ask.
pub const DEFAULT_OPERATIONS: OperationsConfig = OperationsConfig::at(9407);

const DAY_MILLIS: i64 = 86_400_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FleetConfig {
    /// Hubs that are known at the same time at most; each takes some 120 bytes. Of more it is only said that there are.
    pub max_hubs: usize,
    /// A hub that was not heard of for so many days is forgotten.
    pub forget_days: u32,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self { max_hubs: 4_000_000, forget_days: 30 }
    }
}

impl FleetConfig {
    pub fn validate(&self, faults: &mut Vec<String>) {
        if self.max_hubs == 0 {
            faults.push("fleet.max_hubs: must be at least 1".to_owned());
        }
        if !(1..=3_650).contains(&self.forget_days) {
            faults.push("fleet.forget_days: must be 1 to 3,650".to_owned());
        }
    }

    pub(crate) fn forget_millis(&self) -> i64 {
        i64::from(self.forget_days) * DAY_MILLIS
    }
}
