//! Access tokens, and the keys to check them with.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::{AUDIENCE, AccessClaims, HubGrant, ISSUER, Scope, every_scope};
use domain::{HouseholdId, UtcMillis};
use http::header;
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::ToSchema;

use super::App;
use super::error::ApiError;
use super::extract::{Body, Caller};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    #[schema(value_type = uuid::Uuid)]
    household: HouseholdId,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct Issued {
    /// A JWT signed with EdDSA: see `/.well-known/jwks.json`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// In seconds.
    expires_in: i64,
}

/// Get an access token for a household.
///
/// It may be used for all that the session or the personal token may be used for: a session for everything, a personal
/// token for its scopes, in its own household.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    tag = "tokens",
    security(("session" = []), ("personal_token" = [])),
    request_body = TokenRequest,
    responses(
        (status = 200, body = Issued),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a member", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The request ended early", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn issue(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<TokenRequest>,
) -> Result<Response, ApiError> {
    let (scope, end) = match &caller {
        Caller::Person(session) => (every_scope(), Some(session.expires)),
        Caller::Program(token) if token.household == request.household => {
            (Scope::to_words(&token.scopes), token.expires)
        }
        Caller::Program(_) => return Err(ApiError::NotMember),
    };
    let membership = app.membership(caller.person(), request.household).await?.ok_or(ApiError::NotMember)?;
    let hubs = app.stores.accounts.hubs(request.household).await?;
    let issued = app.clock.now();
    let whole_life = issued.plus_millis(app.sessions.token_life_millis());
    // No token outlives what it was given for.
    let expires = [end, membership.until].into_iter().flatten().fold(whole_life, UtcMillis::min);
    let claims = AccessClaims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: caller.person(),
        iat: issued.secs(),
        exp: expires.secs(),
        household: membership.household.id,
        role: membership.role,
        zone: membership.household.zone,
        hubs: hubs
            .into_iter()
            .map(|hub| HubGrant { hub: hub.hub, since: hub.since, until: hub.until })
            .collect(),
        scope,
    };
    let issued = Issued {
        access_token: app.signing_keys.sign(&claims)?,
        token_type: "Bearer",
        expires_in: claims.exp - claims.iat,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(issued)).into_response())
}

/// The public keys of access tokens (RFC 7517).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "tokens",
    responses((status = 200, description = "A JSON Web Key Set", body = serde_json::Value)),
)]
pub(super) async fn keys(State(app): State<Arc<App>>) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(app.signing_keys.public())).into_response()
}
