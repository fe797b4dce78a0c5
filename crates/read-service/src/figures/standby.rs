//! What never stops: the level that a socket does not go under while it is measured.

use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::energy::JOULES_PER_KWH;
use domain::tariff::{Cost, Nano};
use domain::usage::SocketUsage;
use domain::{Joules, Milliwatts, TimeRange, UtcMillis};

use crate::gathering::Gathered;
use crate::home::Home;

pub(crate) const DAYS: i64 = 30;
const DAY_MILLIS: i64 = 86_400_000;
const HOURS_A_YEAR: i64 = 8_766;

/// The range that standby is found in: the last 30 days.
pub(crate) fn range(home: &Home<'_>) -> TimeRange {
    let end = home.now.ceil_to(QUARTER_HOUR_MILLIS);
    TimeRange::new(end.plus_millis(-DAYS * DAY_MILLIS), end)
}

/// The lowest mean power of a minute that was measured whole; gaps say nothing. An export is no standby.
pub(crate) fn of(socket: &SocketUsage) -> Option<Milliwatts> {
    socket.trough.map(|trough| trough.max(Milliwatts(0)))
}

/// Of the sockets that were measured in the [`range`].
pub(crate) fn of_all(
    home: &Home<'_>,
    gathered: &Gathered,
) -> Result<Vec<Milliwatts>, crate::gathering::GatherError> {
    Ok(home.whole(gathered, range(home), None)?.sockets.iter().filter_map(of).collect())
}

/// Together; `None` when there are none.
pub(crate) fn sum(sockets: &[Milliwatts]) -> Option<Milliwatts> {
    sockets.iter().copied().reduce(|a, b| Milliwatts(a.0 + b.0))
}

/// The present price of a kWh, used evenly through the week. `None` without a tariff.
pub(crate) fn mean_price(home: &Home<'_>) -> Option<Nano> {
    let start = home.now.floor_to(QUARTER_HOUR_MILLIS);
    let quarters = 7 * DAY_MILLIS / QUARTER_HOUR_MILLIS;
    // The week up to now, at the prices of the tariff that holds now.
    let week = TimeRange::new(start.plus_millis(-7 * DAY_MILLIS), start);
    let present = home.present_tariff()?;
    let prices = domain::tariff::Prices::new(std::slice::from_ref(&present), home.zone(), week);
    let mut sum = Cost::default();
    for n in 0..quarters {
        let quarter: UtcMillis = week.start.plus_millis(n * QUARTER_HOUR_MILLIS);
        sum.add(prices.cost(quarter, Joules(JOULES_PER_KWH))?);
    }
    Some(Nano(sum.round().0 / quarters))
}

/// What a steady power costs in a year of 365.25 days.
pub(crate) fn cost_of_a_year(power: Milliwatts, price: Nano) -> Nano {
    // mW × h × n€/kWh = 10⁻⁶ n€.
    let cost = i128::from(power.0) * i128::from(HOURS_A_YEAR) * i128::from(price.0) / 1_000_000;
    Nano(i64::try_from(cost).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_watts_at_thirty_cents_cost_twenty_six_euros_a_year() {
        assert_eq!(cost_of_a_year(Milliwatts(10_000), Nano(300_000_000)), Nano(26_298_000_000));
    }
}
