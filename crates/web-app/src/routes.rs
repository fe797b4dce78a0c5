//! The browser's API, and the page for everything else.

use std::any::Any;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequestParts, Path, RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::{Clock, HouseholdId};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
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
    shutdown: CancellationToken,
}

pub(crate) fn router(deps: Deps, shutdown: CancellationToken) -> Result<Router, reqwest::Error> {
    let upstream = Arc::new(Upstream::new(&deps.upstream, deps.clock.clone())?);
    let state = AppState {
        upstream: upstream.clone(),
        cookie: Cookie::new(deps.upstream.secure_cookies),
        clock: deps.clock,
        shutdown,
    };
    let health = service::health::routes(move || {
        let upstream = upstream.clone();
        async move { upstream.ready().await }
    });
    let api = Router::new()
        .route("/api/session", get(session).post(log_in).delete(log_out))
        .route("/api/households/{household}", get(household))
        .route("/api/households/{household}/usage", get(usage))
        .route("/api/households/{household}/live", get(live));
    let all = api
        .route("/", get(assets::serve))
        .route("/{*path}", get(assets::serve))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED).detail("This cannot be done at this address.")
        })
        .with_state(state)
        .merge(health);
    Ok(guarded(all))
}

/// Panics are caught inside, so that these answers too are guarded.
fn guarded(router: Router) -> Router {
    router
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| Problem::internal(&Panicked).into_response()))
        .layer(middleware::from_fn(guard))
}

/// Everything comes from this host; nothing may be put into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

async fn guard(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_api = request.uri().path().starts_with("/api");
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
    if is_api {
        // Its answers are for one person.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
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

#[derive(Debug, thiserror::Error)]
#[error("the auth-service opened a session and gave no secret")]
struct NoSecret;

#[derive(Debug, thiserror::Error)]
#[error("a request handler panicked")]
struct Panicked;

async fn log_in(
    State(state): State<AppState>,
    body: Result<Json<LogIn>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(|_| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY).detail("An e-mail address and a password are needed.")
    })?;
    let answer = send(state.upstream.auth(Method::POST, "/v1/sessions").json(&body)).await?;
    if !answer.status().is_success() {
        return Err(problem_of(answer).await);
    }
    let answer: SessionAnswer = answer.json().await.map_err(|error| Problem::unavailable(&error))?;
    let secret = answer.secret.clone().ok_or_else(|| Problem::internal(&NoSecret))?;
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
        let request = state.upstream.auth(Method::DELETE, "/v1/sessions/current").bearer_auth(&secret);
        let answer = send(request).await;
        // Afterwards, so that no question asked meanwhile leaves a token behind.
        state.upstream.forget(&secret);
        let answer = answer?;
        // A session that is gone already is logged out.
        if !answer.status().is_success() && answer.status() != StatusCode::UNAUTHORIZED {
            return Err(problem_of(answer).await);
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    state.cookie.clear(&mut response);
    Ok(response)
}

/// The household in the path.
struct Household(HouseholdId);

impl<S: Send + Sync> FromRequestParts<S> for Household {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(household)) => Ok(Self(household)),
            Err(_) => Err(Problem::new(StatusCode::NOT_FOUND).detail("There is no such household.")),
        }
    }
}

async fn household(
    State(state): State<AppState>,
    Household(household): Household,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(secret) = state.cookie.read(&headers) else { return Ok(state.cookie.logged_out()) };
    let path = format!("/v1/households/{household}");
    let answer = send(state.upstream.auth(Method::GET, &path).bearer_auth(&secret)).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Ok(state.cookie.logged_out());
    }
    Ok(pass_on(answer, state.shutdown).await)
}

async fn usage(
    State(state): State<AppState>,
    Household(household): Household,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/v1/households/{household}/usage");
    read(&state, household, &path, query.as_deref(), &headers, false).await
}

async fn live(
    State(state): State<AppState>,
    Household(household): Household,
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
    match state.upstream.read(&secret, household, path, query, streaming).await {
        Ok(answer) => Ok(pass_on(answer, state.shutdown.clone()).await),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED.as_u16() => Ok(state.cookie.logged_out()),
        Err(problem) => Err(problem),
    }
}

fn seconds_until(instant: &str, clock: &dyn Clock) -> i64 {
    match domain::UtcMillis::parse_rfc3339(instant) {
        Some(until) => until.secs() - clock.now().secs(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt;

    async fn broken() {
        panic!("a bug")
    }

    #[tokio::test]
    async fn a_panic_is_a_guarded_problem() {
        let router = Router::new().route("/api/broken", get(broken));
        let request = Request::builder().uri("/api/broken").body(Body::empty()).unwrap();
        let response = guarded(router).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    }
}
