//! The browser's API, and the page for everything else.

mod alerts;
mod archive;
mod endpoints;
mod guard;
mod households;
mod hubs;
mod people;
mod personal_tokens;
mod providers;
mod reading;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::response::Response;
use axum::routing::get;
use domain::Clock;
use http::request::Parts;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use service::health::Health;
use service::problem::Problem;
use tokio_util::sync::CancellationToken;

use crate::archive::Archives;
use crate::asked::Sent;
use crate::caller::Caller;
use crate::proxy::pass_on;
use crate::session::Cookie;
use crate::upstream::{Upstream, send};
use crate::{Deps, assets};
use endpoints::Endpoints;
use guard::Way;

#[derive(Clone)]
pub(crate) struct AppState {
    upstream: Arc<Upstream>,
    archives: Arc<Archives>,
    pub(crate) cookie: Cookie,
    clock: Arc<dyn Clock>,
    pub(crate) forwarded_hops: u8,
    shutdown: CancellationToken,
}

pub(crate) fn router(deps: Deps, shutdown: CancellationToken) -> Result<(Router, Health), reqwest::Error> {
    let upstream = Arc::new(Upstream::new(&deps.upstream, deps.clock.clone())?);
    let state = AppState {
        upstream: upstream.clone(),
        archives: Arc::new(Archives::new(deps.clock.clone())),
        cookie: Cookie::new(deps.upstream.secure_cookies),
        clock: deps.clock,
        forwarded_hops: deps.upstream.forwarded_hops,
        shutdown: shutdown.clone(),
    };
    let way = Way { secure: deps.upstream.secure_cookies, forwarded_hops: deps.upstream.forwarded_hops };
    let health = Health::new(shutdown, move || {
        let upstream = upstream.clone();
        async move { upstream.ready().await }
    });
    let all = endpoints()
        .into_router()
        .route("/", get(assets::serve))
        .route("/{*path}", get(assets::serve))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED).detail("This cannot be done at this address.")
        })
        .with_state(state)
        .merge(health.clone().routes());
    Ok((guard::guarded(all, way), health))
}

fn endpoints() -> Endpoints {
    session::routes()
        .merge(households::routes())
        .merge(hubs::routes())
        .merge(people::routes())
        .merge(archive::routes())
        .merge(providers::routes())
        .merge(alerts::routes())
        .merge(reading::routes())
        .merge(personal_tokens::routes())
}

/// Method and path of every endpoint; the page and its parts are none.
pub(crate) fn list() -> Vec<(&'static str, String)> {
    endpoints().into_list()
}

/// Ids in the path; what is no id is nowhere to be found.
struct Address<T>(T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Address<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(Problem::new(StatusCode::NOT_FOUND).detail("There is nothing at this address.")),
        }
    }
}

/// Asks the auth-service in the name of the caller, and passes its answer on.
async fn ask(
    state: &AppState,
    caller: &Caller,
    method: Method,
    path: &str,
    sent: Option<Sent>,
) -> Result<Response, Problem> {
    let mut request = state.upstream.auth(method, path).bearer_auth(caller.secret());
    if let Some(sent) = sent {
        request = sent.put_into(request);
    }
    let answer = send(request).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Ok(caller.refused());
    }
    Ok(pass_on(answer).await)
}
