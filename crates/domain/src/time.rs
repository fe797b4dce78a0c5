//! UTC instants, tick lengths and ranges. Local time is [`crate::calendar`]'s business alone.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMillis(pub i64);

impl UtcMillis {
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000)
    }

    /// Whole seconds, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0 + millis)
    }

    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The latest multiple of `step_millis` since the epoch that is not after this instant.
    #[must_use]
    pub const fn floor_to(self, step_millis: i64) -> Self {
        Self(self.0.div_euclid(step_millis) * step_millis)
    }

    /// The earliest multiple of `step_millis` since the epoch that is not before this instant.
    #[must_use]
    pub const fn ceil_to(self, step_millis: i64) -> Self {
        Self(-((-self.0).div_euclid(step_millis)) * step_millis)
    }

    /// An instant such as `2026-11-21T00:00:00Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(Self::from)
    }

    /// `None` beyond the years −9999 to 9999.
    pub fn to_jiff(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0).ok()
    }
}

impl From<jiff::Timestamp> for UtcMillis {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

impl fmt::Display for UtcMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_jiff() {
            Some(timestamp) => timestamp.fmt(f),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// From `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    pub start: UtcMillis,
    pub end: UtcMillis,
}

impl TimeRange {
    pub const fn new(start: UtcMillis, end: UtcMillis) -> Self {
        Self { start, end }
    }

    pub const fn is_empty(&self) -> bool {
        self.end.0 <= self.start.0
    }

    /// 0 for an empty range.
    pub const fn millis(&self) -> i64 {
        if self.is_empty() { 0 } else { self.end.0 - self.start.0 }
    }

    pub const fn contains(&self, at: UtcMillis) -> bool {
        self.start.0 <= at.0 && at.0 < self.end.0
    }

    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }
}

/// How long a tick of a hub is: 1 s to 60 s, a whole part of a minute, so that no tick straddles two buckets
/// of any zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TickLength(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tick of {0} ms: it must be 1 s to 60 s and divide a minute (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60 s)"
)]
pub struct BadTickLength(pub u64);

impl TickLength {
    pub const DEFAULT: Self = Self(10_000);

    pub fn from_millis(millis: u32) -> Result<Self, BadTickLength> {
        if millis >= 1_000 && millis.is_multiple_of(1_000) && 60_000u32.is_multiple_of(millis) {
            Ok(Self(millis))
        } else {
            Err(BadTickLength(millis.into()))
        }
    }

    pub fn from_secs(secs: u32) -> Result<Self, BadTickLength> {
        secs.checked_mul(1_000).ok_or(BadTickLength(u64::from(secs) * 1_000)).and_then(Self::from_millis)
    }

    pub const fn millis(self) -> u32 {
        self.0
    }

    pub const fn millis_i64(self) -> i64 {
        self.0 as i64
    }

    pub const fn secs(self) -> u32 {
        self.0 / 1_000
    }

    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0 as u64)
    }

    /// The start of the tick that `at` falls into.
    pub const fn tick_of(self, at: UtcMillis) -> UtcMillis {
        at.floor_to(self.millis_i64())
    }
}

impl Default for TickLength {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<u32> for TickLength {
    type Error = BadTickLength;

    fn try_from(millis: u32) -> Result<Self, Self::Error> {
        Self::from_millis(millis)
    }
}

impl From<TickLength> for u32 {
    fn from(length: TickLength) -> Self {
        length.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_divides_a_minute() {
        for secs in [1, 10, 15, 60] {
            assert_eq!(TickLength::from_secs(secs).map(TickLength::secs), Ok(secs));
        }
        for millis in [0, 500, 1_500, 7_000, 61_000, 120_000] {
            assert_eq!(TickLength::from_millis(millis), Err(BadTickLength(millis.into())));
        }
    }

    #[test]
    fn floor_and_ceiling_hold_before_the_epoch_too() {
        assert_eq!(UtcMillis(-1).floor_to(10), UtcMillis(-10));
        assert_eq!(UtcMillis(-1).ceil_to(10), UtcMillis(0));
        assert_eq!(UtcMillis(20).ceil_to(10), UtcMillis(20));
        assert_eq!(UtcMillis(21).ceil_to(10), UtcMillis(30));
    }
}
