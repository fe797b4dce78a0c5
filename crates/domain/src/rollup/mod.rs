//! Rollups: a day of a hub in UTC quarter hours, small enough that a year opens at once.
//!
//! Days here are UTC days, so that a rollup does not depend on anybody's zone: every local hour, day and month of
//! every zone in use is a sum of UTC quarter hours. Ticks are the truth and rollups are made from them, again
//! whenever late ones come.

mod day;
mod pack;
mod roll;
mod store;

pub use day::{DayRollup, Detail, QUARTERS, SocketDay, UtcDay};
pub use pack::{BadRollup, PackedDay};
pub(crate) use roll::Minute;
pub use roll::Roller;
pub use store::{Mark, Rollups};

use crate::time::UtcMillis;

const HOUR_MILLIS: i64 = 3_600_000;

/// How long after an hour has ended its ticks still count as being on time.
///
/// Two parties hold to it. Whoever stores ticks marks the days of those whose hour ended longer ago than this, once
/// they are stored. Whoever rolls up takes an hour only when it ended at least twice as long ago. So a tick is either
/// stored before its hour is rolled up, or marked; clocks may differ by this much.
pub const GRACE_MILLIS: i64 = 60_000;

/// Everything that starts before this may be rolled up at `now`.
pub const fn ripe_until(now: UtcMillis) -> UtcMillis {
    now.plus_millis(-2 * GRACE_MILLIS).floor_to(HOUR_MILLIS)
}

/// A tick that starts before this and is stored only at `now` is late: its day must be marked.
pub const fn late_before(now: UtcMillis) -> UtcMillis {
    now.plus_millis(-GRACE_MILLIS).floor_to(HOUR_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever was stored without a mark is there when its hour is rolled up.
    #[test]
    fn no_tick_falls_between_the_two_rules() {
        let hour = UtcMillis(5 * HOUR_MILLIS);
        let last_tick = hour.plus_millis(HOUR_MILLIS - 1);
        for stored_after_end in [-1, 0, GRACE_MILLIS - 1, GRACE_MILLIS, 2 * GRACE_MILLIS] {
            let stored = hour.plus_millis(HOUR_MILLIS + stored_after_end);
            let is_marked = last_tick < late_before(stored);
            // The earliest clock that may be in use where it is rolled up, at the moment of the write.
            let rolled_up_already = ripe_until(stored.plus_millis(GRACE_MILLIS - 1)) > last_tick;
            assert!(is_marked || !rolled_up_already, "{stored_after_end} ms after the hour");
        }
        assert!(last_tick < late_before(hour.plus_millis(HOUR_MILLIS + GRACE_MILLIS)));
    }
}
