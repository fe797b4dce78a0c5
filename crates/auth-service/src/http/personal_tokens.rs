//! Tokens that people give to their own programs. A token cannot make, list or delete tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::HouseholdId;
use domain::access::{Role, Scope};
use domain::personal_tokens::{PersonalToken, PersonalTokenId};
use http::{StatusCode, header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::checked_name;
use super::error::ApiError;
use super::extract::{Address, Body, LoggedIn};
use super::links::DAY_MILLIS;
use super::origin::Origin;
use super::refusals::OfLimit;
use crate::secret::PersonalSecret;

/// Of one person.
pub(super) const MAX_TOKENS: u32 = 50;
const MAX_DAYS: u32 = 730;
const USUAL_DAYS: u32 = 90;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonalTokenRequest {
    /// What the program is.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    #[schema(value_type = Uuid)]
    household: HouseholdId,
    #[schema(schema_with = scopes)]
    scopes: Vec<Scope>,
    /// Without it, 90. Every token ends.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 730)]
    expires_in_days: Option<u32>,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code; for those who have a second factor.
    #[serde(default)]
    code: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PersonalToken)]
struct PersonalTokenBody {
    id: Uuid,
    name: String,
    household: Uuid,
    #[schema(schema_with = scopes)]
    scopes: Vec<Scope>,
    #[schema(value_type = String, format = DateTime)]
    created: String,
    /// Null for one that was made before every token had an end: it is valid until it is deleted.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expires: Option<String>,
    /// To the minute. The access token that it got then may be in use for some minutes more.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    last_used: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PersonalTokens {
    tokens: Vec<PersonalTokenBody>,
}

#[derive(Serialize, ToSchema)]
struct NewPersonalToken {
    /// For the `Authorization` header; it is not shown again.
    token: String,
    #[serde(flatten)]
    description: PersonalTokenBody,
}

fn scopes() -> utoipa::openapi::Schema {
    super::openapi::some_of(Scope::ALL).into()
}

/// The tokens of who is logged in, oldest first.
#[utoipa::path(
    get,
    operation_id = "list_personal_tokens",
    path = "/v1/personal-tokens",
    tag = "personal-tokens",
    security(("session" = [])),
    responses(
        (status = 200, body = PersonalTokens),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A personal token cannot do this", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Response, ApiError> {
    let tokens = app.stores.personal_tokens.tokens(session.person).await?;
    let tokens = tokens.iter().map(PersonalTokenBody::from).collect();
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(PersonalTokens { tokens })).into_response())
}

/// Make a token for a program. It takes the password, and the code where there is a second factor.
#[utoipa::path(
    post,
    operation_id = "create_personal_token",
    path = "/v1/personal-tokens",
    tag = "personal-tokens",
    security(("session" = [])),
    request_body = PersonalTokenRequest,
    responses(
        (status = 201, body = NewPersonalToken),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a member, or a guest who wants to manage, or with a personal token", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There are 50 already, or there is no password yet", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The request ended early", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
        OfLimit,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    Body(request): Body<PersonalTokenRequest>,
) -> Result<Response, ApiError> {
    let membership = app.membership(session.person, request.household).await?.ok_or(ApiError::NotMember)?;
    if membership.role == Role::Guest && request.scopes.contains(&Scope::Manage) {
        return Err(ApiError::Guest);
    }
    let (days, scopes) = (request.checked_days()?, request.checked_scopes()?);
    let name = checked_name("name", &request.name)?;
    let household = request.household;
    let person = app.sure_of(session.person, request.password, request.code, from).await?;
    let secret = PersonalSecret::generate();
    let now = app.clock.now();
    let token = PersonalToken {
        id: PersonalTokenId::from_uuid(Uuid::new_v4()),
        person: person.id,
        household,
        name,
        scopes,
        secret_hash: secret.hash(),
        created: now,
        expires: Some(now.plus_millis(i64::from(days) * DAY_MILLIS)),
        last_used: None,
    };
    let session = Some(&session.secret_hash);
    if !app.stores.personal_tokens.create_token(&token, MAX_TOKENS, session).await? {
        return Err(ApiError::TooManyTokens);
    }
    tracing::info!(person = %person.id, token = %token.id, "personal token made");
    let body = NewPersonalToken { token: secret.expose().to_owned(), description: (&token).into() };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Make a token worthless.
#[utoipa::path(
    delete,
    operation_id = "delete_personal_token",
    path = "/v1/personal-tokens/{id}",
    tag = "personal-tokens",
    security(("session" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A personal token cannot do this", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not a token of this person", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    Address(id): Address<PersonalTokenId>,
) -> Result<StatusCode, ApiError> {
    if !app.stores.personal_tokens.delete_token(session.person, id, app.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    tracing::info!(person = %session.person, token = %id, "personal token deleted");
    Ok(StatusCode::NO_CONTENT)
}

impl PersonalTokenRequest {
    fn checked_scopes(&self) -> Result<Vec<Scope>, ApiError> {
        if self.scopes.is_empty() {
            return Err(ApiError::invalid("scopes", "A token has at least one scope."));
        }
        Ok(Scope::ALL.into_iter().filter(|scope| self.scopes.contains(scope)).collect())
    }

    fn checked_days(&self) -> Result<u32, ApiError> {
        let days = self.expires_in_days.unwrap_or(USUAL_DAYS);
        if !(1..=MAX_DAYS).contains(&days) {
            let detail = format!("A token is valid for 1 to {MAX_DAYS} days.");
            return Err(ApiError::invalid("expires_in_days", detail));
        }
        Ok(days)
    }
}

impl From<&PersonalToken> for PersonalTokenBody {
    fn from(token: &PersonalToken) -> Self {
        Self {
            id: token.id.as_uuid(),
            name: token.name.clone(),
            household: token.household.as_uuid(),
            scopes: token.scopes.clone(),
            created: token.created.to_string(),
            expires: token.expires.map(|at| at.to_string()),
            last_used: token.last_used.map(|at| at.to_string()),
        }
    }
}
