//! Logging in and out.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use domain::Clock;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use service::problem::Problem;

use super::AppState;
use super::endpoints::Endpoints;
use crate::asked::Asker;
use crate::caller::Caller;
use crate::upstream::{problem_of, send};

pub(super) fn routes() -> Endpoints {
    Endpoints::default()
        .get("/api/session", session)
        .post("/api/session", log_in)
        .delete("/api/session", log_out)
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    email: String,
    password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// What the auth-service says of a session; the secret stays in the cookie.
#[derive(Deserialize, Serialize)]
struct SessionAnswer {
    #[serde(skip_serializing)]
    secret: Option<String>,
    expires_at: String,
    person: PersonAnswer,
    households: Vec<HouseholdAnswer>,
}

#[derive(Deserialize, Serialize)]
struct PersonAnswer {
    id: String,
    email: String,
    name: String,
}

#[derive(Deserialize, Serialize)]
struct HouseholdAnswer {
    id: String,
    name: String,
    zone: String,
    role: String,
    /// When the membership ends.
    until: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("the auth-service opened a session and gave no secret")]
struct NoSecret;

async fn log_in(
    State(state): State<AppState>,
    asker: Asker,
    body: Result<Json<LogIn>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(|_| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY).detail("An e-mail address and a password are needed.")
    })?;
    let answer = send(asker.introduce(state.upstream.auth(Method::POST, "/v1/sessions")).json(&body)).await?;
    if !answer.status().is_success() {
        return Err(problem_of(answer).await);
    }
    let (answer, secret) = opened(answer).await?;
    let seconds = seconds_until(&answer.expires_at, &*state.clock);
    let mut response = (StatusCode::CREATED, Json(answer)).into_response();
    state.cookie.set(&mut response, &secret, seconds);
    Ok(response)
}

async fn opened(answer: reqwest::Response) -> Result<(SessionAnswer, String), Problem> {
    let answer: SessionAnswer = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
    let secret = answer.secret.clone().ok_or_else(|| Problem::internal(&NoSecret))?;
    Ok((answer, secret))
}

/// The browser has a session from now on, which the auth-service has opened just now.
pub(super) async fn let_in(
    state: &AppState,
    answer: reqwest::Response,
    mut response: Response,
) -> Result<Response, Problem> {
    let (answer, secret) = opened(answer).await?;
    state.cookie.set(&mut response, &secret, seconds_until(&answer.expires_at, &*state.clock));
    Ok(response)
}

async fn session(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let request = state.upstream.auth(Method::GET, "/v1/sessions/current").bearer_auth(caller.secret());
    let answer = send(request).await?;
    match answer.status() {
        StatusCode::UNAUTHORIZED => Ok(caller.refused()),
        status if status.is_success() => {
            let answer: SessionAnswer = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
            Ok(Json(answer).into_response())
        }
        _ => Err(problem_of(answer).await),
    }
}

async fn log_out(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let caller = match Caller::of(state.cookie, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    if let Some(caller) = caller {
        let secret = caller.secret();
        let request = state.upstream.auth(Method::DELETE, "/v1/sessions/current").bearer_auth(secret);
        let answer = send(request).await;
        // Afterwards, so that no question asked meanwhile leaves a token behind.
        state.upstream.forget(secret);
        let answer = answer?;
        if caller.is_program() && answer.status() == StatusCode::UNAUTHORIZED {
            return Ok(caller.refused());
        }
        // A session that is gone already is logged out.
        if !answer.status().is_success() && answer.status() != StatusCode::UNAUTHORIZED {
            return Err(problem_of(answer).await);
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    state.cookie.clear(&mut response);
    Ok(response)
}

fn seconds_until(instant: &str, clock: &dyn Clock) -> i64 {
    match domain::UtcMillis::parse_rfc3339(instant) {
        Some(until) => until.secs() - clock.now().secs(),
        None => 0,
    }
}
