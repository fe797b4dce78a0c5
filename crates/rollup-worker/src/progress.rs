//! For a pass that has much to do.

use std::time::Duration;

use tokio::time::Instant;

const SAY: Duration = Duration::from_secs(10);

/// Says every now and then how far it is. A short pass says nothing.
pub(crate) struct Progress {
    what: &'static str,
    done: usize,
    of: usize,
    began: Instant,
    said: Instant,
}

impl Progress {
    pub(crate) fn new(what: &'static str, of: usize) -> Self {
        let now = Instant::now();
        Self { what, done: 0, of, began: now, said: now }
    }

    pub(crate) fn step(&mut self) {
        self.done += 1;
        let is_end = self.done == self.of && self.said != self.began;
        if is_end || self.said.elapsed() >= SAY {
            let after_secs = self.began.elapsed().as_secs();
            tracing::info!(hubs = self.done, of = self.of, after_secs, "{}", self.what);
            self.said = Instant::now();
        }
    }
}
