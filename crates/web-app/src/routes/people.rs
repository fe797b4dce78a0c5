//! People and who is in a household. What is asked here goes to the auth-service under the same name.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use service::problem::Problem;

use super::AppState;
use super::endpoints::Endpoints;
use crate::asked::{Asker, Sent};
use crate::caller::Caller;
use crate::proxy::pass_on;
use crate::upstream::{Change, send};

pub(super) fn routes() -> Endpoints {
    let household = |path: &str| format!("/api/households/{{household}}/{path}");
    Endpoints::default()
        .post("/api/people", anybody)
        .post("/api/confirmations", anybody)
        .post("/api/password-resets", anybody)
        .post("/api/new-passwords", holder_of_a_link)
        .post("/api/invitations/look", anybody)
        .post("/api/invitations/accept", holder_of_a_link)
        .get("/api/providers", anybody)
        .post("/api/people/current/identities/{id}/removal", somebody)
        .get("/api/people/current", somebody)
        .put("/api/people/current", somebody)
        .put("/api/people/current/password", somebody)
        .put("/api/people/current/email", somebody)
        .post("/api/people/current/second-factor", somebody)
        .put("/api/people/current/second-factor", somebody)
        .post("/api/people/current/second-factor/removal", somebody)
        .get("/api/people/current/deletion", somebody)
        // Who is gone is logged out.
        .post("/api/people/current/deletion", everywhere)
        .get("/api/sessions", somebody)
        .delete("/api/sessions", everywhere)
        .delete("/api/sessions/{id}", somebody)
        .post("/api/households", somebody)
        .get(household("members"), somebody)
        .put(household("members/{person}"), somebody)
        .delete(household("members/{person}"), somebody)
        .post(household("invitations"), somebody)
        .delete(household("invitations/{email}"), somebody)
        .get(household("audit"), somebody)
        .get(household("deletion"), somebody)
        .post(household("deletion"), somebody)
}

/// With or without a session.
async fn anybody(
    State(state): State<AppState>,
    uri: Uri,
    method: Method,
    asker: Asker,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    // Credentials that are no good are the same as none: whoever opens a link may have been logged out since.
    let caller = Caller::of(state.cookie, &headers).ok().flatten();
    let request = sent.put_into(asker.introduce(question(&state, method.clone(), &uri)?));
    let answer = match &caller {
        Some(caller) => send(request.bearer_auth(caller.secret())).await?,
        None => send(request).await?,
    };
    if answer.status() == StatusCode::UNAUTHORIZED
        && let Some(caller) = caller
    {
        return Ok(caller.refused());
    }
    Ok(pass_on(answer).await)
}

/// A link may log somebody out elsewhere, or make somebody a member.
async fn holder_of_a_link(
    State(state): State<AppState>,
    uri: Uri,
    method: Method,
    asker: Asker,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let upstream = state.upstream.clone();
    let answer = anybody(State(state), uri, method, asker, headers, sent).await?;
    if answer.status().is_success() {
        upstream.anybody_changed(Change::Made);
    }
    Ok(answer)
}

pub(super) async fn somebody(
    State(state): State<AppState>,
    uri: Uri,
    method: Method,
    asker: Asker,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let changes = method != Method::GET;
    let request = sent.put_into(asker.introduce(question(&state, method, &uri)?));
    let answer = send(request.bearer_auth(caller.secret())).await;
    // Who is a member somewhere may have changed, or where somebody is logged in; also when the answer got lost.
    if changes {
        state.upstream.anybody_changed(Change::of(answer.as_ref().ok().map(reqwest::Response::status)));
    }
    let answer = answer?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Ok(caller.refused());
    }
    Ok(pass_on(answer).await)
}

/// Logging out everywhere is logging out here too.
async fn everywhere(
    state: State<AppState>,
    uri: Uri,
    method: Method,
    asker: Asker,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let cookie = state.cookie;
    let mut response = somebody(state, uri, method, asker, caller, sent).await?;
    if response.status().is_success() {
        cookie.clear(&mut response);
    }
    Ok(response)
}

/// `/api/people` is `/v1/people` there.
fn question(state: &AppState, method: Method, uri: &Uri) -> Result<reqwest::RequestBuilder, Problem> {
    let nowhere = || Problem::new(StatusCode::NOT_FOUND).detail("There is nothing at this address.");
    let path = uri.path().strip_prefix("/api/").ok_or_else(nowhere)?;
    state.upstream.auth_exactly(method, &format!("/v1/{path}"), uri.query()).ok_or_else(nowhere)
}
