//! What a household is told.

use axum::extract::State;
use axum::response::Response;
use domain::HouseholdId;
use domain::alerts::AlertId;
use http::Method;
use service::problem::Problem;

use super::endpoints::Endpoints;
use super::{Address, AppState, ask};
use crate::caller::Caller;

pub(super) fn routes() -> Endpoints {
    Endpoints::default()
        .get("/api/households/{household}/alerts", list)
        .post("/api/households/{household}/alerts/{id}/acknowledge", acknowledge)
}

async fn list(
    State(state): State<AppState>,
    Address(household): Address<HouseholdId>,
    caller: Caller,
) -> Result<Response, Problem> {
    ask(&state, &caller, Method::GET, &format!("/v1/households/{household}/alerts"), None).await
}

async fn acknowledge(
    State(state): State<AppState>,
    Address((household, id)): Address<(HouseholdId, AlertId)>,
    caller: Caller,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/alerts/{id}/acknowledge");
    ask(&state, &caller, Method::POST, &path, None).await
}
