//! Questions about a household's energy, which the read-service answers.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use domain::HouseholdId;
use http::StatusCode;
use service::problem::Problem;

use super::{Address, AppState};
use crate::caller::Caller;
use crate::proxy::{pass_on, pass_on_until};
use crate::upstream::Length;

/// Answered in one piece, soon.
const QUESTIONS: [&str; 6] = ["usage", "sockets", "bills", "duration", "today", "metrics"];

pub(super) fn routes() -> Router<AppState> {
    let questions = QUESTIONS.into_iter().map(|name| (name, question(name, Length::Short)));
    questions
        .chain([("export", question("export", Length::Long)), ("live", get(live))])
        .fold(Router::new(), |all, (name, one)| {
            all.route(&format!("/api/households/{{household}}/{name}"), one)
        })
}

fn question(name: &'static str, length: Length) -> MethodRouter<AppState> {
    get(
        move |State(state): State<AppState>,
              Address(household): Address<HouseholdId>,
              caller: Caller,
              RawQuery(query): RawQuery| async move {
            match read(&state, &caller, household, name, query.as_deref(), length).await? {
                Some(answer) => Ok(pass_on(answer).await),
                None => Ok::<Response, Problem>(caller.refused()),
            }
        },
    )
}

async fn live(
    State(state): State<AppState>,
    Address(household): Address<HouseholdId>,
    caller: Caller,
) -> Result<Response, Problem> {
    match read(&state, &caller, household, "live", None, Length::Long).await? {
        Some(answer) => Ok(pass_on_until(answer, state.shutdown).await),
        None => Ok(caller.refused()),
    }
}

/// `None`: the caller is nobody that the auth-service knows.
async fn read(
    state: &AppState,
    caller: &Caller,
    household: HouseholdId,
    name: &str,
    query: Option<&str>,
    length: Length,
) -> Result<Option<reqwest::Response>, Problem> {
    let path = format!("/v1/households/{household}/{name}");
    match state.upstream.read(caller.secret(), household, &path, query, length).await {
        Ok(answer) => Ok(Some(answer)),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED.as_u16() => Ok(None),
        Err(problem) => Err(problem),
    }
}
