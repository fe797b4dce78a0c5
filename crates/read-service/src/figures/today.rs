//! The figures beside the present power.

use axum::Json;
use axum::extract::State;
use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::registry::SocketKey;
use domain::usage::SocketUsage;
use domain::{Joules, Milliwatts, TimeRange, UtcMillis};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use service::problem::Problem;
use tokio::try_join;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{present, standby};
use crate::home::{Home, Reader};
use crate::routes::AppState;
use crate::usage::{rounded, watts};

/// Of which the same weekday is looked at.
const WEEKS: i32 = 4;
/// Fewer such days are nothing usual.
const ENOUGH_DAYS: usize = 2;
/// A day that was measured less is not compared with.
const ENOUGH_COVERAGE: f64 = 0.9;

/// Today so far, from local midnight.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TodayAnswer {
    /// Joules of the whole home; null when nothing was measured.
    energy_j: Option<i64>,
    /// How much was measured of what was to be expected, 0 to 1.
    coverage: f64,
    /// What it cost, without the standing charge, in billionths of the currency's unit.
    cost_n: Option<i64>,
    /// ISO 4217; null without a tariff.
    currency: Option<String>,
    /// The median of the same weekdays of the past four weeks, from midnight to this time of the day, in joules; null
    /// when fewer than two of them were measured for nine tenths of that time.
    usual_j: Option<i64>,
    /// The sum of the sockets' present power, in watts; null when none of them was measured in the last two minutes.
    power_w: Option<f64>,
    /// The sum of the sockets' standby, in watts: of each the lowest mean power of a minute in the last 30 days.
    standby_w: Option<f64>,
    /// What that costs in a year at the present tariff, in billionths of the currency's unit: the exact sum of what
    /// `…/sockets` says of each.
    standby_year_n: Option<i64>,
    /// Those that were measured today, by hub and number.
    sockets: Vec<SocketToday>,
}

/// One socket, today so far. Those that carry on for others have their history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SocketToday {
    hub: Uuid,
    #[schema(maximum = 63)]
    socket: u8,
    /// What people call it; null when it has no name.
    name: Option<String>,
    room: Option<String>,
    /// The mean power of the last tick, in watts; null when that ended more than two minutes ago.
    power_w: Option<f64>,
    /// Joules; negative when it fed in more than it used.
    energy_j: i64,
    /// Billionths of the currency's unit.
    cost_n: Option<i64>,
}

/// Today so far, what is usual, and the present power.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/today",
    params(("household" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = TodayAnswer),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn today(
    State(state): State<AppState>,
    Reader(claims): Reader,
) -> Result<Json<TodayAnswer>, Problem> {
    let home = Home::open(&state.deps, claims).await?;
    let Some(days) = Days::of(&home) else {
        let detail = "Today lies outside the calendar.";
        return Err(Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY).detail(detail));
    };
    let month = standby::range(&home);
    let range = TimeRange::new(days.first().min(month.start), month.end);
    let (recent, powers) =
        try_join!(home.gather_with_power_since(range, month.start), present::powers(&home))?;
    let labels = home.labels().await?;
    let prices = home.prices(days.today);
    let so_far = home.whole(&recent, days.today, prices.as_ref())?;
    let before = home.usage(&recent, days.edges(), None)?;
    let usual = (0..days.before.len())
        // Every other bucket is what lies between two of the days.
        .map(|day| 2 * day)
        .filter(|&bucket| before.home_bucket_coverage(bucket) >= ENOUGH_COVERAGE)
        .filter_map(|bucket| before.bucket_total(bucket));
    let standby = standby::of_all(&home, &recent)?;
    let costs = standby::mean_price(&home)
        .map(|price| standby.iter().map(move |&power| standby::cost_of_a_year(power, price)));
    let standby_year = costs.and_then(|costs| costs.reduce(|a, b| a + b));
    let of_socket = |usage: &SocketUsage| {
        let key = SocketKey { hub: usage.hub, socket: usage.socket };
        let label = labels.get(&key);
        SocketToday {
            hub: usage.hub.as_uuid(),
            socket: usage.socket.get(),
            name: label.map(|label| label.name.clone()),
            room: label.and_then(|label| label.room.clone()),
            power_w: powers.get(&key).copied().map(watts),
            energy_j: usage.total.0,
            cost_n: usage.cost.as_ref().and_then(|cost| cost.total).map(|nano| nano.0),
        }
    };
    Ok(Json(TodayAnswer {
        energy_j: so_far.bucket_total(0).map(|joules| joules.0),
        coverage: rounded(so_far.home_coverage()),
        cost_n: so_far.total_cost().map(|nano| nano.0),
        currency: home.currency(),
        usual_j: median(usual.collect()).map(|joules| joules.0),
        power_w: powers.values().copied().reduce(|a, b| Milliwatts(a.0 + b.0)).map(watts),
        standby_w: standby::sum(&standby).map(watts),
        standby_year_n: standby_year.map(|nano| nano.0),
        sockets: so_far.sockets.iter().map(of_socket).collect(),
    }))
}

/// Today, and the same weekday in the weeks before, from midnight to the same time of the day.
struct Days {
    today: TimeRange,
    before: Vec<TimeRange>,
}

impl Days {
    fn of(home: &Home<'_>) -> Option<Self> {
        let zone = home.zone();
        let date: Date = zone.date_of(home.now)?;
        let end = home.now.ceil_to(QUARTER_HOUR_MILLIS);
        let today = TimeRange::new(zone.midnight(date)?, end);
        // Whole quarter hours that are over.
        let passed = home.now.floor_to(QUARTER_HOUR_MILLIS).millis_since(today.start);
        let mut before = Vec::new();
        for weeks in (1..=WEEKS).rev() {
            let day = zone.day(date.checked_sub(weeks.weeks()).ok()?)?;
            before.push(TimeRange::new(day.start, day.start.plus_millis(passed).min(day.end)));
        }
        Some(Self { today, before })
    }

    fn first(&self) -> UtcMillis {
        self.before.first().unwrap_or(&self.today).start
    }

    fn edges(&self) -> Vec<UtcMillis> {
        self.before.iter().flat_map(|day| [day.start, day.end]).collect()
    }
}

fn median(mut values: Vec<Joules>) -> Option<Joules> {
    if values.len() < ENOUGH_DAYS {
        return None;
    }
    values.sort_unstable();
    let middle = values.len() / 2;
    let (low, high) = if values.len().is_multiple_of(2) {
        (values[middle - 1], values[middle])
    } else {
        (values[middle], values[middle])
    };
    Some(Joules(low.0.midpoint(high.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_care_for_the_one_odd_day() {
        let of = |values: &[i64]| median(values.iter().copied().map(Joules).collect()).map(|joules| joules.0);
        assert_eq!(of(&[5]), None);
        assert_eq!(of(&[5, 7]), Some(6));
        assert_eq!(of(&[5, 900, 7]), Some(7));
        assert_eq!(of(&[5, 900, 7, 8]), Some(7));
    }
}
