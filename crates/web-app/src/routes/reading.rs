//! Questions about a household's energy, which the read-service answers.

use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::HouseholdId;
use http::StatusCode;
use service::problem::Problem;

use super::endpoints::Endpoints;
use super::{Address, AppState};
use crate::caller::Caller;
use crate::proxy::{pass_on, pass_on_until};
use crate::upstream::{Length, STANDS_MILLIS};

/// Answered in one piece, soon, but for the last.
const QUESTIONS: [(&str, Length); 7] = [
    ("usage", Length::Short),
    ("sockets", Length::Short),
    ("bills", Length::Short),
    ("duration", Length::Short),
    ("today", Length::Short),
    ("metrics", Length::Short),
    ("export", Length::Long),
];

/// How often an open stream looks at the clock.
const LOOK: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Endpoints {
    let path = |name: &str| format!("/api/households/{{household}}/{name}");
    QUESTIONS.into_iter().fold(Endpoints::default().get(path("live"), live), |all, (name, length)| {
        all.get(
            path(name),
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
    })
}

async fn live(
    State(state): State<AppState>,
    Address(household): Address<HouseholdId>,
    caller: Caller,
) -> Result<Response, Problem> {
    let Some(answer) = read(&state, &caller, household, "live", None, Length::Long).await? else {
        return Ok(caller.refused());
    };
    let over = async move {
        tokio::select! {
            () = state.shutdown.cancelled() => {}
            () = turned_away(&state, &caller, household) => {}
        }
    };
    Ok(pass_on_until(answer, over).await)
}

/// Ends when whoever watches may not any more. However many streams a session has open, the auth-service is asked as often
/// as for one.
async fn turned_away(state: &AppState, caller: &Caller, household: HouseholdId) {
    let mut asked = state.clock.now();
    loop {
        tokio::time::sleep(LOOK).await;
        if state.clock.now().millis_since(asked).abs() < STANDS_MILLIS {
            continue;
        }
        match state.upstream.stands(caller.secret(), household).await {
            Some(last) => asked = last,
            None => return,
        }
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
