//! From a question to its answer.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::UtcMillis;
use domain::calendar::Bucket;
use domain::rollup::Detail;
use domain::usage::{Usage, UsageBuilder};
use http::StatusCode;
use service::problem::Problem;
use tokio::try_join;

use super::answer::UsageAnswer;
use super::comparison;
use super::grouping;
use super::known;
use super::matching;
use super::question::{Group, Question, UsageParameters};
use super::ticks::{self, Ticks};
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
        (status = 422, description = "A parameter is missing or makes no sense, or the household has no such hub or socket; `field` says which", body = Problem, content_type = "application/problem+json"),
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
    let other = async {
        match question.compare {
            Some(with) => comparison::gather(&home, &question, with).await.map(Some),
            None => Ok(None),
        }
    };
    known::check_hub(&home, &question.only)?;
    let (here, other) = try_join!(gather(&home, &question), other)?;
    let compare = other.map(|there| comparison::answer(&home, &question, &here, &there));
    let usage = here.usage;
    if usage.sockets.is_empty() && usage.absent.is_empty() {
        known::check_socket(&home, &question.only).await?;
    }
    let rooms = match question.group {
        Group::Room => Some(grouping::rooms(&usage, &home.labels().await?)),
        Group::Socket | Group::Home => None,
    };
    Ok(Json(UsageAnswer::new(&home, &question, &usage, rooms, compare)))
}

/// What is asked for of a period.
pub(super) struct Period {
    pub(super) usage: Usage,
    /// The same in the buckets that it is compared by, when those are others.
    fine: Option<Usage>,
}

impl Period {
    pub(super) fn fine(&self) -> &Usage {
        self.fine.as_ref().unwrap_or(&self.usage)
    }
}

async fn gather(home: &Home<'_>, question: &Question) -> Result<Period, Problem> {
    match question.bucket {
        Bucket::Tick => {
            let mut usage = tick_by_tick(home, question).await?;
            question.only.keep_in(&mut usage);
            Ok(Period { usage, fine: None })
        }
        _ => between(home, question, question.edges(home.zone())?).await,
    }
}

async fn tick_by_tick(home: &Home<'_>, question: &Question) -> Result<Usage, GatherError> {
    let (range, query) = (question.range, &*home.deps.query);
    let ticks = async {
        let successions = &home.settings.successions;
        Ok(Ticks::gather(query, &home.claims.hubs, question.only, successions, range).await?)
    };
    let (ticks, sightings) = try_join!(ticks, home.sightings(range))?;
    let length = ticks.length(range);
    // A bucket counts whole as soon as it has begun: its energy and its coverage then say its power.
    let now = home.now.ceil_to(length.millis_i64());
    let mut builder = UsageBuilder::new(ticks::edges(range, length), now).for_home(&home.settings);
    sightings.add_to(&mut builder)?;
    for (hub, sums) in ticks.sums() {
        builder.add_sums(hub, &sums);
    }
    Ok(builder.finish())
}

/// In the buckets between these edges.
pub(super) async fn between(
    home: &Home<'_>,
    question: &Question,
    edges: Vec<UtcMillis>,
) -> Result<Period, Problem> {
    let whole = super::question::whole(&edges);
    let detail = if whole.millis() > POWER_DAYS * DAY_MILLIS { Detail::Energy } else { Detail::Power };
    let gathered = home.gather(whole, detail).await?;
    let prices = if question.cost { home.prices(whole) } else { None };
    let finer = matching::finer(question.bucket);
    let (mut usage, mut fine) = if question.compare.is_some() && finer != question.bucket {
        let others = super::question::edges(whole, finer, home.zone())?;
        let (usage, energy) = home.usage_and_energy(&gathered, edges, prices.as_ref(), others)?;
        (usage, Some(energy))
    } else {
        (home.usage(&gathered, edges, prices.as_ref())?, None)
    };
    for usage in std::iter::once(&mut usage).chain(&mut fine) {
        question.only.keep_in(usage);
    }
    Ok(Period { usage, fine })
}
