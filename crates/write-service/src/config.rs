//! What can be set.

use std::time::Duration;

use serde::Deserialize;
use service::operations::OperationsConfig;

/// When a batch is full. Whatever comes first closes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchConfig {
    /// Values (socket, tick, energy).
    pub max_values: usize,
    /// Bytes of the containers in it.
    pub max_bytes: usize,
    /// Milliseconds since its first container came.
    pub max_age_ms: u64,
    /// Batches on their way to the store at the same time.
    pub writes_in_flight: usize,
    /// Seconds that a stop may take; what is not stored by then is given back to the transport.
    pub drain_secs: u64,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { max_values: 50_000, max_bytes: 4 << 20, max_age_ms: 100, writes_in_flight: 4, drain_secs: 8 }
    }
}

impl BatchConfig {
    pub fn validate(&self, faults: &mut Vec<String>) {
        if self.max_values == 0 {
            faults.push("batch.max_values: must be at least 1".to_owned());
        }
        if self.max_bytes == 0 {
            faults.push("batch.max_bytes: must be at least 1".to_owned());
        }
        if !(1..=60_000).contains(&self.max_age_ms) {
            faults.push("batch.max_age_ms: must be 1 to 60,000".to_owned());
        }
        if !(1..=64).contains(&self.writes_in_flight) {
            faults.push("batch.writes_in_flight: must be 1 to 64".to_owned());
        }
        if !(1..=300).contains(&self.drain_secs) {
            faults.push("batch.drain_secs: must be 1 to 300".to_owned());
        }
    }

    pub(crate) const fn max_age(&self) -> Duration {
        Duration::from_millis(self.max_age_ms)
    }

    pub(crate) const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_secs)
    }
}

/// Where operators ask.
pub const DEFAULT_OPERATIONS: OperationsConfig = OperationsConfig::at(9401);
