//! Every socket with what it stands for in a year.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::TimeRange;
use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::registry::SocketKey;
use domain::usage::{SocketUsage, Usage};
use serde::Serialize;
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use super::standby;
use crate::home::{Home, Reader};
use crate::routes::AppState;
use crate::usage::{rounded, watts};

const YEAR_DAYS: i64 = 365;
const DAY_MILLIS: i64 = 86_400_000;

/// The sockets that measured something in the last 365 days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SocketsAnswer {
    /// ISO 4217; null without a tariff.
    currency: Option<String>,
    /// How many days `…_year_…` is about.
    days: i64,
    sockets: Vec<SocketOverview>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SocketOverview {
    hub: Uuid,
    #[schema(maximum = 63)]
    socket: u8,
    /// Start of the first quarter hour with a measurement in the last 365 days, in Unix seconds.
    first_seen: i64,
    /// End of the last quarter hour with a measurement, in Unix seconds, not later than now.
    last_seen: i64,
    /// The lowest mean power of a minute that was measured whole in the last 30 days, in watts; gaps say nothing.
    standby_w: Option<f64>,
    /// What that costs in a year at the present tariff, in billionths of the currency's unit.
    standby_year_n: Option<i64>,
    /// The highest mean power of a tick in the last 30 days, in watts.
    peak_30d_w: Option<f64>,
    /// Joules of the last 30 days; null when nothing was measured.
    energy_30d_j: Option<i64>,
    coverage_30d: f64,
    cost_30d_n: Option<i64>,
    /// Joules of the last 365 days.
    energy_year_j: i64,
    /// How much of the last 365 days was measured, 0 to 1.
    coverage_year: f64,
    cost_year_n: Option<i64>,
}

/// Every socket with its standby and its cost of a year.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/sockets",
    params(("household" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = SocketsAnswer),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn sockets(
    State(state): State<AppState>,
    Reader(claims): Reader,
) -> Result<Json<SocketsAnswer>, Problem> {
    let home = Home::open(&state.deps, claims).await?;
    let end = home.now.ceil_to(QUARTER_HOUR_MILLIS);
    let year = TimeRange::new(end.plus_millis(-YEAR_DAYS * DAY_MILLIS), end);
    let month = standby::range(&home);
    let gathered = home.gather_with_power_since(year, month.start).await?;
    let prices = home.prices(year);
    let of_year = home.whole(&gathered, year, prices.as_ref())?;
    let of_month = home.whole(&gathered, month, prices.as_ref())?;
    let price = standby::mean_price(&home);
    let recent: BTreeMap<SocketKey, &SocketUsage> =
        of_month.sockets.iter().map(|socket| (key(socket), socket)).collect();
    let overview = |socket: &SocketUsage| {
        let recent = recent.get(&key(socket)).copied();
        let standby = recent.and_then(standby::of);
        SocketOverview {
            hub: socket.hub.as_uuid(),
            socket: socket.socket.get(),
            first_seen: socket.seen.start.secs(),
            last_seen: socket.seen.end.min(home.now).secs(),
            standby_w: standby.map(watts),
            standby_year_n: standby.zip(price).map(|(power, price)| standby::cost_of_a_year(power, price).0),
            peak_30d_w: recent.and_then(|socket| socket.peak).map(watts),
            energy_30d_j: recent.map(|socket| socket.total.0),
            coverage_30d: recent.map_or(0.0, |socket| rounded(of_month.total_coverage(socket))),
            cost_30d_n: recent.and_then(cost),
            energy_year_j: socket.total.0,
            coverage_year: rounded(of_year.total_coverage(socket)),
            cost_year_n: cost(socket),
        }
    };
    let sockets = overview_of(&of_year, overview);
    Ok(Json(SocketsAnswer { currency: home.currency(), days: YEAR_DAYS, sockets }))
}

fn overview_of(usage: &Usage, each: impl Fn(&SocketUsage) -> SocketOverview) -> Vec<SocketOverview> {
    usage.sockets.iter().map(each).collect()
}

fn key(socket: &SocketUsage) -> SocketKey {
    SocketKey { hub: socket.hub, socket: socket.socket }
}

fn cost(socket: &SocketUsage) -> Option<i64> {
    Some(socket.cost.as_ref()?.total?.0)
}
