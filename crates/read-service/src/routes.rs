//! Who comes in, and where to.

use std::sync::Arc;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use domain::HouseholdId;
use domain::access::AccessClaims;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use service::health::Health;
use service::problem::Problem;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::measures::Measures;
use crate::tokens::TokenError;
use crate::{Deps, export, figures, live, measurements, metrics, openapi, usage};

#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) deps: Deps,
    pub(crate) measures: Measures,
    pub(crate) shutdown: CancellationToken,
}

pub(crate) fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(usage::handler::usage))
        .routes(routes!(figures::sockets::sockets))
        .routes(routes!(figures::bills::bills))
        .routes(routes!(figures::duration::duration))
        .routes(routes!(figures::today::today))
        .routes(routes!(export::export))
        .routes(routes!(measurements::times))
        .routes(routes!(measurements::measurements))
        .routes(routes!(metrics::metrics))
        .routes(routes!(live::live))
}

/// It can answer when it can ask the store and knows whose tokens to believe.
pub(crate) fn health(deps: &Deps, shutdown: CancellationToken) -> Health {
    let (query, tokens) = (deps.query.clone(), deps.tokens.clone());
    Health::new(shutdown, move || {
        // The cause may name addresses inside, which are not for whoever asks.
        let not_ready = |sentence: &str, cause: &dyn std::error::Error| {
            tracing::debug!(%cause, "{sentence}");
            sentence.to_owned()
        };
        let (query, tokens) = (query.clone(), tokens.clone());
        async move {
            query.ready().await.map_err(|error| not_ready("The store is not available.", &error))?;
            tokens.ready().await.map_err(|error| not_ready("The signing keys are not available.", &error))
        }
    })
}

pub(crate) fn router(deps: Deps, shutdown: CancellationToken) -> Router {
    let measures = deps.metrics.register(Measures::register);
    let (api, document) = documented().split_for_parts();
    api.method_not_allowed_fallback(|| async {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED).detail("This cannot be done at this address.")
    })
    .route("/openapi.json", axum::routing::get(move || async move { axum::Json(document) }))
    .layer(CompressionLayer::new())
    .layer(map_response(challenge))
    .with_state(AppState { deps, measures, shutdown })
}

/// RFC 6750: a 401 says what would have been welcome.
async fn challenge(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The claims of the request's token, which must be for this household, and the token.
pub(crate) async fn authorise<'a>(
    state: &AppState,
    headers: &'a HeaderMap,
    household: HouseholdId,
) -> Result<(Arc<AccessClaims>, &'a str), Problem> {
    let unauthorised = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED).detail(detail);
    let token =
        bearer(headers).ok_or_else(|| unauthorised("An access token is needed: Authorization: Bearer …"))?;
    let found = state.deps.tokens.verify(token).await;
    state.measures.checked(&found);
    match found {
        Ok(claims) if claims.household == household => Ok((claims, token)),
        // The same answer whether or not it exists.
        Ok(_) => Err(Problem::new(StatusCode::NOT_FOUND).detail("There is no such household.")),
        Err(TokenError::Expired) => Err(unauthorised("The access token has expired.")),
        Err(TokenError::Invalid(_)) => Err(unauthorised("The access token is not valid.")),
        Err(error @ TokenError::NoKeys(_)) => Err(Problem::unavailable(&error)),
    }
}
