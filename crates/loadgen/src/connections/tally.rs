//! What all hubs have achieved so far.

use std::time::Duration;

use super::ConnectionsError;
use crate::latency::Latencies;

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) opened: u64,
    /// Never open.
    pub(super) failed: u64,
    /// Open, and then gone.
    pub(super) lost: u64,
    pub(super) published: u64,
    pub(super) confirmed: u64,
    /// A queue was full or not there.
    pub(super) refused: u64,
    /// No queue took it.
    pub(super) returned: u64,
    pub(super) latencies: Latencies,
    /// Why the first one failed or was lost.
    pub(super) trouble: Option<String>,
}

/// What became of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Confirmed,
    Refused,
    Returned,
}

impl Tally {
    pub(super) fn failed(&mut self, error: &ConnectionsError) {
        self.failed += 1;
        self.trouble.get_or_insert_with(|| error.to_string());
    }

    pub(super) fn lost(&mut self, error: &ConnectionsError) {
        self.lost += 1;
        self.trouble.get_or_insert_with(|| error.to_string());
    }

    pub(super) fn landed(&mut self, outcome: Outcome, after: Duration) {
        match outcome {
            Outcome::Confirmed => {
                self.confirmed += 1;
                self.latencies.add(after);
            }
            Outcome::Refused => self.refused += 1,
            Outcome::Returned => self.returned += 1,
        }
    }

    pub(super) const fn unconfirmed(&self) -> u64 {
        self.published - self.confirmed - self.refused - self.returned
    }
}
