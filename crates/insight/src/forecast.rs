//! What the running month will have used and cost at its end.

use domain::calendar::{Bucket, Zone, bucket_edges};
use domain::tariff::{Nano, Prices, days, standing_of};
use domain::usage::Usage;
use domain::{Joules, TimeRange, UtcMillis};
use jiff::civil::Date;

use crate::gathering::{GatherError, Gathered};
use crate::home::Home;

const DAY_MILLIS: i64 = 86_400_000;
/// How many days that are over are learned from.
pub const LOOK_BACK_DAYS: i64 = 28;
/// A day that was measured less is not learned from.
const ENOUGH_COVERAGE: f64 = 0.9;

/// What a forecast goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Each day that is to come is like the mean of the same weekday in the past four weeks.
    Weekdays,
    /// Each day that is to come is like the mean of the days of this month so far.
    MonthSoFar,
}

/// Energy and its cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    energy: Joules,
    cost: Nano,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Forecast {
    /// Of the whole month, what is over included; without standing charges.
    month: Amount,
    basis: Basis,
}

/// The whole running month as it is expected to be at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub energy: Joules,
    /// The standing charge included; `None` without a tariff.
    pub total: Option<Nano>,
    pub basis: Basis,
}

/// `months` has months as buckets, the last of which is the running one; `gathered` goes back [`LOOK_BACK_DAYS`] and a
/// day more. `None` when too little was measured.
pub fn expected(
    home: &Home<'_>,
    gathered: &Gathered,
    months: &Usage,
) -> Result<Option<Expected>, GatherError> {
    let Some(running) = months.bucket_count().checked_sub(1) else { return Ok(None) };
    let Some(energy) = months.bucket_total(running) else { return Ok(None) };
    let zone = home.zone();
    let days = TimeRange::new(home.now.plus_millis(-LOOK_BACK_DAYS * DAY_MILLIS), home.now.plus_millis(1));
    let Some(edges) = bucket_edges(days, Bucket::Day, zone) else { return Ok(None) };
    // What past days would have cost at the prices of today.
    let prices = home.present_tariff().map(|tariff| {
        let all = TimeRange::new(edges[0], edges[edges.len() - 1]);
        Prices::new(std::slice::from_ref(&tariff), zone, all)
    });
    let by_day = home.usage(gathered, edges, prices.as_ref())?;
    let last = by_day.bucket_count() - 1;
    let today = Amount {
        energy: by_day.bucket_total(last).unwrap_or_default(),
        cost: by_day.bucket_cost(last).unwrap_or_default(),
    };
    let so_far = Amount { energy, cost: months.bucket_cost(running).unwrap_or_default() };
    let forecast = forecast(home.now, zone, so_far, today, &past_days(&by_day, zone));
    let (start, end) = (months.edges[running], months.edges[running + 1]);
    Ok(forecast.map(|forecast| Expected {
        energy: forecast.month.energy,
        total: home.currency().map(|_| forecast.month.cost + standing_of_month(home, start, end)),
        basis: forecast.basis,
    }))
}

/// Of all its days, those to come too.
fn standing_of_month(home: &Home<'_>, start: UtcMillis, end: UtcMillis) -> Nano {
    let zone = home.zone();
    match (zone.date_of(start), zone.date_of(end)) {
        (Some(first), Some(after)) => {
            days(first, after).filter_map(|date| standing_of(&home.settings.tariffs, date)).sum()
        }
        _ => Nano::ZERO,
    }
}

/// A day that was measured.
#[derive(Clone, Copy, Debug)]
struct PastDay {
    date: Date,
    amount: Amount,
}

/// The days of `usage`, whose buckets are local days, that were measured well enough and are over.
fn past_days(usage: &Usage, zone: &Zone) -> Vec<PastDay> {
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
fn forecast(
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
