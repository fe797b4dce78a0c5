//! What energy costs: tariffs with dates from which they hold, bands by the time of day, standing charges.
//!
//! Money is counted in whole nano-units (1 € = 1,000,000,000 n€), so that the cost of a period is exactly the sum of
//! the costs of its parts as they are shown. A cost is rounded once, for each socket and bucket.

mod check;
mod prices;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use check::{Fault, check};
pub use prices::{Cost, Prices, days, standing_of};

/// Billionths of the currency's unit; negative when earned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nano(pub i64);

impl Nano {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(1_000_000_000);
}

impl Add for Nano {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Nano {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Nano {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Add::add)
    }
}

/// Prices that hold from a day on, until those of another tariff do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// The first local day.
    pub valid_from: Date,
    pub name: String,
    /// Each quarter hour of the week is in exactly one.
    pub bands: Vec<Band>,
    /// What is to be paid without using anything.
    #[serde(default, rename = "standing_n")]
    pub standing: Nano,
    #[serde(default)]
    pub standing_per: Period,
    /// What a kWh earns that is fed in. Without it nothing.
    #[serde(default, rename = "feed_in_n")]
    pub feed_in: Option<Nano>,
}

/// A price at some hours of some weekdays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub name: String,
    /// Of a kWh.
    #[serde(rename = "price_n")]
    pub price: Nano,
    pub from: TimeOfDay,
    /// Not included. Before `from` when the band goes over midnight, into the next day.
    pub to: TimeOfDay,
    pub days: Vec<Weekday>,
}

/// For how long a standing charge is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Day,
    #[default]
    Month,
    Year,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// Monday is 0.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A local time on a whole minute, 00:00 to 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time of day, 00:00 to 24:00")]
pub struct BadTimeOfDay(pub String);

impl TimeOfDay {
    pub const MIDNIGHT: Self = Self(0);
    pub const END: Self = Self(24 * 60);

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = BadTimeOfDay;

    fn try_from(text: String) -> Result<Self, BadTimeOfDay> {
        let digits = |part: &str| -> Option<u16> {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let minutes = text
            .split_once(':')
            .and_then(|(hours, minutes)| Some((digits(hours)?, digits(minutes)?)))
            .filter(|&(hours, minutes)| hours <= 24 && minutes < 60)
            .map(|(hours, minutes)| hours * 60 + minutes);
        minutes.filter(|&minutes| minutes <= Self::END.0).map(Self).ok_or(BadTimeOfDay(text))
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mon => "Monday",
            Self::Tue => "Tuesday",
            Self::Wed => "Wednesday",
            Self::Thu => "Thursday",
            Self::Fri => "Friday",
            Self::Sat => "Saturday",
            Self::Sun => "Sunday",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_four_digits() {
        let parse = |text: &str| TimeOfDay::try_from(text.to_owned()).map(TimeOfDay::minutes).ok();
        assert_eq!(parse("00:00"), Some(0));
        assert_eq!(parse("07:45"), Some(465));
        assert_eq!(parse("24:00"), Some(1_440));
        for wrong in ["24:01", "7:45", "07:60", "0745", "", "-1:00", "+1:00", "aa:bb"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
