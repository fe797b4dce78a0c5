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
    /// Of those that are open: they have sent all that they were to publish.
    pub(super) done: u64,
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

    pub(super) fn lost(&mut self, error: &ConnectionsError, was_done: bool) {
        self.lost += 1;
        self.done -= u64::from(was_done);
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

    /// Whether a hub has yet to send something or to hear of it.
    pub(super) const fn is_publishing(&self) -> bool {
        self.lost + self.done < self.opened || self.unconfirmed() > 0
    }

    pub(super) const fn unconfirmed(&self) -> u64 {
        self.published - self.confirmed - self.refused - self.returned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_something_left_to_send_or_to_hear_of_is_waited_for_unless_it_is_lost() {
        let error = ConnectionsError::Url;
        let mut tally = Tally { opened: 3, ..Tally::default() };
        assert!(tally.is_publishing());
        tally.done = 2;
        assert!(tally.is_publishing(), "the third has not even begun");
        tally.lost(&error, true);
        assert!(tally.is_publishing(), "the third has not even begun");
        (tally.done, tally.published) = (2, 1);
        assert!(tally.is_publishing(), "there is no answer yet");
        tally.landed(Outcome::Confirmed, Duration::ZERO);
        assert!(!tally.is_publishing());
        tally.done = 1;
        tally.lost(&error, false);
        assert!(!tally.is_publishing());
    }
}
