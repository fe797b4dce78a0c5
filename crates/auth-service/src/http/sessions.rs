//! Logging in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::PersonId;
use domain::accounts::{Membership, Session, normalise_email};
use http::{StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::extract::{Body, LoggedIn};
use crate::passwords::MAX_PASSWORD_BYTES;
use crate::secret::SessionSecret;

/// RFC 5321 allows no longer address.
const MAX_EMAIL_BYTES: usize = 254;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

impl LogIn {
    fn validate(&self) -> Result<(), ApiError> {
        if self.email.trim().is_empty() || self.email.len() > MAX_EMAIL_BYTES {
            return Err(ApiError::invalid("email", "An e-mail address has 1 to 254 bytes."));
        }
        if self.email.contains(char::is_control) {
            return Err(ApiError::invalid("email", "An e-mail address has no control characters."));
        }
        let length = self.password.expose_secret().len();
        if length == 0 || length > MAX_PASSWORD_BYTES {
            return Err(ApiError::invalid("password", "A password has 1 to 1024 bytes."));
        }
        Ok(())
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
struct PersonBody {
    id: Uuid,
    email: String,
    name: String,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Owner,
    Member,
    Guest,
}

impl From<domain::access::Role> for Role {
    fn from(role: domain::access::Role) -> Self {
        match role {
            domain::access::Role::Owner => Self::Owner,
            domain::access::Role::Member => Self::Member,
            domain::access::Role::Guest => Self::Guest,
        }
    }
}

/// A household that the person is a member of.
#[derive(Serialize, ToSchema)]
pub(super) struct HouseholdReference {
    id: Uuid,
    name: String,
    /// An IANA time zone.
    #[schema(example = "Europe/Berlin")]
    zone: String,
    role: Role,
}

impl From<Membership> for HouseholdReference {
    fn from(membership: Membership) -> Self {
        let Membership { household, role } = membership;
        Self {
            id: household.id.as_uuid(),
            name: household.name,
            zone: household.zone.into(),
            role: role.into(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionBody {
    #[schema(value_type = String, format = DateTime)]
    expires_at: String,
    person: PersonBody,
    households: Vec<HouseholdReference>,
}

#[derive(Serialize, ToSchema)]
struct NewSession {
    /// For the `Authorization` header; it is not shown again.
    secret: String,
    #[serde(flatten)]
    session: SessionBody,
}

/// Log in.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "sessions",
    request_body = LogIn,
    responses(
        (status = 201, body = NewSession),
        (status = 401, description = "Wrong e-mail or password", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The request ended early", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    Body(login): Body<LogIn>,
) -> Result<Response, ApiError> {
    login.validate()?;
    let credentials = app.accounts.credentials_by_email(&normalise_email(&login.email)).await?;
    let (person, password_hash) =
        credentials.map(|credentials| (credentials.person.id, credentials.password_hash)).unzip();
    let matches = app.passwords.verify(login.password, password_hash).await?;
    let Some(person) = person.filter(|_| matches) else {
        tracing::info!(person = person.map(|id| id.to_string()), "log-in refused");
        return Err(ApiError::WrongLogin);
    };

    let secret = SessionSecret::generate();
    let created = app.clock.now();
    let expires = created.plus_millis(app.sessions.life_millis());
    let session = Session { secret_hash: secret.hash(), person, created, expires };
    app.accounts.open_session(&session).await?;
    tracing::info!(%person, "logged in");
    let body = NewSession { secret: secret.expose().to_owned(), session: describe(&app, &session).await? };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Who is logged in.
#[utoipa::path(
    get,
    path = "/v1/sessions/current",
    tag = "sessions",
    security(("session" = [])),
    responses(
        (status = 200, body = SessionBody),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn current(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Response, ApiError> {
    let body = describe(&app, &session).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Log out.
#[utoipa::path(
    delete,
    path = "/v1/sessions/current",
    tag = "sessions",
    security(("session" = [])),
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn log_out(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<StatusCode, ApiError> {
    app.accounts.close_session(&session.secret_hash).await?;
    tracing::info!(person = %session.person, "logged out");
    Ok(StatusCode::NO_CONTENT)
}

async fn describe(app: &App, session: &Session) -> Result<SessionBody, ApiError> {
    let person: PersonId = session.person;
    let Some(person) = app.accounts.person(person).await? else {
        return Err(ApiError::NotLoggedIn);
    };
    let memberships = app.accounts.memberships(person.id).await?;
    Ok(SessionBody {
        expires_at: session.expires.to_string(),
        person: PersonBody { id: person.id.as_uuid(), email: person.email, name: person.name },
        households: memberships.into_iter().map(HouseholdReference::from).collect(),
    })
}
