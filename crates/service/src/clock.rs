//! The one place that asks the system for the time.

use std::time::UNIX_EPOCH;

use domain::{Clock, UtcMillis};

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in everywhere else")]
    fn now(&self) -> UtcMillis {
        let now = std::time::SystemTime::now();
        let millis = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        UtcMillis(millis)
    }
}

/// Since the Unix epoch, for what is told to the nanosecond; 0 before it.
#[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in everywhere else")]
pub(crate) fn unix_nanos() -> u64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Counts from the start of the machine, also while it sleeps; nobody can set it.
#[derive(Clone, Copy, Debug, Default)]
pub struct BootClock;

impl Clock for BootClock {
    fn now(&self) -> UtcMillis {
        let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        UtcMillis(since.tv_sec * 1_000 + since.tv_nsec / 1_000_000)
    }
}
