//! For how long the home used how much.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::calendar::{Bucket, QUARTER_HOUR_MILLIS};
use domain::measurement::BucketSum;
use domain::rollup::Detail;
use domain::{Milliwatts, TimeRange, UtcMillis};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::{IntoParams, ToSchema};

use crate::gathering::GatherError;
use crate::home::{Home, Reader};
use crate::routes::AppState;
use crate::usage::{range, watts};

const MAX_DAYS: i64 = 400;
const STEPS: usize = 100;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DurationParameters {
    /// Start, RFC 3339. Rounded down to a quarter hour.
    #[param(required = true, nullable = false, example = "2026-11-01T00:00:00+01:00")]
    from: Option<String>,
    /// End, RFC 3339, not included. Rounded up to a quarter hour. At most 400 days later.
    #[param(required = true, nullable = false, example = "2026-12-01T00:00:00+01:00")]
    to: Option<String>,
}

/// The load duration curve of the whole home.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DurationAnswer {
    from: String,
    to: String,
    /// How many quarter hours have a measurement.
    quarter_hours: usize,
    /// 101 powers, the highest first, in watts: the mean power of a quarter hour was at least entry p in p percent of
    /// the measured ones. Of the sockets that were measured then. Empty when nothing was.
    power_w: Vec<f64>,
}

/// How the home's power is spread: the load duration curve.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/duration",
    params(("household" = uuid::Uuid, Path), DurationParameters),
    responses(
        (status = 200, body = DurationAnswer),
        (status = 400, description = "A parameter is unknown or there twice", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is missing or makes no sense; `field` says which", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn duration(
    State(state): State<AppState>,
    Reader(claims): Reader,
    parameters: Result<Query<DurationParameters>, QueryRejection>,
) -> Result<Json<DurationAnswer>, Problem> {
    let Query(parameters) = parameters
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let asked = range(parameters.from.as_deref(), parameters.to.as_deref(), MAX_DAYS, Bucket::QuarterHour)?;
    let range =
        TimeRange::new(asked.start.floor_to(QUARTER_HOUR_MILLIS), asked.end.ceil_to(QUARTER_HOUR_MILLIS));
    let home = Home::open(&state.deps, claims).await?;
    let gathered = home.gather(range, Detail::Energy).await?;
    let mut load = Load::new(range);
    gathered.for_each(|sum| load.add(sum)).map_err(GatherError::from)?;
    let powers = load.sorted();
    Ok(Json(DurationAnswer {
        from: range.start.to_string(),
        to: range.end.to_string(),
        quarter_hours: powers.len(),
        power_w: curve(&powers).into_iter().map(watts).collect(),
    }))
}

/// The mean power of the home, quarter hour by quarter hour; `None` where nothing was measured.
struct Load {
    start: UtcMillis,
    quarters: Vec<Option<i64>>,
}

impl Load {
    /// For a range of whole quarter hours.
    fn new(range: TimeRange) -> Self {
        let count = usize::try_from(range.millis() / QUARTER_HOUR_MILLIS).unwrap_or(0);
        Self { start: range.start, quarters: vec![None; count] }
    }

    /// A quarter hour that was measured in part counts with the mean power of that part.
    fn add(&mut self, sum: &BucketSum) {
        let place = sum.start.millis_since(self.start).div_euclid(QUARTER_HOUR_MILLIS);
        let Some(power) = usize::try_from(place).ok().and_then(|place| self.quarters.get_mut(place)) else {
            return;
        };
        // J × 10⁶ / ms = mW.
        *power.get_or_insert(0) += sum.energy.0 * 1_000_000 / sum.measured_millis.max(1);
    }

    fn sorted(self) -> Vec<Milliwatts> {
        let mut powers: Vec<Milliwatts> = self.quarters.into_iter().flatten().map(Milliwatts).collect();
        powers.sort_unstable_by(|a, b| b.cmp(a));
        powers
    }
}

fn curve(powers: &[Milliwatts]) -> Vec<Milliwatts> {
    let Some(last) = powers.len().checked_sub(1) else { return Vec::new() };
    (0..=STEPS).map(|percent| powers[last * percent / STEPS]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_falls_from_the_highest_to_the_lowest() {
        let powers: Vec<Milliwatts> = (0..=1_000).rev().map(Milliwatts).collect();
        let curve = curve(&powers);
        assert_eq!((curve.len(), curve[0], curve[100]), (101, Milliwatts(1_000), Milliwatts(0)));
        assert_eq!(curve[25], Milliwatts(750));
        assert_eq!(super::curve(&[Milliwatts(5)]), [Milliwatts(5); 101]);
        assert!(super::curve(&[]).is_empty());
    }
}
