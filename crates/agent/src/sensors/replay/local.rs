//! From the local time in a file to UTC.

use domain::UtcMillis;
use domain::calendar::Zone;
use jiff::civil::Date;
use jiff::tz::AmbiguousOffset;

use super::row::{self, DateText, Row};

/// A file's clock must fall back by more than this to be in the second of the hours that happen twice; less is
/// a row that came out of order.
const JITTER_MILLIS: i64 = 60_000;

pub(super) struct LocalClock {
    zone: Zone,
    today: Option<(DateText, Day)>,
}

#[derive(Clone, Copy)]
enum Day {
    None,
    /// Its time of day is the time since its midnight.
    Plain {
        midnight: UtcMillis,
    },
    /// The clocks change in it.
    Odd(Date),
}

impl LocalClock {
    pub(super) fn new(zone: Zone) -> Self {
        Self { zone, today: None }
    }

    /// When the row was, if `newest` is the one before it.
    pub(super) fn instant(&mut self, row: &Row, newest: UtcMillis) -> Result<UtcMillis, &'static str> {
        let day = match self.today {
            Some((text, day)) if text == row.date => day,
            _ => {
                let day = self.day(&row.date);
                self.today = Some((row.date, day));
                day
            }
        };
        match day {
            Day::None => Err("no such date"),
            Day::Plain { midnight } => Ok(midnight.plus_millis(i64::from(row.second) * 1_000)),
            Day::Odd(date) => self.on_odd_day(date, row.second, newest),
        }
    }

    fn day(&self, text: &DateText) -> Day {
        let date = row::date(text).and_then(|(day, month, year)| Date::new(year, month, day).ok());
        let Some((date, range)) = date.and_then(|date| Some((date, self.zone.day(date)?))) else {
            return Day::None;
        };
        let offset_at = |at: UtcMillis| at.to_jiff().map(|at| self.zone.tz().to_offset(at));
        if offset_at(range.start) == offset_at(range.end) && range.millis() == 86_400_000 {
            Day::Plain { midnight: range.start }
        } else {
            Day::Odd(date)
        }
    }

    fn on_odd_day(&self, date: Date, second: u32, newest: UtcMillis) -> Result<UtcMillis, &'static str> {
        let part = |value: u32| i8::try_from(value).unwrap_or(0);
        let local = date.at(part(second / 3_600), part(second / 60 % 60), part(second % 60), 0);
        let out_of_range = |_| "no such date";
        let ambiguous = self.zone.tz().to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                offset.to_timestamp(local).map(UtcMillis::from).map_err(out_of_range)
            }
            AmbiguousOffset::Gap { .. } => Err("a local time that the change to summer time skips"),
            AmbiguousOffset::Fold { before, after } => {
                let first: UtcMillis = before.to_timestamp(local).map_err(out_of_range)?.into();
                let second: UtcMillis = after.to_timestamp(local).map_err(out_of_range)?.into();
                Ok(if newest.0.saturating_sub(first.0) > JITTER_MILLIS { second } else { first })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Milliwatts;

    use super::*;

    fn clock() -> LocalClock {
        LocalClock::new("Europe/Berlin".parse().unwrap())
    }

    fn at(
        clock: &mut LocalClock,
        date: &[u8; 10],
        hms: (u32, u32, u32),
        newest: UtcMillis,
    ) -> Option<String> {
        let row = Row { date: *date, second: hms.0 * 3_600 + hms.1 * 60 + hms.2, power: Milliwatts(0) };
        clock.instant(&row, newest).ok().map(|at| at.to_string())
    }

    fn utc(text: &str) -> UtcMillis {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn local_time_becomes_utc() {
        let mut clock = clock();
        let never = UtcMillis(i64::MIN);
        assert_eq!(at(&mut clock, b"16/01/2012", (0, 0, 2), never).as_deref(), Some("2012-01-15T23:00:02Z"));
        assert_eq!(at(&mut clock, b"16/07/2012", (12, 0, 0), never).as_deref(), Some("2012-07-16T10:00:00Z"));
        assert_eq!(at(&mut clock, b"30/02/2012", (12, 0, 0), never), None);
        assert_eq!(at(&mut clock, b"2012-01-16", (12, 0, 0), never), None);
    }

    #[test]
    fn the_hour_that_happens_twice_is_the_second_once_the_file_falls_back() {
        let mut clock = clock();
        let day = b"28/10/2012";
        let first = at(&mut clock, day, (2, 30, 0), utc("2012-10-28T00:29:58Z"));
        assert_eq!(first.as_deref(), Some("2012-10-28T00:30:00Z"));
        let out_of_order = at(&mut clock, day, (2, 30, 0), utc("2012-10-28T00:30:03Z"));
        assert_eq!(out_of_order.as_deref(), Some("2012-10-28T00:30:00Z"));
        let second = at(&mut clock, day, (2, 0, 1), utc("2012-10-28T00:59:59Z"));
        assert_eq!(second.as_deref(), Some("2012-10-28T01:00:01Z"));
        let still_second = at(&mut clock, day, (2, 59, 59), utc("2012-10-28T01:59:57Z"));
        assert_eq!(still_second.as_deref(), Some("2012-10-28T01:59:59Z"));
    }

    #[test]
    fn a_local_time_that_never_was_is_refused() {
        let mut clock = clock();
        let newest = utc("2012-03-25T00:59:59Z");
        assert_eq!(at(&mut clock, b"25/03/2012", (2, 30, 0), newest), None);
        assert_eq!(at(&mut clock, b"25/03/2012", (3, 0, 0), newest).as_deref(), Some("2012-03-25T01:00:00Z"));
    }
}
