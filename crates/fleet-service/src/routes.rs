//! `/fleet`: the fleet in numbers. `/fleet/hubs`: the hubs themselves, page by page.

use std::sync::{Arc, Mutex};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as FromState};
use axum::routing::get;
use axum::{Json, Router};
use domain::{Clock, HubId, UtcMillis};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service::problem::Problem;

use crate::fleet::{Fleet, Seen, State, lock};
use crate::summary::Summary;

const LIMIT: usize = 100;
const MAX_LIMIT: usize = 10_000;

#[derive(Clone)]
struct Known {
    fleet: Arc<Mutex<Fleet>>,
    clock: Arc<dyn Clock>,
}

pub(crate) fn routes(fleet: Arc<Mutex<Fleet>>, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/fleet", get(summary))
        .route("/fleet/hubs", get(hubs))
        .with_state(Known { fleet, clock })
}

async fn summary(FromState(known): FromState<Known>) -> Json<Summary> {
    Json(lock(&known.fleet).summary(known.clock.now()))
}

/// Which hubs.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    state: Option<State>,
    version: Option<String>,
    /// Containers in the spool at least.
    waiting: u64,
    /// The last hub of the page before.
    after: Option<HubId>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Page {
    hubs: Vec<Shown>,
    /// `after` for the next page; not there on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<HubId>,
}

/// Times are in Unix seconds.
#[derive(Serialize)]
struct Shown {
    hub: HubId,
    state: State,
    heard: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_waiting: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_synchronised: Option<bool>,
}

impl Shown {
    fn new(hub: HubId, seen: &Seen, now: UtcMillis) -> Self {
        let about = seen.about.as_ref();
        Self {
            hub,
            state: seen.state(now),
            heard: seen.heard.secs(),
            version: about.map(|about| about.version.to_string()),
            started: about.map(|about| about.started.secs()),
            waiting: about.map(|about| about.waiting),
            oldest_waiting: about.and_then(|about| about.oldest_waiting).map(UtcMillis::secs),
            clock_synchronised: about.and_then(|about| about.clock_synchronised),
        }
    }
}

async fn hubs(
    FromState(known): FromState<Known>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let Query(wanted) =
        wanted.map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST).detail(rejection.body_text()))?;
    let limit = wanted.limit.unwrap_or(LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST).detail(format!("limit: 1 to {MAX_LIMIT}")));
    }
    let now = known.clock.now();
    let fleet = lock(&known.fleet);
    let is_wanted = |seen: &Seen| {
        let about = seen.about.as_ref();
        wanted.state.is_none_or(|state| state == seen.state(now))
            && wanted
                .version
                .as_ref()
                .is_none_or(|version| about.is_some_and(|told| *told.version == **version))
            && about.map_or(0, |told| told.waiting) >= wanted.waiting
    };
    let mut found = fleet.from(wanted.after).filter(|(_, seen)| is_wanted(seen));
    let hubs: Vec<Shown> = found.by_ref().take(limit).map(|(hub, seen)| Shown::new(hub, seen, now)).collect();
    let next = hubs.last().map(|last| last.hub).filter(|_| found.next().is_some());
    Ok(Json(Page { hubs, next }))
}
