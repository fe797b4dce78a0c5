//! What a household is told.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use domain::HouseholdId;
use domain::alerts::AlertId;
use http::Method;
use service::problem::Problem;

use super::{Address, AppState, ask};
use crate::caller::Caller;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/households/{household}/alerts", get(list))
        .route("/api/households/{household}/alerts/{id}/acknowledge", post(acknowledge))
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
