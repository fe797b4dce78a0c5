//! What is said while the store refuses.

use std::time::Duration;

use domain::HubId;
use tokio::time::Instant;

/// How often a lasting failure is said again.
const REMIND: Duration = Duration::from_mins(1);

/// Says when it is time to say something again.
#[derive(Default)]
pub(crate) struct Reminder {
    said: Option<Instant>,
}

impl Reminder {
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = self.said.is_none_or(|at| at.elapsed() >= REMIND);
        if is_due {
            self.said = Some(Instant::now());
        }
        is_due
    }
}

/// Many calls fail together, pass after pass, and that is said once.
#[derive(Default)]
pub(crate) struct Outage {
    began: Option<Instant>,
    said: Reminder,
}

impl Outage {
    pub(crate) fn failed(&mut self, hub: Option<HubId>, error: &dyn std::error::Error) {
        self.began.get_or_insert_with(Instant::now);
        if self.said.is_due() {
            let hub = hub.map(|hub| hub.to_string());
            tracing::warn!(hub, %error, "rolling up or erasing fails and is tried again");
        }
    }

    /// A whole pass went well.
    pub(crate) fn over(&mut self) {
        if let Some(began) = std::mem::take(self).began {
            tracing::info!(after_secs = began.elapsed().as_secs(), "rolling up and erasing work again");
        }
    }
}
