//! Logging in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::PersonId;
use domain::accounts::{MAX_CLIENT_CHARS, Membership, Session, SessionId, normalise_email};
use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::MAX_EMAIL_BYTES;
use super::error::ApiError;
use super::extract::{Address, Body, LoggedIn};
use super::origin::Origin;
use super::refusals::{OfBody, OfLimit, OfSession};
use crate::passwords::MAX_PASSWORD_BYTES;
use crate::secret::SessionSecret;

/// More than this is no code.
pub(super) const MAX_CODE_BYTES: usize = 40;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code; for those who have a second factor.
    code: Option<String>,
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
        if self.code.as_ref().is_some_and(|code| code.len() > MAX_CODE_BYTES) {
            return Err(ApiError::invalid("code", "A code has at most 40 bytes."));
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

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
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

impl From<Role> for domain::access::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Member => Self::Member,
            Role::Guest => Self::Guest,
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
    /// When the membership ends; null: not by itself.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<String>,
}

impl From<Membership> for HouseholdReference {
    fn from(membership: Membership) -> Self {
        let Membership { household, role, until } = membership;
        Self {
            id: household.id.as_uuid(),
            name: household.name,
            zone: household.zone.into(),
            role: role.into(),
            until: until.map(|until| until.to_string()),
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
pub(super) struct NewSession {
    /// For the `Authorization` header; it is not shown again.
    secret: String,
    #[serde(flatten)]
    session: SessionBody,
}

/// A session of who is logged in.
#[derive(Serialize, ToSchema)]
struct OpenSession {
    id: Uuid,
    /// What the browser called itself; empty when it did not say.
    client: String,
    #[schema(value_type = String, format = DateTime)]
    created: String,
    /// To the hour.
    #[schema(value_type = String, format = DateTime)]
    last_used: String,
    #[schema(value_type = String, format = DateTime)]
    expires: String,
    /// Whether it is the one that asks.
    current: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct OpenSessions {
    sessions: Vec<OpenSession>,
}

/// Log in.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "sessions",
    request_body = LogIn,
    responses(
        (status = 201, body = NewSession),
        (status = 401, description = "Wrong e-mail or password; with the type `urn:wattline:code-needed` a code is missing or wrong", body = Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    headers: HeaderMap,
    Body(login): Body<LogIn>,
) -> Result<Response, ApiError> {
    login.validate()?;
    let email = normalise_email(&login.email);
    app.limits.attempt(&email, from, app.clock.now())?;
    let credentials = app.stores.accounts.credentials_by_email(&email).await?;
    let (person, password_hash) =
        credentials.map(|credentials| (credentials.person.id, credentials.password_hash)).unzip();
    let matches = app.passwords.verify(login.password, password_hash.clone()).await?;
    let Some((person, password_hash)) = person.zip(password_hash).filter(|_| matches) else {
        tracing::info!(person = person.map(|id| id.to_string()), "log-in refused");
        return Err(ApiError::WrongLogin);
    };
    if let Some(factor) = app.second_factor_of(person).await? {
        let code = login.code.filter(|code| !code.trim().is_empty()).ok_or(ApiError::CodeNeeded);
        if !app.code_fits(person, &factor, &code?).await? {
            tracing::info!(%person, "log-in refused: wrong code");
            return Err(ApiError::WrongCode);
        }
    }
    let (secret, session) = app.new_session(person, &headers);
    if !app.stores.accounts.log_in(&session, &password_hash).await? {
        tracing::info!(%person, "log-in refused: the password was changed meanwhile");
        return Err(ApiError::WrongLogin);
    }
    app.limits.succeeded(&email, from);
    app.opened(&secret, &session).await
}

impl App {
    /// Somebody has shown who they are, at a provider.
    pub(super) async fn open_session(
        &self,
        person: PersonId,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let (secret, session) = self.new_session(person, headers);
        self.stores.accounts.open_session(&session).await?;
        self.opened(&secret, &session).await
    }

    fn new_session(&self, person: PersonId, headers: &HeaderMap) -> (SessionSecret, Session) {
        let (secret, created) = (SessionSecret::generate(), self.clock.now());
        let session = Session {
            secret_hash: secret.hash(),
            person,
            created,
            expires: created.plus_millis(self.sessions.life_millis()),
            client: client_of(headers),
            last_used: created,
        };
        (secret, session)
    }

    async fn opened(&self, secret: &SessionSecret, session: &Session) -> Result<Response, ApiError> {
        tracing::info!(person = %session.person, "logged in");
        let body = NewSession { secret: secret.expose().to_owned(), session: describe(self, session).await? };
        Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
    }
}

fn client_of(headers: &HeaderMap) -> String {
    let text = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.chars().filter(|letter| !letter.is_control()).take(MAX_CLIENT_CHARS).collect()
}

/// Where somebody is logged in, the latest first.
#[utoipa::path(
    get,
    operation_id = "list_sessions",
    path = "/v1/sessions",
    tag = "sessions",
    security(("session" = [])),
    responses((status = 200, body = OpenSessions), OfSession),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<OpenSessions>, ApiError> {
    let sessions = app.stores.accounts.sessions(session.person, app.clock.now()).await?;
    let sessions = sessions.into_iter().map(|one| OpenSession {
        id: one.id().as_uuid(),
        current: one.secret_hash == session.secret_hash,
        client: one.client,
        created: one.created.to_string(),
        last_used: one.last_used.to_string(),
        expires: one.expires.to_string(),
    });
    Ok(Json(OpenSessions { sessions: sessions.collect() }))
}

/// Log out everywhere, here too.
///
/// Links that were sent to change the password or the address are worth nothing any more.
#[utoipa::path(
    delete,
    path = "/v1/sessions",
    tag = "sessions",
    security(("session" = [])),
    responses((status = 204, description = "Logged out"), OfSession),
)]
pub(super) async fn log_out_everywhere(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<StatusCode, ApiError> {
    let closed = app.stores.accounts.close_sessions(session.person).await?;
    tracing::info!(person = %session.person, closed, "logged out everywhere");
    Ok(StatusCode::NO_CONTENT)
}

/// Log out somewhere else.
#[utoipa::path(
    delete,
    operation_id = "close_session",
    path = "/v1/sessions/{id}",
    tag = "sessions",
    security(("session" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Logged out"),
        (status = 404, description = "Not a session of this person", body = Problem, content_type = "application/problem+json"),
        OfSession,
    ),
)]
pub(super) async fn close(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    Address(id): Address<SessionId>,
) -> Result<StatusCode, ApiError> {
    let sessions = app.stores.accounts.sessions(session.person, app.clock.now()).await?;
    let there = sessions.into_iter().find(|one| one.id() == id).ok_or(ApiError::NotFound)?;
    app.stores.accounts.close_session(&there.secret_hash).await?;
    tracing::info!(person = %session.person, "logged out elsewhere");
    Ok(StatusCode::NO_CONTENT)
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
    app.stores.accounts.close_session(&session.secret_hash).await?;
    tracing::info!(person = %session.person, "logged out");
    Ok(StatusCode::NO_CONTENT)
}

async fn describe(app: &App, session: &Session) -> Result<SessionBody, ApiError> {
    let person: PersonId = session.person;
    let Some(person) = app.stores.accounts.person(person).await? else {
        return Err(ApiError::NotLoggedIn);
    };
    let memberships = app.stores.accounts.memberships(person.id, app.clock.now()).await?;
    Ok(SessionBody {
        expires_at: session.expires.to_string(),
        person: PersonBody { id: person.id.as_uuid(), email: person.email, name: person.name },
        households: memberships.into_iter().map(HouseholdReference::from).collect(),
    })
}
