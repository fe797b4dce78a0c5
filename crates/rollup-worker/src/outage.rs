//! What is said while the store refuses.

use std::time::Duration;

use domain::HubId;
use domain::measurement::StoreError;
use tokio::time::Instant;

/// How often a lasting failure is said again.
const REMIND: Duration = Duration::from_mins(1);

/// Many calls fail together, pass after pass, and that is said once.
#[derive(Default)]
pub(crate) struct Outage {
    began: Option<Instant>,
    said: Option<Instant>,
}

impl Outage {
    pub(crate) fn failed(&mut self, hub: Option<HubId>, error: &StoreError) {
        self.began.get_or_insert_with(Instant::now);
        if self.said.is_none_or(|at| at.elapsed() >= REMIND) {
            let hub = hub.map(|hub| hub.to_string());
            tracing::warn!(hub, %error, "rolling up fails and is tried again");
            self.said = Some(Instant::now());
        }
    }

    /// A whole pass went well.
    pub(crate) fn over(&mut self) {
        if let Some(began) = std::mem::take(self).began {
            tracing::info!(after_secs = began.elapsed().as_secs(), "rolling up works again");
        }
    }
}
