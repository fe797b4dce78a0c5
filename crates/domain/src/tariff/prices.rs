//! From energy to its cost.

use jiff::civil::Date;
use jiff::{ToSpan as _, Unit};

use super::check::{QUARTERS, quarters_of};
use super::{Nano, Period, Tariff};
use crate::calendar::{QUARTER_HOUR_MILLIS, Zone};
use crate::energy::{JOULES_PER_KWH, Joules};
use crate::time::{TimeRange, UtcMillis};

const QUARTERS_A_DAY: i64 = 96;
const QUARTERS_A_WEEK: i64 = 7 * QUARTERS_A_DAY;

/// The prices of a range of time, quarter hour by quarter hour.
#[derive(Clone, Debug)]
pub struct Prices {
    start: UtcMillis,
    /// Of a kWh, used and fed in; `None` before the first tariff.
    quarters: Vec<Option<Price>>,
    /// Of each quarter hour the first one after it that has another price.
    same_until: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Price {
    used: Nano,
    fed_in: Nano,
}

impl Price {
    fn of(self, joules: i64) -> Cost {
        let rate = if joules < 0 { self.fed_in } else { self.used };
        Cost(i128::from(joules) * i128::from(rate.0))
    }
}

/// A cost that is not rounded yet: joules times nano-units for a kWh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost(i128);

impl Cost {
    /// Takes in another.
    pub fn add(&mut self, other: Self) {
        self.0 += other.0;
    }

    /// To whole nano-units, halves away from zero.
    pub fn round(self) -> Nano {
        let (half, whole) = (i128::from(JOULES_PER_KWH) / 2, i128::from(JOULES_PER_KWH));
        let rounded = if self.0 < 0 { (self.0 - half) / whole } else { (self.0 + half) / whole };
        Nano(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl Prices {
    /// Of the quarter hours of `range`, as `tariffs` have them at the local times of `zone`.
    pub fn new(tariffs: &[Tariff], zone: &Zone, range: TimeRange) -> Self {
        let start = range.start.floor_to(QUARTER_HOUR_MILLIS);
        let count = range.end.millis_since(start).max(0).cast_unsigned().div_ceil(900_000);
        let mut tariffs: Vec<Week> = tariffs.iter().map(|tariff| Week::new(tariff, zone)).collect();
        tariffs.sort_by_key(|week| week.from);
        let mut quarters = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let mut local = LocalQuarters::new(zone);
        for n in 0..i64::try_from(count).unwrap_or(0) {
            let at = start.plus_millis(n * QUARTER_HOUR_MILLIS);
            let tariff = tariffs.partition_point(|week| week.from <= at).checked_sub(1);
            let price = tariff.and_then(|place| tariffs[place].prices[local.of_week(at)?]);
            quarters.push(price);
        }
        let same_until = same_until(&quarters);
        Self { start, quarters, same_until }
    }

    /// What the energy of a quarter hour costs; `None` where no tariff holds.
    pub fn cost(&self, quarter: UtcMillis, energy: Joules) -> Option<Cost> {
        let price = (*self.quarters.get(self.place(quarter)?)?)?;
        Some(price.of(energy.0))
    }

    /// What quarter hours in a row cost, from the one that starts at `first` on, those that were measured; `None` where no
    /// tariff holds for any of them.
    pub(crate) fn cost_of_measured(
        &self,
        first: UtcMillis,
        energy: &[i64],
        measured_secs: &[u16],
    ) -> Option<Cost> {
        let begin = self.place(first)?;
        let count = energy.len().min(measured_secs.len()).min(self.quarters.len().checked_sub(begin)?);
        let (mut at, mut sum) = (0, None);
        // Prices hold for hours, and sums of joules are quick: one multiplication for each price.
        while at < count {
            let until = (self.same_until[begin + at] - begin).min(count);
            let stretch = at..until;
            if let Some(price) = self.quarters[begin + at]
                && measured_secs[stretch.clone()].iter().any(|&secs| secs > 0)
            {
                // Where nothing was measured there are no joules.
                let all: i64 = energy[stretch.clone()].iter().sum();
                let fed_in: i64 = energy[stretch].iter().map(|&joules| joules.min(0)).sum();
                let sum = sum.get_or_insert(Cost::default());
                sum.add(price.of(all - fed_in));
                sum.add(price.of(fed_in));
            }
            at = until;
        }
        sum
    }

    fn place(&self, quarter: UtcMillis) -> Option<usize> {
        usize::try_from(quarter.millis_since(self.start).div_euclid(QUARTER_HOUR_MILLIS)).ok()
    }
}

fn same_until(quarters: &[Option<Price>]) -> Vec<usize> {
    let mut until = vec![quarters.len(); quarters.len()];
    for place in (1..quarters.len()).rev() {
        until[place - 1] = if quarters[place - 1] == quarters[place] { until[place] } else { place };
    }
    until
}

/// A tariff's week.
struct Week {
    from: UtcMillis,
    prices: Vec<Option<Price>>,
}

impl Week {
    fn new(tariff: &Tariff, zone: &Zone) -> Self {
        let fed_in = tariff.feed_in.unwrap_or_default();
        let mut prices = vec![None; 7 * QUARTERS];
        for band in &tariff.bands {
            for quarter in quarters_of(band) {
                prices[quarter] = Some(Price { used: band.price, fed_in });
            }
        }
        // A day that the calendar does not have is never.
        Self { from: zone.midnight(tariff.valid_from).unwrap_or(UtcMillis(i64::MAX)), prices }
    }
}

/// Finds the local quarter hour of the week; asks the zone once for each stretch without a change of its clock.
struct LocalQuarters<'a> {
    zone: &'a Zone,
    /// The offset of the zone in ms, and where it holds.
    known: Option<(i64, TimeRange)>,
}

impl<'a> LocalQuarters<'a> {
    fn new(zone: &'a Zone) -> Self {
        Self { zone, known: None }
    }

    fn of_week(&mut self, at: UtcMillis) -> Option<usize> {
        let (offset, _) = match self.known {
            Some(known) if known.1.contains(at) => known,
            _ => {
                let known = self.zone.offset_at(at)?;
                self.known = Some(known);
                known
            }
        };
        let local = at.plus_millis(offset).0.div_euclid(QUARTER_HOUR_MILLIS);
        // The epoch was a Thursday.
        usize::try_from((local + 3 * QUARTERS_A_DAY).rem_euclid(QUARTERS_A_WEEK)).ok()
    }
}

/// The standing charge of a local day; `None` where no tariff holds.
pub fn standing_of(tariffs: &[Tariff], date: Date) -> Option<Nano> {
    let tariff =
        tariffs.iter().filter(|tariff| tariff.valid_from <= date).max_by_key(|tariff| tariff.valid_from)?;
    let (number, count) = match tariff.standing_per {
        Period::Day => return Some(tariff.standing),
        Period::Month => (i64::from(date.day()), i64::from(date.days_in_month())),
        Period::Year => (i64::from(date.day_of_year()), i64::from(date.days_in_year())),
    };
    // The days of a whole month or year add up to just its charge.
    let until = |days: i64| i128::from(tariff.standing.0) * i128::from(days) / i128::from(count);
    let day = until(number) - until(number - 1);
    Some(Nano(i64::try_from(day).unwrap_or(i64::MAX)))
}

/// The days from `from` up to but not including `to`.
pub fn days(from: Date, to: Date) -> impl Iterator<Item = Date> + Clone {
    let count = from.until((Unit::Day, to)).map_or(0, |span| span.get_days());
    from.series(1.day()).take(usize::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    fn flat(from: &str, price: i64) -> Tariff {
        let bands =
            json!([{ "name": "All day", "price_n": price, "from": "00:00", "to": "24:00", "days": WEEK }]);
        serde_json::from_value(json!({ "valid_from": from, "name": "Flat", "bands": bands })).unwrap()
    }

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(text).unwrap()
    }

    fn prices(tariffs: &[Tariff], zone: &str, from: &str, to: &str) -> Prices {
        Prices::new(tariffs, &zone.parse().unwrap(), TimeRange::new(at(from), at(to)))
    }

    /// Of a kWh.
    fn price(prices: &Prices, quarter: &str) -> Option<i64> {
        prices.cost(at(quarter), Joules(JOULES_PER_KWH)).map(|cost| cost.round().0)
    }

    #[test]
    fn a_tariff_holds_from_local_midnight_until_the_next_one() {
        let tariffs = [flat("2026-02-01", 40), flat("2026-01-01", 30)];
        let prices = prices(&tariffs, "Europe/Berlin", "2025-12-31T00:00:00Z", "2026-03-01T00:00:00Z");
        assert_eq!(price(&prices, "2025-12-31T22:45:00Z"), None);
        assert_eq!(price(&prices, "2025-12-31T23:00:00Z"), Some(30));
        assert_eq!(price(&prices, "2026-01-31T22:45:00Z"), Some(30));
        assert_eq!(price(&prices, "2026-01-31T23:00:00Z"), Some(40));
        assert_eq!(price(&prices, "2026-03-01T00:00:00Z"), None);
    }

    fn night_and_day() -> Tariff {
        let bands = json!([
            { "name": "Day", "price_n": 40, "from": "06:00", "to": "22:00", "days": WEEK },
            { "name": "Night", "price_n": 20, "from": "22:00", "to": "06:00", "days": WEEK },
        ]);
        serde_json::from_value(json!({
            "valid_from": "2020-01-01", "name": "Two", "bands": bands, "feed_in_n": 8,
        }))
        .unwrap()
    }

    #[test]
    fn bands_follow_the_local_clock_through_the_change_of_the_clocks() {
        let day = prices(&[night_and_day()], "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z");
        // 06:00 is 05:00 UTC before the change and 04:00 UTC after it.
        assert_eq!(price(&day, "2026-03-28T04:45:00Z"), Some(20));
        assert_eq!(price(&day, "2026-03-28T05:00:00Z"), Some(40));
        assert_eq!(price(&day, "2026-03-29T03:45:00Z"), Some(20));
        assert_eq!(price(&day, "2026-03-29T04:00:00Z"), Some(40));
        let kathmandu =
            prices(&[night_and_day()], "Asia/Kathmandu", "2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z");
        assert_eq!(price(&kathmandu, "2026-03-28T00:00:00Z"), Some(20));
        assert_eq!(price(&kathmandu, "2026-03-28T00:15:00Z"), Some(40));
    }

    #[test]
    fn weekdays_are_local_ones() {
        let bands = json!([
            { "name": "Week", "price_n": 1, "from": "00:00", "to": "24:00", "days": &WEEK[..6] },
            { "name": "Sunday", "price_n": 7, "from": "00:00", "to": "24:00", "days": ["sun"] },
        ]);
        let tariff = json!({ "valid_from": "2020-01-01", "name": "Sundays", "bands": bands });
        let tariff: Tariff = serde_json::from_value(tariff).unwrap();
        let prices = prices(&[tariff], "Asia/Kolkata", "2026-11-20T00:00:00Z", "2026-11-24T00:00:00Z");
        // Sunday the 22nd begins at 18:30 UTC on Saturday.
        assert_eq!(price(&prices, "2026-11-21T18:15:00Z"), Some(1));
        assert_eq!(price(&prices, "2026-11-21T18:30:00Z"), Some(7));
        assert_eq!(price(&prices, "2026-11-22T18:30:00Z"), Some(1));
    }

    #[test]
    fn what_is_fed_in_earns() {
        let prices = prices(&[night_and_day()], "UTC", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
        let noon = at("2026-11-20T12:00:00Z");
        assert_eq!(prices.cost(noon, Joules(-JOULES_PER_KWH)).map(Cost::round), Some(Nano(-8)));
        assert_eq!(prices.cost(noon, Joules(JOULES_PER_KWH / 80)).map(Cost::round), Some(Nano(1)));
    }

    #[test]
    fn the_standing_charges_of_a_months_days_are_those_of_the_month() {
        let mut tariff = flat("2026-01-01", 1);
        tariff.standing = Nano(9_990_000_001);
        let sum = |from: &str, to: &str, tariff: &Tariff| -> i64 {
            days(from.parse().unwrap(), to.parse().unwrap())
                .filter_map(|date| standing_of(std::slice::from_ref(tariff), date))
                .map(|charge| charge.0)
                .sum()
        };
        assert_eq!(sum("2026-02-01", "2026-03-01", &tariff), 9_990_000_001);
        assert_eq!(sum("2028-02-01", "2028-03-01", &tariff), 9_990_000_001);
        tariff.standing_per = Period::Year;
        assert_eq!(sum("2028-01-01", "2029-01-01", &tariff), 9_990_000_001);
        assert_eq!(sum("2025-12-31", "2026-01-01", &tariff), 0);
    }

    #[test]
    fn quarter_hours_in_a_row_cost_what_each_of_them_does() {
        let bands = json!([
            { "name": "Day", "price_n": 340_000_007, "from": "06:00", "to": "22:00", "days": WEEK },
            { "name": "Night", "price_n": 260_000_003, "from": "22:00", "to": "06:00", "days": WEEK },
        ]);
        let tariff = json!({
            "valid_from": "2026-01-02", "name": "Two", "bands": bands, "standing_n": 0, "feed_in_n": 82_000_001,
        });
        let tariffs = [serde_json::from_value(tariff).unwrap()];
        let (from, to) = ("2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z");
        let prices = prices(&tariffs, "Europe/Berlin", from, to);
        // Gaps, exports and zeros among them; the last ones have no price any more.
        let energy: Vec<i64> =
            (0..400).map(|n| if n % 7 == 3 { 0 } else { (n * 7_919 % 200_003) - 60_000 }).collect();
        let secs: Vec<u16> = (0..400).map(|n| if n % 7 == 3 { 0 } else { 900 }).collect();
        for begin in [0, 1, 95, 96, 130] {
            for count in [0, 1, 5, 96, 250] {
                let (energy, secs) = (&energy[begin..begin + count], &secs[begin..begin + count]);
                let first = at(from).plus_millis(i64::try_from(begin).unwrap() * QUARTER_HOUR_MILLIS);
                let mut each = None;
                for (place, (&joules, &secs)) in (0..).zip(energy.iter().zip(secs)) {
                    let quarter = first.plus_millis(place * QUARTER_HOUR_MILLIS);
                    if let Some(cost) = prices.cost(quarter, Joules(joules)).filter(|_| secs > 0) {
                        each.get_or_insert(Cost::default()).add(cost);
                    }
                }
                assert_eq!(prices.cost_of_measured(first, energy, secs), each, "{count} from {begin}");
            }
        }
    }
}
