//! What gathered in an outage: when it leaves, and how fast.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::UplinkConfig;
use crate::spool::{Choice, Spool, SpoolError, Waiting};

/// Containers of the past in flight at a time.
const WINDOW: usize = 8;
/// How long to wait for one of them to be confirmed.
const FULL_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct CatchUp {
    delay: Duration,
    /// Between two containers, on average.
    pace: Duration,
    /// The newest one that is the past.
    newest: u64,
    /// When the next one may leave; `None`: all have.
    due: Option<Instant>,
}

impl CatchUp {
    pub(super) fn new(config: &UplinkConfig) -> Self {
        let pace = if config.catch_up_per_sec > 0.0 {
            Duration::from_secs_f64(1.0 / config.catch_up_per_sec)
        } else {
            Duration::ZERO
        };
        Self { delay: Duration::from_secs(config.catch_up_delay_secs.into()), pace, newest: 0, due: None }
    }

    /// The way out is open: everything up to `newest` gathered before.
    pub(super) fn begin(&mut self, newest: u64, now: Instant) {
        self.newest = newest;
        self.begin_again(now);
    }

    /// What gathered before is more than it was.
    pub(super) fn begin_again(&mut self, now: Instant) {
        self.due = Some(now + self.delay.mul_f64(rand::random::<f64>()));
    }

    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The newest container of the past that is not in flight, if one may leave now.
    pub(super) async fn next(
        &mut self,
        spool: &Spool,
        in_flight: &HashSet<u64>,
        now: Instant,
    ) -> Result<Option<Waiting>, SpoolError> {
        if self.due.is_none_or(|due| due > now) {
            return Ok(None);
        }
        let pause = self.pace.mul_f64(0.5 + rand::random::<f64>());
        // Never all at once, however fast.
        if in_flight.len() >= WINDOW {
            self.due = Some(now + pause.max(FULL_PAUSE));
            return Ok(None);
        }
        let next = spool.offer(Choice::UpTo(self.newest, in_flight), 1, 1).await?.pop();
        self.due = next.is_some().then(|| Instant::now() + pause);
        Ok(next)
    }
}
