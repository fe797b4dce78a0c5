//! What is known of a household, and changing it.

use axum::extract::State;
use axum::response::Response;
use domain::{HouseholdId, HubId};
use http::Method;
use service::problem::Problem;

use super::endpoints::Endpoints;
use super::{Address, AppState, ask};
use crate::asked::Sent;
use crate::caller::Caller;
use crate::upstream::Change;

pub(super) fn routes() -> Endpoints {
    Endpoints::default()
        .get("/api/households/{household}", household)
        .get("/api/households/{household}/settings", settings)
        .put("/api/households/{household}/settings", put_settings)
        .put("/api/households/{household}/hubs/{hub}", put_hub)
        .delete("/api/households/{household}/hubs/{hub}", release_hub)
        .post("/api/households/{household}/pairings", redeem_pairing)
}

async fn household(
    State(state): State<AppState>,
    Address(household): Address<HouseholdId>,
    caller: Caller,
) -> Result<Response, Problem> {
    ask(&state, &caller, Method::GET, &format!("/v1/households/{household}"), None).await
}

async fn settings(
    State(state): State<AppState>,
    Address(household): Address<HouseholdId>,
    caller: Caller,
) -> Result<Response, Problem> {
    ask(&state, &caller, Method::GET, &format!("/v1/households/{household}/settings"), None).await
}

async fn put_settings(
    State(state): State<AppState>,
    Address(household): Address<HouseholdId>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/settings");
    change(&state, &caller, household, Method::PUT, &path, Some(sent)).await
}

async fn redeem_pairing(
    State(state): State<AppState>,
    Address(household): Address<HouseholdId>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/pairings");
    change(&state, &caller, household, Method::POST, &path, Some(sent)).await
}

async fn release_hub(
    State(state): State<AppState>,
    Address((household, hub)): Address<(HouseholdId, HubId)>,
    caller: Caller,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/hubs/{hub}");
    change(&state, &caller, household, Method::DELETE, &path, None).await
}

async fn put_hub(
    State(state): State<AppState>,
    Address((household, hub)): Address<(HouseholdId, HubId)>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/hubs/{hub}");
    change(&state, &caller, household, Method::PUT, &path, Some(sent)).await
}

async fn change(
    state: &AppState,
    caller: &Caller,
    household: HouseholdId,
    method: Method,
    path: &str,
    sent: Option<Sent>,
) -> Result<Response, Problem> {
    let answer = ask(state, caller, method, path, sent).await;
    // The tokens say in which zone it is and which hubs are in it.
    state.upstream.household_changed(household, Change::of(answer.as_ref().ok().map(Response::status)));
    answer
}
