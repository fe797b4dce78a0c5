//! The same question about another period.

use domain::calendar::Zone;
use domain::{TimeRange, UtcMillis};
use jiff::civil::Date;
use jiff::{ToSpan, Unit};
use service::problem::Problem;

use super::answer::CompareAnswer;
use super::handler::{Period, between};
use super::matching;
use super::question::{Compare, Question, edges, fault, whole};
use crate::home::Home;

const WEEK_DAYS: i32 = 7;

/// The other period.
pub(super) async fn gather(home: &Home<'_>, question: &Question, with: Compare) -> Result<Period, Problem> {
    let asked = question.edges(home.zone())?;
    let outside = || fault("compare", "The other period lies outside the calendar.");
    let range = other(whole(&asked), home.zone(), with).ok_or_else(outside)?;
    // Ticks are not compared.
    let edges = edges(range, question.bucket, home.zone()).map_err(|_| outside())?;
    between(home, question, edges).await
}

/// What the whole home, or what of it is asked for, used in the other period.
pub(super) fn answer(home: &Home<'_>, question: &Question, here: &Period, there: &Period) -> CompareAnswer {
    let bucket = matching::finer(question.bucket);
    CompareAnswer::new(&there.usage, matching::both(here.fine(), there.fine(), bucket, home.zone()))
}

/// The period to compare with: as many whole months, or else days, before; or the same dates of the year before. A
/// week is compared with the one 52 weeks before, so that weekdays meet.
fn other(range: TimeRange, zone: &Zone, with: Compare) -> Option<TimeRange> {
    let days = dates(range, zone);
    match (with, days) {
        (Compare::Previous, Some((first, end))) if first.day() == 1 && end.day() == 1 => {
            let months = first.until((Unit::Month, end)).ok()?.get_months();
            between_dates(first.checked_sub(months.months()).ok()?, first, zone)
        }
        (Compare::Previous, Some((first, end))) => {
            let days = first.until((Unit::Day, end)).ok()?.get_days();
            between_dates(first.checked_sub(days.days()).ok()?, first, zone)
        }
        (Compare::Previous, None) => {
            Some(TimeRange::new(range.start.plus_millis(-range.millis()), range.start))
        }
        (Compare::Year, Some((first, end))) => {
            let days = first.until((Unit::Day, end)).ok()?.get_days();
            let earlier = first.checked_sub(if days == WEEK_DAYS { 52.weeks() } else { 1.year() }).ok()?;
            let whole_months = first.day() == 1 && end.day() == 1;
            let end = if whole_months { end.checked_sub(1.year()) } else { earlier.checked_add(days.days()) };
            between_dates(earlier, end.ok()?, zone)
        }
        (Compare::Year, None) => {
            let earlier = |at: UtcMillis| -> Option<UtcMillis> {
                let zoned = at.to_jiff()?.to_zoned(zone.tz().clone());
                Some(zoned.checked_sub(1.year()).ok()?.timestamp().into())
            };
            Some(TimeRange::new(earlier(range.start)?, earlier(range.end)?))
        }
    }
    .filter(|range| !range.is_empty())
}

/// The first day and the one after the last, when the range is whole days.
fn dates(range: TimeRange, zone: &Zone) -> Option<(Date, Date)> {
    let date = |at: UtcMillis| zone.date_of(at).filter(|date| zone.midnight(*date) == Some(at));
    Some((date(range.start)?, date(range.end)?))
}

fn between_dates(first: Date, end: Date, zone: &Zone) -> Option<TimeRange> {
    Some(TimeRange::new(zone.midnight(first)?, zone.midnight(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(zone: &Zone, date: &str) -> UtcMillis {
        zone.midnight(date.parse().unwrap()).unwrap()
    }

    #[track_caller]
    fn assert_other(with: Compare, (from, to): (&str, &str), (first, end): (&str, &str)) {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let range = TimeRange::new(local(&zone, from), local(&zone, to));
        let expected = TimeRange::new(local(&zone, first), local(&zone, end));
        assert_eq!(other(range, &zone, with), Some(expected));
    }

    #[test]
    fn the_period_before_is_of_the_same_kind() {
        let with = Compare::Previous;
        assert_other(with, ("2026-03-29", "2026-03-30"), ("2026-03-28", "2026-03-29"));
        assert_other(with, ("2026-03-01", "2026-04-01"), ("2026-02-01", "2026-03-01"));
        assert_other(with, ("2026-01-01", "2027-01-01"), ("2025-01-01", "2026-01-01"));
        assert_other(with, ("2026-11-16", "2026-11-23"), ("2026-11-09", "2026-11-16"));
        assert_other(with, ("2026-11-03", "2026-11-20"), ("2026-10-17", "2026-11-03"));
    }

    #[test]
    fn a_year_before_are_the_same_dates_and_for_a_week_the_same_weekdays() {
        let with = Compare::Year;
        assert_other(with, ("2026-11-01", "2026-12-01"), ("2025-11-01", "2025-12-01"));
        assert_other(with, ("2026-11-16", "2026-11-23"), ("2025-11-17", "2025-11-24"));
        assert_other(with, ("2024-02-28", "2024-02-29"), ("2023-02-28", "2023-03-01"));
    }

    #[test]
    fn hours_are_compared_with_the_hours_before() {
        let zone: Zone = "Asia/Kolkata".parse().unwrap();
        let start = local(&zone, "2026-11-21").plus_millis(3_600_000);
        let range = TimeRange::new(start, start.plus_millis(7_200_000));
        let before = TimeRange::new(start.plus_millis(-7_200_000), start);
        assert_eq!(other(range, &zone, Compare::Previous), Some(before));
        let year = other(range, &zone, Compare::Year).unwrap();
        assert_eq!(year.start, local(&zone, "2025-11-21").plus_millis(3_600_000));
    }
}
