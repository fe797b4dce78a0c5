use std::sync::atomic::{AtomicI64, Ordering};

use domain::{Clock, UtcMillis};

/// A clock that stands still until told otherwise. Share it in an `Arc`.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    pub const fn at(now: UtcMillis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    pub fn set(&self, now: UtcMillis) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// Backwards when negative.
    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> UtcMillis {
        UtcMillis(self.0.load(Ordering::SeqCst))
    }
}
