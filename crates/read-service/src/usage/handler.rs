//! From a question to its answer.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::TickLength;
use domain::calendar::Bucket;
use domain::rollup::Detail;
use domain::usage::{Usage, UsageBuilder};
use http::StatusCode;
use service::problem::Problem;
use tokio::try_join;

use super::answer::UsageAnswer;
use super::comparison;
use super::grouping;
use super::question::{Group, Question, UsageParameters};
use super::ticks::Ticks;
use crate::gathering::GatherError;
use crate::home::{Home, Reader};
use crate::routes::AppState;

/// In longer ranges nobody looks for the one highest tick, and the powers are two thirds of what a rollup has.
const POWER_DAYS: i64 = 100;
const DAY_MILLIS: i64 = 86_400_000;

/// What the household used, per socket and bucket.
///
/// A bucket in which a socket was not measured is a gap (null), not a zero. Energy is in whole joules and money in
/// whole billionths, so a total is exactly the sum of its parts.
#[utoipa::path(
    get,
    path = "/v1/households/{household}/usage",
    params(("household" = uuid::Uuid, Path), UsageParameters),
    responses(
        (status = 200, body = UsageAnswer),
        (status = 400, description = "A parameter is unknown or there twice", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The token is not for reading", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a household of this token", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is missing or makes no sense; `field` says which", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot answer now", body = Problem, content_type = "application/problem+json"),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn usage(
    State(state): State<AppState>,
    Reader(claims): Reader,
    parameters: Result<Query<UsageParameters>, QueryRejection>,
) -> Result<Json<UsageAnswer>, Problem> {
    let Query(parameters) = parameters
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let question = parameters.check()?;
    let home = Home::open(&state.deps, claims).await?;
    let compare = async {
        match question.compare {
            Some(with) => comparison::answer(&home, &question, with).await.map(Some),
            None => Ok(None),
        }
    };
    let (mut usage, compare) = try_join!(answer(&home, &question), compare)?;
    question.keep_what_is_asked(&mut usage);
    let rooms = match question.group {
        Group::Room => Some(grouping::rooms(&usage, &home.labels().await?)),
        Group::Socket | Group::Home => None,
    };
    Ok(Json(UsageAnswer::new(&home, &question, &usage, rooms, compare)))
}

async fn answer(home: &Home<'_>, question: &Question) -> Result<Usage, Problem> {
    if question.bucket == Bucket::Tick {
        let ticks = Ticks::gather(&*home.deps.query, &home.claims.hubs, question.range).await;
        let ticks = ticks.map_err(GatherError::from)?;
        let edges = question.edges(home.zone(), ticks.length())?;
        let mut builder = UsageBuilder::new(edges, home.now).for_home(&home.settings);
        for (hub, sums) in ticks.sums() {
            builder.add_sums(hub, &sums);
        }
        return Ok(builder.finish());
    }
    let edges = question.edges(home.zone(), TickLength::DEFAULT)?;
    Ok(between(home, edges, question.cost).await?)
}

/// Of all sockets, in the buckets between these edges.
pub(super) async fn between(
    home: &Home<'_>,
    edges: Vec<domain::UtcMillis>,
    cost: bool,
) -> Result<Usage, GatherError> {
    let whole = super::question::whole(&edges);
    let detail = if whole.millis() > POWER_DAYS * DAY_MILLIS { Detail::Energy } else { Detail::Power };
    let gathered = home.gather(whole, detail).await?;
    let prices = if cost { home.prices(whole) } else { None };
    home.usage(&gathered, edges, prices.as_ref())
}
