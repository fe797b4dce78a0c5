//! Days and hours as the household knows them. Everything else in Wattline is UTC.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::time::{TimeRange, UtcMillis};

pub const QUARTER_HOUR_MILLIS: i64 = 15 * 60 * 1_000;
const HOUR_MILLIS: i64 = 60 * 60 * 1_000;

/// An IANA time zone, by name (`Europe/Berlin`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone of the IANA database, such as Europe/Berlin")]
pub struct UnknownZone(pub String);

impl Zone {
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn tz(&self) -> &TimeZone {
        &self.zone
    }

    /// The civil date that `at` falls into. `None` beyond the years −9999 to 9999.
    pub fn date_of(&self, at: UtcMillis) -> Option<Date> {
        Some(at.to_jiff()?.to_zoned(self.zone.clone()).date())
    }

    /// From local midnight to the next: 23, 24 or 25 hours, or what the zone's law made of it.
    pub fn day(&self, date: Date) -> Option<TimeRange> {
        Some(TimeRange::new(self.midnight(date)?, self.midnight(date.tomorrow().ok()?)?))
    }

    /// The instant at which the local day begins.
    pub fn midnight(&self, date: Date) -> Option<UtcMillis> {
        let zoned = date.to_zoned(self.zone.clone()).ok()?.start_of_day().ok()?;
        Some(zoned.timestamp().into())
    }

    /// How far the local clock is ahead of UTC, in ms, and the range around `at` in which it stays so.
    pub(crate) fn offset_at(&self, at: UtcMillis) -> Option<(i64, TimeRange)> {
        let instant = at.to_jiff()?;
        let offset = i64::from(self.zone.to_offset(instant).seconds()) * 1_000;
        let next = self.zone.following(instant).next().map(|change| change.timestamp());
        let end = next.map_or(UtcMillis(i64::MAX), UtcMillis::from);
        Some((offset, TimeRange::new(at, end)))
    }

    /// The start of the local hour that `at` falls into.
    fn hour_start(&self, at: UtcMillis) -> Option<UtcMillis> {
        let local = at.to_jiff()?.to_zoned(self.zone.clone());
        let into_hour = i64::from(local.minute()) * 60_000
            + i64::from(local.second()) * 1_000
            + i64::from(local.millisecond());
        Some(at.plus_millis(-into_hour))
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let zone = TimeZone::get(name).map_err(|_| UnknownZone(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), zone })
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Into what an answer is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bucket {
    /// As measured.
    #[serde(rename = "tick")]
    Tick,
    /// UTC quarters of an hour, which are local ones in every zone in use.
    #[serde(rename = "15m")]
    QuarterHour,
    /// Local hours.
    #[serde(rename = "1h")]
    Hour,
    /// Local days.
    #[serde(rename = "1d")]
    Day,
    /// Local weeks, which begin on Monday (ISO 8601).
    #[serde(rename = "1w")]
    Week,
    /// Local calendar months.
    #[serde(rename = "1mo")]
    Month,
    /// Local calendar years.
    #[serde(rename = "1y")]
    Year,
}

impl Bucket {
    /// From the shortest to the longest.
    pub const ALL: [Self; 7] =
        [Self::Tick, Self::QuarterHour, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.as_str() == text)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::Day => "1d",
            Self::Week => "1w",
            Self::Month => "1mo",
            Self::Year => "1y",
        }
    }
}

/// The edges of the buckets that cover `range`: n buckets have n + 1 edges. The range is widened to whole
/// buckets. `None` for an empty range, for ticks (their length is the hub's), and beyond the calendar.
pub fn bucket_edges(range: TimeRange, bucket: Bucket, zone: &Zone) -> Option<Vec<UtcMillis>> {
    if range.is_empty() {
        return None;
    }
    let mut edges = Vec::new();
    match bucket {
        Bucket::Tick => return None,
        Bucket::QuarterHour => {
            let mut edge = range.start.floor_to(QUARTER_HOUR_MILLIS);
            edges.push(edge);
            while edge < range.end {
                edge = edge.plus_millis(QUARTER_HOUR_MILLIS);
                edges.push(edge);
            }
        }
        Bucket::Hour => {
            let mut edge = zone.hour_start(range.start)?;
            edges.push(edge);
            while edge < range.end {
                let next = edge.plus_millis(HOUR_MILLIS);
                // Where the zone shifts by half an hour, the hour in between is a short one.
                edge = zone.hour_start(next).filter(|&aligned| aligned > edge).unwrap_or(next);
                edges.push(edge);
            }
        }
        Bucket::Day | Bucket::Week | Bucket::Month | Bucket::Year => {
            let mut date = first_date(zone.date_of(range.start)?, bucket)?;
            edges.push(zone.midnight(date)?);
            loop {
                date = next_date(date, bucket)?;
                let edge = zone.midnight(date)?;
                edges.push(edge);
                if edge >= range.end {
                    break;
                }
            }
        }
    }
    Some(edges)
}

/// The first day of the bucket that `date` falls into.
fn first_date(date: Date, bucket: Bucket) -> Option<Date> {
    match bucket {
        Bucket::Week => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok(),
        Bucket::Month => Some(date.first_of_month()),
        Bucket::Year => Some(date.first_of_year()),
        _ => Some(date),
    }
}

/// The first day of the bucket after the one that begins with `date`.
fn next_date(date: Date, bucket: Bucket) -> Option<Date> {
    let length = match bucket {
        Bucket::Week => 1.week(),
        Bucket::Month => 1.month(),
        Bucket::Year => 1.year(),
        _ => 1.day(),
    };
    date.checked_add(length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> UtcMillis {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn day_hours(zone: &str, date: &str) -> i64 {
        let zone: Zone = zone.parse().unwrap();
        zone.day(date.parse().unwrap()).unwrap().millis() / HOUR_MILLIS
    }

    #[test]
    fn a_day_has_23_24_or_25_hours() {
        assert_eq!(day_hours("Europe/Berlin", "2012-01-16"), 24);
        assert_eq!(day_hours("Europe/Berlin", "2026-03-29"), 23);
        assert_eq!(day_hours("Europe/Berlin", "2026-10-25"), 25);
    }

    #[test]
    fn a_day_starts_at_local_midnight() {
        let zone: Zone = "Asia/Kathmandu".parse().unwrap();
        let day = zone.day("2026-11-21".parse().unwrap()).unwrap();
        assert_eq!(day.start, utc("2026-11-20T18:15:00Z"));
    }

    #[test]
    fn hours_are_local_in_zones_with_odd_offsets() {
        let zone: Zone = "Asia/Kathmandu".parse().unwrap();
        let range = TimeRange::new(utc("2026-11-20T18:20:00Z"), utc("2026-11-20T20:00:00Z"));
        let edges = bucket_edges(range, Bucket::Hour, &zone).unwrap();
        assert_eq!(edges, ["18:15", "19:15", "20:15"].map(|t| utc(&format!("2026-11-20T{t}:00Z"))));
    }

    #[test]
    fn the_hour_that_happens_twice_is_two_hours() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let day = zone.day("2026-10-25".parse().unwrap()).unwrap();
        assert_eq!(bucket_edges(day, Bucket::Hour, &zone).unwrap().len(), 26);
    }

    #[test]
    fn half_hour_shifts_keep_the_edges_in_order() {
        let zone: Zone = "Australia/Lord_Howe".parse().unwrap();
        for date in ["2026-04-05", "2026-10-04"] {
            let day = zone.day(date.parse().unwrap()).unwrap();
            let edges = bucket_edges(day, Bucket::Hour, &zone).unwrap();
            assert!(edges.is_sorted_by(|a, b| a < b), "{date}");
            assert_eq!(edges.last(), Some(&day.end), "{date}");
        }
    }

    #[test]
    fn a_range_is_widened_to_whole_buckets() {
        let range = TimeRange::new(utc("2026-01-01T00:01:00Z"), utc("2026-01-01T00:15:01Z"));
        let edges = bucket_edges(range, Bucket::QuarterHour, &Zone::utc()).unwrap();
        assert_eq!(edges, ["00:00", "00:15", "00:30"].map(|t| utc(&format!("2026-01-01T{t}:00Z"))));
    }

    #[test]
    fn an_unknown_zone_says_so() {
        assert_eq!("Mars/Olympus".parse::<Zone>(), Err(UnknownZone("Mars/Olympus".to_owned())));
    }
}
