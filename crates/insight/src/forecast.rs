//! What the running month will have used and cost at its end.

use domain::calendar::{Bucket, Zone, bucket_edges};
use domain::tariff::{Nano, Prices, Tariff, days, standing_of};
use domain::usage::Usage;
use domain::{Joules, TimeRange, UtcMillis};
use jiff::civil::Date;

use crate::gathering::{GatherError, Gathered};
use crate::home::{Home, always};

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
    let Some(dates) = to_come(home.now, zone) else { return Ok(None) };
    let prices = PricesToCome::new(home, &dates);
    let by_day = DayAmounts::new(home, gathered, &edges, &prices)?;
    let so_far = Amount { energy, cost: months.bucket_cost(running).unwrap_or_default() };
    let forecast = forecast(&dates, so_far, &by_day, &prices.of_date);
    let (start, end) = (months.edges[running], months.edges[running + 1]);
    Ok(forecast.map(|forecast| Expected {
        energy: forecast.month.energy,
        total: home.currency().map(|_| forecast.month.cost + standing_of_month(home, start, end)),
        basis: forecast.basis,
    }))
}

/// Today and the days of the month after it.
fn to_come(now: UtcMillis, zone: &Zone) -> Option<Vec<Date>> {
    let today = zone.date_of(now)?;
    Some(days(today, today.last_of_month().tomorrow().ok()?).collect())
}

/// The tariffs of the days to come.
struct PricesToCome<'a> {
    tariffs: Vec<&'a Tariff>,
    /// Of each day the place of its tariff; `None` before the first one.
    of_date: Vec<Option<usize>>,
}

impl<'a> PricesToCome<'a> {
    fn new(home: &'a Home<'_>, dates: &[Date]) -> Self {
        let mut tariffs: Vec<&Tariff> = Vec::new();
        let place = |date: &Date| {
            let tariff = home.tariff_of(*date)?;
            let known = tariffs.iter().position(|known| known.valid_from == tariff.valid_from);
            Some(known.unwrap_or_else(|| {
                tariffs.push(tariff);
                tariffs.len() - 1
            }))
        };
        let of_date = dates.iter().map(place).collect();
        Self { tariffs, of_date }
    }
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

/// A day that was measured, or as much of it as is over.
#[derive(Clone, Debug, Default)]
struct DayAmount {
    date: Date,
    energy: Joules,
    /// What it would have cost at each of the tariffs to come.
    costs: Vec<Nano>,
}

/// The days that are learned from.
struct DayAmounts {
    /// Those that were measured well enough and are over.
    past: Vec<DayAmount>,
    today: DayAmount,
}

impl DayAmounts {
    /// The last of the local days between `edges` is today.
    fn new(
        home: &Home<'_>,
        gathered: &Gathered,
        edges: &[UtcMillis],
        prices: &PricesToCome<'_>,
    ) -> Result<Self, GatherError> {
        let all = TimeRange::new(edges[0], edges[edges.len() - 1]);
        let at = |tariff: Option<&&Tariff>| {
            let prices = tariff.map(|tariff| Prices::new(&[always(tariff)], home.zone(), all));
            home.usage(gathered, edges.to_vec(), prices.as_ref())
        };
        let usage = at(prices.tariffs.first())?;
        let mut amounts: Vec<DayAmount> = (0..usage.bucket_count())
            .map(|day| DayAmount {
                date: home.zone().date_of(edges[day]).unwrap_or_default(),
                energy: usage.bucket_total(day).unwrap_or_default(),
                costs: vec![usage.bucket_cost(day).unwrap_or_default()],
            })
            .collect();
        for tariff in prices.tariffs.iter().skip(1) {
            let again = at(Some(tariff))?;
            for (day, amount) in amounts.iter_mut().enumerate() {
                amount.costs.push(again.bucket_cost(day).unwrap_or_default());
            }
        }
        let today = amounts.pop().unwrap_or_default();
        let past = amounts.into_iter().enumerate().filter(|(day, _)| {
            edges[day + 1] <= usage.now && usage.home_bucket_coverage(*day) >= ENOUGH_COVERAGE
        });
        Ok(Self { past: past.map(|(_, amount)| amount).collect(), today })
    }
}

impl DayAmount {
    fn at(&self, tariff: Option<usize>) -> Amount {
        let cost = tariff.and_then(|tariff| self.costs.get(tariff).copied()).unwrap_or_default();
        Amount { energy: self.energy, cost }
    }
}

/// `so_far` is what the running month has come to until now, `to_come` are today and the days after it, and `tariffs`
/// says which tariff holds on each of them. `None` when too little was measured.
fn forecast(
    to_come: &[Date],
    so_far: Amount,
    by_day: &DayAmounts,
    tariffs: &[Option<usize>],
) -> Option<Forecast> {
    let today = *to_come.first()?;
    let past = &by_day.past;
    let days = || to_come.iter().zip(tariffs);
    let like_weekday = |(date, tariff): (&Date, &Option<usize>)| {
        let same = past.iter().filter(|day| day.date.weekday() == date.weekday());
        mean(same.map(|day| day.at(*tariff)))
    };
    let like_this_month = |(_, tariff): (&Date, &Option<usize>)| {
        let this_month = past.iter().filter(|day| day.date >= today.first_of_month());
        mean(this_month.map(|day| day.at(*tariff)))
    };
    let expected: Option<Vec<Amount>> = days().map(like_weekday).collect();
    let (expected, basis) = match expected {
        Some(expected) => (expected, Basis::Weekdays),
        None => (days().map(like_this_month).collect::<Option<_>>()?, Basis::MonthSoFar),
    };
    let mut month = so_far;
    for (n, day) in expected.into_iter().enumerate() {
        let more = if n == 0 { rest_of(day, by_day.today.at(tariffs[0])) } else { day };
        month.energy += more.energy;
        month.cost += more.cost;
    }
    Some(Forecast { month, basis })
}

/// What a day is still to bring that has brought `known` already. When it used more than it was to use, nothing is taken
/// back; a day that feeds in more than it uses may well take back what it used in the morning.
fn rest_of(day: Amount, known: Amount) -> Amount {
    let rest =
        Amount { energy: Joules(day.energy.0 - known.energy.0), cost: Nano(day.cost.0 - known.cost.0) };
    if day.energy.0 < 0 {
        return rest;
    }
    Amount { energy: rest.energy.max(Joules(0)), cost: rest.cost.max(Nano::ZERO) }
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

    /// At a first tariff of 10 a joule, and at a second of 20.
    fn day(date: Date, units: i64) -> DayAmount {
        DayAmount { date, energy: Joules(units), costs: vec![Nano(10 * units), Nano(20 * units)] }
    }

    fn past(dates: &[(&str, i64)]) -> Vec<DayAmount> {
        dates.iter().map(|(date, units)| day(date.parse().unwrap(), *units)).collect()
    }

    /// The second tariff holds from `second` on.
    fn with_tariffs(
        now: &str,
        (so_far, today): (i64, i64),
        past: Vec<DayAmount>,
        second: &str,
    ) -> Option<Forecast> {
        let dates = to_come(UtcMillis::parse_rfc3339(now).unwrap(), &Zone::utc()).unwrap();
        let second: Date = second.parse().unwrap();
        let tariffs: Vec<Option<usize>> =
            dates.iter().map(|date| Some(usize::from(*date >= second))).collect();
        let by_day = DayAmounts { past, today: day(dates[0], today) };
        forecast(&dates, amount(so_far), &by_day, &tariffs)
    }

    fn at(now: &str, so_far: i64, today: i64, past: Vec<DayAmount>) -> Option<Forecast> {
        with_tariffs(now, (so_far, today), past, "2027-01-01")
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
        let forecast = at("2026-11-28T12:00:00Z", 1_000, 60, days).unwrap();
        assert_eq!(forecast, Forecast { month: amount(1_000 + 90 + 30 + 7), basis: Basis::Weekdays });
    }

    #[test]
    fn a_day_that_is_above_the_usual_already_is_not_taken_back() {
        let days = past(&[("2026-11-23", 7)]);
        assert_eq!(at("2026-11-30T12:00:00Z", 1_000, 60, days).unwrap().month, amount(1_000));
    }

    #[test]
    fn days_that_feed_in_more_than_they_use_are_expected_to_do_so_again() {
        // Today used 60 in the morning; it, tomorrow and the day after are to give.
        let days = past(&[("2026-11-21", -200), ("2026-11-22", -30), ("2026-11-23", -7)]);
        let forecast = at("2026-11-28T09:00:00Z", 1_000, 60, days).unwrap();
        assert_eq!(forecast.month, amount(1_000 - 260 - 30 - 7));
    }

    #[test]
    fn each_day_to_come_costs_what_the_tariff_of_that_day_says() {
        let days = past(&[("2026-11-21", 200), ("2026-11-22", 30), ("2026-11-23", 7)]);
        let forecast = with_tariffs("2026-11-28T12:00:00Z", (1_000, 60), days, "2026-11-30").unwrap();
        assert_eq!(forecast.month.energy, Joules(1_000 + 140 + 30 + 7));
        assert_eq!(forecast.month.cost, Nano(10 * (1_000 + 140 + 30) + 20 * 7));
    }

    #[test]
    fn with_too_few_weekdays_the_month_so_far_has_to_do() {
        let days = past(&[("2026-10-30", 900), ("2026-11-01", 10), ("2026-11-02", 20)]);
        let forecast = at("2026-11-28T00:00:00Z", 500, 0, days).unwrap();
        assert_eq!(forecast, Forecast { month: amount(500 + 3 * 15), basis: Basis::MonthSoFar });
        assert_eq!(at("2026-11-28T00:00:00Z", 500, 0, past(&[("2026-10-30", 900)])), None);
    }
}
