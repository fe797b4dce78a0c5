//! What a hub measured, tick by tick, as it is stored: for those who take it along. Streamed, so that ten years take no more
//! memory than some hours.

use std::fmt::Write as _;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::access::HubGrant;
use domain::calendar::QUARTER_HOUR_MILLIS;
use domain::measurement::StoreError;
use domain::{Clock as _, HubId, TimeRange, UtcMillis};
use futures_util::stream;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::Deps;
use crate::gathering::GatherError;
use crate::home::Reader;
use crate::routes::AppState;
use crate::usage::fault;

const HEAD: &str = "time,seconds,socket,joules\r\n";
/// What is held at once: of 64 sockets in ticks of 1 s some 10 MiB.
const PIECE_MILLIS: i64 = 2 * 3_600_000;
/// How far is looked ahead where nothing was measured. Quarter hours are small.
const LOOK_MILLIS: i64 = 30 * 24 * 3_600_000;

/// A time in which a hub was the household's and may have measured something.
#[derive(Serialize, ToSchema)]
struct MeasuredTime {
    hub: Uuid,
    /// In ms since the Unix epoch: not before the hub's first tick.
    from: i64,
    /// In ms since the Unix epoch, not included: not in the future.
    until: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MeasuredTimes {
    /// In order of time.
    times: Vec<MeasuredTime>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MeasurementParameters {
    #[param(required = true, nullable = false, value_type = String)]
    hub: Option<HubId>,
    /// In ms since the Unix epoch.
    #[param(required = true, nullable = false)]
    from: Option<i64>,
    /// In ms since the Unix epoch, not included.
    #[param(required = true, nullable = false)]
    until: Option<i64>,
}

/// When which hub may have measured something for the household.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/measured-times",
    params(("household" = Uuid, Path)),
    responses(
        (status = 200, body = MeasuredTimes),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn times(
    State(state): State<AppState>,
    Reader(claims): Reader,
) -> Result<Json<MeasuredTimes>, Problem> {
    let now = state.deps.clock.now();
    let mut times = Vec::new();
    for grant in &claims.hubs {
        let first = state.deps.rollups.first_tick(grant.hub).await.map_err(GatherError::from)?;
        let Some(first) = first else { continue };
        let range = grant.clip(TimeRange::new(first, now));
        if !range.is_empty() {
            times.push(MeasuredTime { hub: grant.hub.as_uuid(), from: range.start.0, until: range.end.0 });
        }
    }
    Ok(Json(MeasuredTimes { times }))
}

/// What a hub measured, tick by tick, in order of time.
///
/// CSV (RFC 4180): the tick's start (UTC, RFC 3339), its length in seconds, the socket, joules. A socket that was not
/// measured has no row. When the store fails on the way, the connection ends before the file does.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/measurements",
    params(("household" = Uuid, Path), MeasurementParameters),
    responses(
        (status = 200, content(("text/csv"))),
        (status = 400, description = "A parameter is unknown, malformed or there twice", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is missing; `field` says which", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn measurements(
    State(state): State<AppState>,
    Reader(claims): Reader,
    parameters: Result<Query<MeasurementParameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(parameters) = parameters
        .map_err(|rejection| Problem::new(http::StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let missing = |field: &str| fault(field, "It is missing.".to_owned());
    let hub = parameters.hub.ok_or_else(|| missing("hub"))?;
    let from = parameters.from.ok_or_else(|| missing("from"))?;
    let until = parameters.until.ok_or_else(|| missing("until"))?;
    let now = state.deps.clock.now();
    let asked = TimeRange::new(UtcMillis(from), UtcMillis(until).min(now));
    let parts = parts(&claims.hubs, hub, asked);
    let mut response = Body::from_stream(rows(state.deps, hub, parts)).into_response();
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, csv);
    Ok(response)
}

/// The parts of what is asked for in which the hub was the household's, the last one first.
fn parts(grants: &[HubGrant], hub: HubId, asked: TimeRange) -> Vec<TimeRange> {
    let own = grants.iter().filter(|grant| grant.hub == hub);
    let mut parts: Vec<TimeRange> =
        own.map(|grant| grant.clip(asked)).filter(|part| !part.is_empty()).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.start));
    parts
}

/// Piece by piece, whether there is anything in it or not: whoever reads sees how far it is by the times.
fn rows(
    deps: Deps,
    hub: HubId,
    parts: Vec<TimeRange>,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> {
    let head = Bytes::from_static(HEAD.as_bytes());
    let rows = stream::try_unfold((deps, hub, parts), async |(deps, hub, mut parts)| {
        let Some(part) = parts.pop() else { return Ok(None) };
        let end = part.start.floor_to(PIECE_MILLIS).plus_millis(PIECE_MILLIS).min(part.end);
        if end < part.end {
            parts.push(TimeRange::new(end, part.end));
        }
        let ticks = deps.query.ticks(hub, TimeRange::new(part.start, end)).await?;
        let mut text = String::new();
        for tick in &ticks {
            for (socket, joules) in tick.energy.iter() {
                // Writing into a string does not fail.
                let _infallible =
                    write!(text, "{},{},{socket},{}\r\n", tick.start, tick.length.secs(), joules.0);
            }
        }
        if ticks.is_empty()
            && let Some(silent) = parts.last_mut()
        {
            skip_silence(&deps, hub, silent).await?;
        }
        Ok(Some((Bytes::from(text), (deps, hub, parts))))
    });
    futures_util::StreamExt::chain(stream::once(async { Ok(head) }), rows)
}

/// Begins `rest` where the hub measures again, as far as can be seen in one look.
async fn skip_silence(deps: &Deps, hub: HubId, rest: &mut TimeRange) -> Result<(), StoreError> {
    let start = rest.start.floor_to(QUARTER_HOUR_MILLIS);
    let ahead = TimeRange::new(start, start.plus_millis(LOOK_MILLIS));
    let sums = deps.query.quarter_hours(hub, ahead).await?;
    let first = sums.iter().filter_map(|socket| socket.sums.first()).map(|sum| sum.start).min();
    rest.start = first.unwrap_or(ahead.end).clamp(rest.start, rest.end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_household_s_own_times_of_this_hub_are_read() {
        let hub = |n| HubId::from_bytes([n; 16]);
        let grant = |n, since, until: Option<i64>| HubGrant {
            hub: hub(n),
            since: UtcMillis(since),
            until: until.map(UtcMillis),
        };
        let grants = [grant(1, 0, Some(10)), grant(2, 0, None), grant(1, 20, Some(30)), grant(1, 40, None)];
        let of = |n, from, until| -> Vec<(i64, i64)> {
            let asked = TimeRange::new(UtcMillis(from), UtcMillis(until));
            parts(&grants, hub(n), asked).iter().rev().map(|part| (part.start.0, part.end.0)).collect()
        };
        assert_eq!(of(1, 5, 100), [(5, 10), (20, 30), (40, 100)]);
        assert_eq!(of(1, 10, 20), []);
        assert_eq!(of(2, -5, 5), [(0, 5)]);
        assert_eq!(of(3, 0, 100), []);
    }
}
