//! Tokens that people give to their own programs.

use axum::extract::State;
use axum::response::Response;
use domain::personal_tokens::PersonalTokenId;
use http::{Method, StatusCode};
use service::problem::Problem;

use super::endpoints::Endpoints;
use super::{Address, AppState, ask};
use crate::asked::{Asker, Sent};
use crate::caller::Caller;
use crate::proxy::pass_on;
use crate::upstream::{Change, send};

const PATH: &str = "/v1/personal-tokens";

pub(super) fn routes() -> Endpoints {
    Endpoints::default()
        .get("/api/tokens", list)
        .post("/api/tokens", create)
        .delete("/api/tokens/{id}", revoke)
}

async fn list(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    ask(&state, &caller, Method::GET, PATH, None).await
}

/// With the address of whoever asks: a password goes along, and wrong ones count.
async fn create(
    State(state): State<AppState>,
    asker: Asker,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let request = asker.introduce(state.upstream.auth(Method::POST, PATH));
    let answer = send(sent.put_into(request).bearer_auth(caller.secret())).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Ok(caller.refused());
    }
    Ok(pass_on(answer).await)
}

async fn revoke(
    State(state): State<AppState>,
    Address(id): Address<PersonalTokenId>,
    caller: Caller,
) -> Result<Response, Problem> {
    let answer = ask(&state, &caller, Method::DELETE, &format!("{PATH}/{id}"), None).await;
    // Whose secret it was is not known here; the others get new ones.
    state.upstream.programs_changed(Change::of(answer.as_ref().ok().map(Response::status)));
    answer
}
