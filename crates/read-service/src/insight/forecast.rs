//! What the running month will have used and cost at its end.

use domain::calendar::Zone;
use domain::tariff::{Nano, days};
use domain::usage::Usage;
use domain::{Joules, UtcMillis};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

/// What is known of days that are over.
pub(super) const LOOK_BACK_DAYS: i64 = 28;
/// A day that was measured less is not learned from.
const ENOUGH_COVERAGE: f64 = 0.9;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Basis {
    /// Each day that is to come is like the mean of the same weekday in the past four weeks.
    Weekdays,
    /// Each day that is to come is like the mean of the days of this month so far.
    MonthSoFar,
}

/// Energy and its cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) energy: Joules,
    pub(super) cost: Nano,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forecast {
    /// Of the whole month, what is over included; without standing charges.
    pub(super) month: Amount,
    pub(super) basis: Basis,
}

/// A day that was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct PastDay {
    date: Date,
    amount: Amount,
}

/// The days of `usage`, whose buckets are local days, that were measured well enough and are over.
pub(super) fn past_days(usage: &Usage, zone: &Zone) -> Vec<PastDay> {
    (0..usage.bucket_count())
        .filter(|&day| usage.edges[day + 1] <= usage.now)
        .filter(|&day| usage.home_bucket_coverage(day) >= ENOUGH_COVERAGE)
        .filter_map(|day| {
            let energy = usage.bucket_total(day)?;
            let cost = usage.bucket_cost(day).unwrap_or_default();
            Some(PastDay { date: zone.date_of(usage.edges[day])?, amount: Amount { energy, cost } })
        })
        .collect()
}

/// `so_far` is what the running month has come to until `now`; `past` is what is known of earlier days at the prices
/// of today. `None` when too little was measured.
pub(super) fn forecast(
    now: UtcMillis,
    zone: &Zone,
    so_far: Amount,
    today: Amount,
    past: &[PastDay],
) -> Option<Forecast> {
    let date = zone.date_of(now)?;
    let next_month = date.last_of_month().tomorrow().ok()?;
    let to_come = days(date, next_month);
    let like_weekday = |date: Date| {
        let same = past.iter().filter(|day| day.date.weekday() == date.weekday());
        mean(same.map(|day| day.amount))
    };
    let this_month = past.iter().filter(|day| day.date >= date.first_of_month()).map(|day| day.amount);
    let expected: Option<Vec<Amount>> = to_come.clone().map(like_weekday).collect();
    let (expected, basis) = if let Some(expected) = expected {
        (expected, Basis::Weekdays)
    } else {
        let day = mean(this_month)?;
        (to_come.map(|_| day).collect(), Basis::MonthSoFar)
    };
    let mut month = so_far;
    for (n, day) in expected.into_iter().enumerate() {
        // Of today only what is still missing.
        let known = if n == 0 { today } else { Amount::default() };
        month.energy += Joules((day.energy.0 - known.energy.0).max(0));
        month.cost += Nano((day.cost.0 - known.cost.0).max(0));
    }
    Some(Forecast { month, basis })
}

fn mean(amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    let (mut sum, mut count) = (Amount::default(), 0);
    for amount in amounts {
        sum.energy += amount.energy;
        sum.cost += amount.cost;
        count += 1;
    }
    (count > 0).then(|| Amount { energy: Joules(sum.energy.0 / count), cost: Nano(sum.cost.0 / count) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: i64) -> Amount {
        Amount { energy: Joules(units), cost: Nano(10 * units) }
    }

    fn past(dates: &[(&str, i64)]) -> Vec<PastDay> {
        dates
            .iter()
            .map(|(date, units)| PastDay { date: date.parse().unwrap(), amount: amount(*units) })
            .collect()
    }

    fn at(now: &str, so_far: i64, today: i64, past: &[PastDay]) -> Option<Forecast> {
        let now = UtcMillis::parse_rfc3339(now).unwrap();
        forecast(now, &Zone::utc(), amount(so_far), amount(today), past)
    }

    #[test]
    fn days_to_come_are_like_the_weekdays_that_were() {
        // Saturday the 28th to Monday the 30th are to come, of which half of Saturday is over.
        let days = past(&[
            ("2026-11-14", 100),
            ("2026-11-21", 200),
            ("2026-11-22", 30),
            ("2026-11-23", 7),
            ("2026-11-24", 5_000),
        ]);
        let forecast = at("2026-11-28T12:00:00Z", 1_000, 60, &days).unwrap();
        assert_eq!(forecast, Forecast { month: amount(1_000 + 90 + 30 + 7), basis: Basis::Weekdays });
    }

    #[test]
    fn a_day_that_is_above_the_usual_already_is_not_taken_back() {
        let days = past(&[("2026-11-23", 7)]);
        assert_eq!(at("2026-11-30T12:00:00Z", 1_000, 60, &days).unwrap().month, amount(1_000));
    }

    #[test]
    fn with_too_few_weekdays_the_month_so_far_has_to_do() {
        let days = past(&[("2026-10-30", 900), ("2026-11-01", 10), ("2026-11-02", 20)]);
        let forecast = at("2026-11-28T00:00:00Z", 500, 0, &days).unwrap();
        assert_eq!(forecast, Forecast { month: amount(500 + 3 * 15), basis: Basis::MonthSoFar });
        assert_eq!(at("2026-11-28T00:00:00Z", 500, 0, &past(&[("2026-10-30", 900)])), None);
    }
}
