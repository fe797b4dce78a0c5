//! What each month came to.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::TimeRange;
use domain::rollup::Detail;
use domain::usage::Usage;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::gathering::GatherError;
use crate::home::{Home, Reader};
use crate::routes::AppState;
use crate::usage::{fault, rounded, standing};

const DEFAULT_MONTHS: i32 = 13;
const MAX_MONTHS: i32 = 120;
const DAY_MILLIS: i64 = 86_400_000;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BillsParameters {
    /// How many months, the running one included: 1 to 120, by default 13.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 120)]
    months: Option<String>,
}

/// The household's months. Money is in billionths of the currency's unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BillsAnswer {
    /// ISO 4217; null without a tariff.
    currency: Option<String>,
    zone: String,
    /// The oldest first, the last one is the running one.
    months: Vec<MonthAnswer>,
    /// For a month.
    budget_n: Option<i64>,
    /// Null when too little was measured.
    forecast: Option<ForecastAnswer>,
    /// What each socket came to in the running month.
    sockets: Vec<SocketBill>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonthAnswer {
    #[schema(example = "2026-11")]
    month: String,
    /// Unix seconds.
    start: i64,
    /// Unix seconds; not included.
    end: i64,
    /// Joules, what was fed in taken off; null when nothing was measured.
    energy_j: Option<i64>,
    /// Joules that were fed in, 0 or more: the quarter hours in which a socket gave more than it took, each socket by
    /// itself. They are in `energy_j` already, taken off.
    export_j: i64,
    /// Without the standing charge; null where no tariff holds.
    energy_cost_n: Option<i64>,
    /// Of the days that have begun.
    standing_n: i64,
    /// Energy and standing charge; null when there is no cost of energy.
    total_n: Option<i64>,
    /// How much was measured of what was to be expected, 0 to 1.
    coverage: f64,
    /// Whether it is still going on.
    running: bool,
}

/// The whole running month as it is expected to be at its end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastAnswer {
    energy_j: i64,
    /// The standing charge included; null without a tariff.
    total_n: Option<i64>,
    basis: Basis,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Basis {
    /// Each day that is to come is like the mean of the same weekday in the past four weeks.
    Weekdays,
    /// Each day that is to come is like the mean of the days of this month so far.
    MonthSoFar,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SocketBill {
    hub: Uuid,
    #[schema(maximum = 63)]
    socket: u8,
    energy_j: i64,
    cost_n: Option<i64>,
}

/// What each month came to, and what the running one will come to.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/bills",
    params(("household" = uuid::Uuid, Path), BillsParameters),
    responses(
        (status = 200, body = BillsAnswer),
        (status = 400, description = "A parameter is unknown or there twice", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter makes no sense; `field` says which", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn bills(
    State(state): State<AppState>,
    Reader(claims): Reader,
    parameters: Result<Query<BillsParameters>, QueryRejection>,
) -> Result<Json<BillsAnswer>, Problem> {
    let Query(parameters) = parameters
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let count = parameters.check()?;
    let home = Home::open(&state.deps, claims).await?;
    let edges = home.month_edges(count).ok_or_else(|| fault("months", "They lie outside the calendar."))?;
    let (first, last) = (edges[0], edges[edges.len() - 1]);
    let look_back = home.now.plus_millis(-(insight::LOOK_BACK_DAYS + 1) * DAY_MILLIS);
    let range = TimeRange::new(first.min(look_back), last);
    let gathered = home.gather(range, Detail::Energy).await?;
    let prices = home.prices(range);
    let usage = home.usage(&gathered, edges, prices.as_ref())?;
    let months: Vec<MonthAnswer> =
        (0..usage.bucket_count()).map(|month| MonthAnswer::new(&home, &usage, month)).collect();
    let running = usage.bucket_count() - 1;
    Ok(Json(BillsAnswer {
        currency: home.currency(),
        zone: home.zone().name().to_owned(),
        forecast: insight::expected(&home, &gathered, &usage).map_err(GatherError::from)?.map(Into::into),
        sockets: usage
            .sockets
            .iter()
            .filter_map(|socket| {
                let cost = socket.cost.as_ref().and_then(|cost| cost.buckets[running]);
                Some(SocketBill {
                    hub: socket.hub.as_uuid(),
                    socket: socket.socket.get(),
                    energy_j: socket.energy[running]?.0,
                    cost_n: cost.map(|nano| nano.0),
                })
            })
            .collect(),
        months,
        budget_n: home.settings.budget.map(|nano| nano.0),
    }))
}

impl BillsParameters {
    fn check(&self) -> Result<i32, Problem> {
        let Some(text) = &self.months else { return Ok(DEFAULT_MONTHS) };
        let months = text.parse().ok().filter(|months| (1..=MAX_MONTHS).contains(months));
        months.ok_or_else(|| fault("months", format!("{text:?} is not a number from 1 to {MAX_MONTHS}.")))
    }
}

impl MonthAnswer {
    fn new(home: &Home<'_>, usage: &Usage, month: usize) -> Self {
        let (start, end) = (usage.edges[month], usage.edges[month + 1]);
        let energy_cost = usage.bucket_cost(month);
        let standing = standing(home, start, end);
        Self {
            month: home
                .zone()
                .date_of(start)
                .map(|date| date.strftime("%Y-%m").to_string())
                .unwrap_or_default(),
            start: start.secs(),
            end: end.secs(),
            energy_j: usage.bucket_total(month).map(|joules| joules.0),
            export_j: usage.sockets.iter().map(|socket| socket.exported[month].0).sum(),
            energy_cost_n: energy_cost.map(|nano| nano.0),
            standing_n: standing.0,
            total_n: energy_cost.map(|cost| cost.0 + standing.0),
            coverage: rounded(usage.home_bucket_coverage(month)),
            running: end > home.now,
        }
    }
}

impl From<insight::Expected> for ForecastAnswer {
    fn from(expected: insight::Expected) -> Self {
        Self {
            energy_j: expected.energy.0,
            total_n: expected.total.map(|nano| nano.0),
            basis: match expected.basis {
                insight::Basis::Weekdays => Basis::Weekdays,
                insight::Basis::MonthSoFar => Basis::MonthSoFar,
            },
        }
    }
}
