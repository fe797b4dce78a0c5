//! The browser's API, and the page for everything else.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::{Clock, HouseholdId};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use tower_http::compression::CompressionLayer;

use crate::proxy::pass_on;
use crate::session::{Cookie, from_another_site};
use crate::upstream::{Upstream, problem_of, send};
use crate::{Deps, assets};

#[derive(Clone)]
struct AppState {
    upstream: Arc<Upstream>,
    cookie: Cookie,
    clock: Arc<dyn Clock>,
}

pub(crate) fn router(deps: Deps) -> Result<Router, reqwest::Error> {
    let upstream = Arc::new(Upstream::new(&deps.upstream, deps.clock.clone())?);
    let state = AppState {
        upstream: upstream.clone(),
        cookie: Cookie::new(deps.upstream.secure_cookies),
        clock: deps.clock,
    };
    let health = service::health::routes(move || {
        let upstream = upstream.clone();
        async move { upstream.ready().await }
    });
    let api = Router::new()
        .route("/api/session", get(session).post(log_in).delete(log_out))
        .route("/api/households/{household}", get(household))
        .route("/api/households/{household}/usage", get(usage))
        .route("/api/households/{household}/live", get(live))
        .layer(middleware::from_fn(private));
    Ok(api
        .route("/", get(assets::serve))
        .route("/{*path}", get(assets::serve))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(guard))
        .with_state(state)
        .merge(health))
}

/// Everything comes from this host; nothing may be put into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

async fn guard(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if !safe && from_another_site(request.headers()) {
        Problem::new(StatusCode::FORBIDDEN).detail("This request comes from another site.").into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Answers of the API are for one person.
async fn private(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    email: String,
    password: String,
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
}

async fn log_in(State(state): State<AppState>, body: Result<Json<LogIn>, JsonRejection>) -> Result<Response, Problem> {
    let Json(body) = body.map_err(|_| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY).detail("An e-mail address and a password are needed.")
    })?;
    let answer = send(state.upstream.auth(Method::POST, "/v1/sessions").json(&body)).await?;
    if !answer.status().is_success() {
        return Err(problem_of(answer).await);
    }
    let answer: SessionAnswer = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
    let secret = answer.secret.clone().unwrap_or_default();
    let seconds = seconds_until(&answer.expires_at, &*state.clock);
    let mut response = (StatusCode::CREATED, Json(answer)).into_response();
    state.cookie.set(&mut response, &secret, seconds);
    Ok(response)
}

async fn session(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(secret) = state.cookie.read(&headers) else { return Ok(state.cookie.logged_out()) };
    let answer = send(state.upstream.auth(Method::GET, "/v1/sessions/current").bearer_auth(&secret)).await?;
    match answer.status() {
        StatusCode::UNAUTHORIZED => Ok(state.cookie.logged_out()),
        status if status.is_success() => {
            let answer: SessionAnswer = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
            Ok(Json(answer).into_response())
        }
        _ => Err(problem_of(answer).await),
    }
}

async fn log_out(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(secret) = state.cookie.read(&headers) {
        state.upstream.forget(&secret);
        let request = state.upstream.auth(Method::DELETE, "/v1/sessions/current").bearer_auth(&secret);
        let answer = send(request).await?;
        // A session that is gone already is logged out.
        if !answer.status().is_success() && answer.status() != StatusCode::UNAUTHORIZED {
            return Err(problem_of(answer).await);
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    state.cookie.clear(&mut response);
    Ok(response)
}

async fn household(
    State(state): State<AppState>,
    Path(household): Path<HouseholdId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(secret) = state.cookie.read(&headers) else { return Ok(state.cookie.logged_out()) };
    let path = format!("/v1/households/{household}");
    Ok(pass_on(send(state.upstream.auth(Method::GET, &path).bearer_auth(&secret)).await?).await)
}

async fn usage(
    State(state): State<AppState>,
    Path(household): Path<HouseholdId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/usage");
    read(&state, household, &path, query.as_deref(), &headers, false).await
}

async fn live(
    State(state): State<AppState>,
    Path(household): Path<HouseholdId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/live");
    read(&state, household, &path, None, &headers, true).await
}

async fn read(
    state: &AppState,
    household: HouseholdId,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    streaming: bool,
) -> Result<Response, Problem> {
    let Some(secret) = state.cookie.read(headers) else { return Ok(state.cookie.logged_out()) };
    Ok(pass_on(state.upstream.read(&secret, household, path, query, streaming).await?).await)
}

fn seconds_until(instant: &str, clock: &dyn Clock) -> i64 {
    match domain::UtcMillis::parse_rfc3339(instant) {
        Some(until) => until.secs() - clock.now().secs(),
        None => 0,
    }
}
