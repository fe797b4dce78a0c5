//! Joules and milliwatts. Integers only: sums of integers are exact, whatever the zoom.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Energy in whole joules; negative when exported. 1 kWh is 3,600,000 J.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Joules(pub i64);

pub const JOULES_PER_KWH: i64 = 3_600_000;

impl Joules {
    pub const ZERO: Self = Self(0);
}

impl Add for Joules {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Joules {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Joules {
    fn sum<I: Iterator<Item = Self>>(joules: I) -> Self {
        joules.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Joules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} J", self.0)
    }
}

/// Power in whole milliwatts; negative when exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Milliwatts(pub i64);

impl Milliwatts {
    /// The most a socket is believed to draw or give: 100 kW, above any household connection.
    pub const MAX: Self = Self(100_000_000);

    pub const fn from_watts(watts: i64) -> Self {
        Self(watts * 1_000)
    }

    pub const fn is_plausible(self) -> bool {
        self.0.unsigned_abs() <= Self::MAX.0.unsigned_abs()
    }

    /// mW × ms = µJ.
    pub const fn over_millis(self, millis: i64) -> Microjoules {
        Microjoules(self.0 * millis)
    }
}

/// What is left between two whole joules. 1 J is 1,000,000 µJ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Microjoules(pub i64);

impl Microjoules {
    /// Whole joules (rounded down, for exports too) and the rest, which is 0 to 999,999 µJ.
    pub const fn split(self) -> (Joules, Self) {
        (Joules(self.0.div_euclid(1_000_000)), Self(self.0.rem_euclid(1_000_000)))
    }
}

impl AddAssign for Microjoules {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_never_negative() {
        assert_eq!(Microjoules(-1).split(), (Joules(-1), Microjoules(999_999)));
        assert_eq!(Microjoules(2_500_000).split(), (Joules(2), Microjoules(500_000)));
    }

    #[test]
    fn a_kettle_for_ten_seconds() {
        assert_eq!(Milliwatts::from_watts(2_000).over_millis(10_000).split().0, Joules(20_000));
    }
}
