//! Logging in through a provider: there with a cookie of its own, and back.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use service::problem::Problem;

use super::endpoints::Endpoints;
use super::people::somebody;
use super::session::let_in;
use super::{Address, AppState};
use crate::asked::{Asker, Sent};
use crate::caller::Caller;
use crate::upstream::{problem_of, send};

/// What the problems of such a log-in begin with.
const REASON: &str = "urn:wattline:provider:";

pub(super) fn routes() -> Endpoints {
    Endpoints::default()
        .post("/api/providers/{provider}/flows", begin)
        .get("/api/providers/{provider}/answer", answer)
        .get("/api/people/current/identities", somebody)
        .post("/api/people/current/identities", connect)
        .post("/api/second-steps", second_step)
}

/// What the auth-service says of a log-in that has begun; the secret stays in the cookie.
#[derive(Deserialize, Serialize)]
struct Begun {
    #[serde(skip_serializing)]
    secret: String,
    url: String,
    expires_in: i64,
}

/// A log-in that waits for a code.
#[derive(Deserialize)]
struct CodeWanted {
    secret: String,
    expires_in: i64,
}

/// What the provider sends the browser back with.
#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

#[derive(Serialize)]
struct ProviderAnswer {
    secret: String,
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

#[derive(Serialize)]
struct SecondStep {
    secret: String,
    code: String,
}

/// Names of providers are of these letters, so that they lead nowhere else.
fn is_name(provider: &str) -> bool {
    provider.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

async fn begin(
    State(state): State<AppState>,
    Address(provider): Address<String>,
    asker: Asker,
    sent: Sent,
) -> Result<Response, Problem> {
    if !is_name(&provider) {
        return Err(Problem::new(StatusCode::NOT_FOUND).detail("There is no such provider."));
    }
    let request = state.upstream.auth(Method::POST, &format!("/v1/providers/{provider}/flows"));
    depart(&state, send(sent.put_into(asker.introduce(request))).await?).await
}

async fn connect(
    State(state): State<AppState>,
    asker: Asker,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let request = state.upstream.auth(Method::POST, "/v1/people/current/identities");
    let answer = send(sent.put_into(asker.introduce(request)).bearer_auth(caller.secret())).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Ok(caller.refused());
    }
    depart(&state, answer).await
}

async fn depart(state: &AppState, answer: reqwest::Response) -> Result<Response, Problem> {
    if !answer.status().is_success() {
        return Err(problem_of(answer).await);
    }
    let begun: Begun = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
    let (secret, seconds) = (begun.secret.clone(), begun.expires_in);
    let mut response = (StatusCode::CREATED, Json(begun)).into_response();
    state.cookie.of_flow().set(&mut response, &secret, seconds);
    Ok(response)
}

/// A person comes back, so that every end of it is a page: `/continue` has words for what it was.
async fn answer(
    State(state): State<AppState>,
    Address(provider): Address<String>,
    asker: Asker,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Response {
    let cookie = state.cookie.of_flow();
    let Some(secret) = cookie.read(&headers).filter(|_| is_name(&provider)) else {
        return outcome("expired");
    };
    let Back { state: flow, code, error, iss } = back;
    let body = ProviderAnswer { secret, state: flow, code, error, iss };
    let request = state.upstream.auth(Method::POST, &format!("/v1/providers/{provider}/answers"));
    match arrive(&state, asker.introduce(request).json(&body)).await {
        Ok(response) => response,
        Err(problem) => {
            let mut response = outcome(reason(&problem));
            // Whoever sends somebody here with a state of their own ends no log-in that is under way.
            if reason(&problem) != "expired" {
                cookie.clear(&mut response);
            }
            response
        }
    }
}

async fn arrive(state: &AppState, request: reqwest::RequestBuilder) -> Result<Response, Problem> {
    let answer = send(request).await?;
    let cookie = state.cookie.of_flow();
    match answer.status() {
        StatusCode::CREATED => {
            let mut response = let_in(state, answer, Redirect::to("/").into_response()).await?;
            cookie.clear(&mut response);
            Ok(response)
        }
        StatusCode::ACCEPTED => {
            let wanted: CodeWanted = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
            let mut response = outcome("code");
            cookie.set(&mut response, &wanted.secret, wanted.expires_in);
            Ok(response)
        }
        StatusCode::NO_CONTENT => {
            let mut response = outcome("connected");
            cookie.clear(&mut response);
            Ok(response)
        }
        _ => Err(problem_of(answer).await),
    }
}

async fn second_step(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    Json(Code { code }): Json<Code>,
) -> Result<Response, Problem> {
    let cookie = state.cookie.of_flow();
    let secret = cookie.read(&headers).unwrap_or_default();
    let request = state.upstream.auth(Method::POST, "/v1/second-steps");
    let answer = send(asker.introduce(request).json(&SecondStep { secret, code })).await?;
    if !answer.status().is_success() {
        return Err(problem_of(answer).await);
    }
    let mut response = let_in(&state, answer, StatusCode::NO_CONTENT.into_response()).await?;
    cookie.clear(&mut response);
    Ok(response)
}

/// One word for the page. What is none of ours is a failure like any other.
fn reason(problem: &Problem) -> &str {
    match problem.kind.strip_prefix(REASON) {
        Some(reason) if reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => reason,
        _ if problem.status == 429 => "too-often",
        _ if problem.status >= 500 => "later",
        _ => "failed",
    }
}

fn outcome(word: &str) -> Response {
    Redirect::to(&format!("/continue#{word}")).into_response()
}
