//! Tokens that people give to their own programs.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{delete, get};
use domain::personal_tokens::PersonalTokenId;
use http::Method;
use service::problem::Problem;

use super::{Address, AppState, ask};
use crate::asked::Sent;
use crate::caller::Caller;

const PATH: &str = "/v1/personal-tokens";

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/api/tokens", get(list).post(create)).route("/api/tokens/{id}", delete(revoke))
}

async fn list(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    ask(&state, &caller, Method::GET, PATH, None).await
}

async fn create(State(state): State<AppState>, caller: Caller, sent: Sent) -> Result<Response, Problem> {
    ask(&state, &caller, Method::POST, PATH, Some(sent)).await
}

async fn revoke(
    State(state): State<AppState>,
    Address(id): Address<PersonalTokenId>,
    caller: Caller,
) -> Result<Response, Problem> {
    let answer = ask(&state, &caller, Method::DELETE, &format!("{PATH}/{id}"), None).await;
    // Whose secret it was is not known here; the others get new ones.
    state.upstream.forget_programs();
    answer
}
