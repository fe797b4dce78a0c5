//! From a question to its answer.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use domain::access::AccessClaims;
use domain::calendar::{Bucket, QUARTER_HOUR_MILLIS};
use domain::measurement::{BucketSum, MeasurementQuery, SocketSums, StoreError, StoredTick};
use domain::usage::Usage;
use domain::{HouseholdId, HubId, SocketNumber, TickLength, TimeRange};
use http::{HeaderMap, StatusCode};
use service::problem::Problem;

use super::answer::UsageAnswer;
use super::question::{Question, UsageParameters};
use crate::routes::{AppState, authorise};

/// Every tick length divides it.
const MINUTE_MILLIS: i64 = 60_000;

/// What the household used, per socket and bucket.
///
/// A bucket in which a socket was not measured is a gap (null), not a zero. Energy is in whole joules, so the
/// total is exactly the sum of its parts.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/usage",
    params(("household" = uuid::Uuid, Path), UsageParameters),
    responses(
        (status = 200, body = UsageAnswer),
        (status = 400, description = "A parameter is unknown or there twice", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is missing or makes no sense; `field` says which", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn usage(
    State(state): State<AppState>,
    household: Result<Path<HouseholdId>, PathRejection>,
    headers: HeaderMap,
    parameters: Result<Query<UsageParameters>, QueryRejection>,
) -> Result<Json<UsageAnswer>, Problem> {
    let Path(household) =
        household.map_err(|_| Problem::new(StatusCode::NOT_FOUND).detail("There is no such household."))?;
    let claims = authorise(&state.deps.tokens, &headers, household).await?;
    let Query(parameters) = parameters
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let question = parameters.check()?;
    let usage = answer(&state, &claims, &question).await?;
    Ok(Json(UsageAnswer::new(household, &claims.zone, question.bucket, &usage)))
}

async fn answer(state: &AppState, claims: &AccessClaims, question: &Question) -> Result<Usage, Problem> {
    let now = state.deps.clock.now();
    let query = &*state.deps.query;
    let hubs: Vec<_> =
        claims.hubs.iter().filter(|grant| question.hub.is_none_or(|hub| hub == grant.hub)).collect();

    if question.bucket == Bucket::Tick {
        // How long the ticks are shows only when they are there; the first bucket may begin before the range does.
        let minutes = TimeRange::new(
            question.range.start.floor_to(MINUTE_MILLIS),
            question.range.end.ceil_to(MINUTE_MILLIS),
        );
        let mut all = Vec::new();
        for grant in hubs {
            let range = grant.clip(minutes);
            if !range.is_empty() {
                all.push((grant.hub, query.ticks(grant.hub, range).await.map_err(|e| refused(&e))?));
            }
        }
        let length = common_length(&all);
        let edges = question.edges(&claims.zone, length)?;
        let sums = all.into_iter().map(|(hub, ticks)| (hub, tick_sums(&ticks, question.socket))).collect();
        return Ok(Usage::new(edges, now, sums));
    }

    let edges = question.edges(&claims.zone, TickLength::DEFAULT)?;
    let whole = match (edges.first(), edges.last()) {
        (Some(&start), Some(&end)) => TimeRange::new(start, end),
        _ => question.range,
    };
    let mut sums = Vec::new();
    for grant in hubs {
        let range = grant.clip(whole);
        if !range.is_empty() {
            let mut sockets = quarter_hours(query, grant.hub, range).await.map_err(|e| refused(&e))?;
            sockets.retain(|sums| question.socket.is_none_or(|socket| socket == sums.socket));
            sums.push((grant.hub, sockets));
        }
    }
    Ok(Usage::new(edges, now, sums))
}

/// A hub may have changed hands inside a quarter hour: the parts at the edges are then summed from ticks.
async fn quarter_hours(
    query: &dyn MeasurementQuery,
    hub: HubId,
    range: TimeRange,
) -> Result<Vec<SocketSums>, StoreError> {
    let whole =
        TimeRange::new(range.start.ceil_to(QUARTER_HOUR_MILLIS), range.end.floor_to(QUARTER_HOUR_MILLIS));
    if whole == range {
        return query.quarter_hours(hub, range).await;
    }
    if whole.is_empty() {
        return Ok(domain::measurement::sum_quarter_hours(&query.ticks(hub, range).await?));
    }
    let before = query.ticks(hub, TimeRange::new(range.start, whole.start)).await?;
    let after = query.ticks(hub, TimeRange::new(whole.end, range.end)).await?;
    let mut sums = domain::measurement::sum_quarter_hours(&before);
    sums.extend(query.quarter_hours(hub, whole).await?);
    sums.extend(domain::measurement::sum_quarter_hours(&after));
    Ok(sums)
}

/// The shortest bucket that holds whole ticks of every hub: tick lengths divide a minute.
fn common_length(hubs: &[(HubId, Vec<StoredTick>)]) -> TickLength {
    hubs.iter()
        .flat_map(|(_, ticks)| ticks)
        .map(|tick| tick.length)
        .reduce(|a, b| if a == b { a } else { least_common_multiple(a, b) })
        .unwrap_or_default()
}

fn least_common_multiple(a: TickLength, b: TickLength) -> TickLength {
    (1..=60u32)
        .filter(|secs| secs.is_multiple_of(a.secs()) && secs.is_multiple_of(b.secs()))
        .find_map(|secs| TickLength::from_secs(secs).ok())
        .unwrap_or(a)
}

fn tick_sums(ticks: &[StoredTick], only: Option<SocketNumber>) -> Vec<SocketSums> {
    let mut sockets: Vec<Vec<BucketSum>> = vec![Vec::new(); domain::ids::MAX_SOCKETS];
    for tick in ticks {
        for (socket, energy) in tick.energy.iter() {
            if only.is_none_or(|only| only == socket) {
                sockets[socket.index()].push(BucketSum::of_tick(tick.start, tick.length, energy));
            }
        }
    }
    SocketNumber::in_mask(u64::MAX)
        .zip(sockets)
        .filter(|(_, sums)| !sums.is_empty())
        .map(|(socket, sums)| SocketSums { socket, sums })
        .collect()
}

fn refused(error: &StoreError) -> Problem {
    match error {
        StoreError::Unavailable { .. } | StoreError::Unauthorised { .. } => Problem::unavailable(error),
        StoreError::Rejected { .. } => Problem::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_of_different_ticks_share_the_shortest_bucket_that_fits_both() {
        let secs = |n| TickLength::from_secs(n).unwrap();
        assert_eq!(least_common_multiple(secs(4), secs(6)), secs(12));
        assert_eq!(least_common_multiple(secs(10), secs(60)), secs(60));
        assert_eq!(least_common_multiple(secs(12), secs(5)), secs(60));
    }
}
