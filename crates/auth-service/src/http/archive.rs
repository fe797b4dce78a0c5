//! What is known of a person, for the person: the parts of an archive that somebody else puts together.
//!
//! It takes the password once more, and then a permit for two minutes: the archive is fetched by the browser itself, which
//! sends no password along. A permit is signed, so that any replica knows it, and good for the session's own person only.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::{IntoResponse, Response};
use domain::access::Role;
use domain::audit::Entry;
use domain::{HouseholdId, PersonId};
use http::request::Parts;
use http::{StatusCode, header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::extract::{Body, LoggedIn};
use super::origin::Origin;
use super::refusals::{OfBody, OfLimit, OfSession};
use super::sessions::HouseholdReference;
use crate::signing_keys::PermitClaims;
use crate::totp;

const PERMIT: &str = "x-wattline-permit";
const PERMIT_SECS: i64 = 120;
/// Deeds of one answer.
const PAGE: u32 = 500;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchiveWish {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code; for those who have a second factor.
    code: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Permit {
    /// For the header `X-Wattline-Permit`.
    permit: String,
    /// Seconds.
    expires_in: i64,
}

#[derive(Serialize, ToSchema)]
struct ArchivedSession {
    client: String,
    created: String,
    last_used: String,
    expires: String,
}

#[derive(Serialize, ToSchema)]
struct ArchivedToken {
    name: String,
    household: Uuid,
    scopes: Vec<&'static str>,
    created: String,
    #[schema(required = true)]
    expires: Option<String>,
    #[schema(required = true)]
    last_used: Option<String>,
}

/// An account at a provider through which the person logs in.
#[derive(Serialize, ToSchema)]
struct ArchivedIdentity {
    issuer: String,
    /// Who the person is there.
    subject: String,
    /// What the account was called when it was connected; may be empty.
    label: String,
    connected: String,
}

/// Never the secret of it.
#[derive(Serialize, ToSchema)]
struct ArchivedFactor {
    on: bool,
    /// Null when it is off, or was switched on before this was written down.
    #[schema(required = true)]
    since: Option<String>,
    recovery_codes_left: u32,
}

#[derive(Serialize, ToSchema)]
struct ArchivedHousehold {
    #[serde(flatten)]
    household: HouseholdReference,
    /// Whether all of it comes along: for owners and members, not for guests.
    whole: bool,
}

/// What is known of a person; secrets and their hashes are left out.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonArchive)]
pub(super) struct PersonArchive {
    made: String,
    id: Uuid,
    name: String,
    email: String,
    second_factor: ArchivedFactor,
    identities: Vec<ArchivedIdentity>,
    sessions: Vec<ArchivedSession>,
    personal_tokens: Vec<ArchivedToken>,
    households: Vec<ArchivedHousehold>,
}

#[derive(Serialize, ToSchema)]
struct ArchivedDeed {
    number: i64,
    at: String,
    household: Uuid,
    action: &'static str,
    about: String,
}

/// What the person did in households, as it was written down there.
#[derive(Serialize, ToSchema)]
pub(super) struct ArchivedDeeds {
    /// The earliest first.
    deeds: Vec<ArchivedDeed>,
    /// Whether there are later ones.
    more: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DeedParameters {
    /// The number of the last one that is known already.
    #[param(value_type = Option<i64>)]
    after: Option<String>,
}

/// Somebody who is logged in and has just said the password.
pub(super) struct Permitted(pub(super) domain::accounts::Session);

impl FromRequestParts<Arc<App>> for Permitted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let LoggedIn(session) = LoggedIn::from_request_parts(parts, app).await?;
        let permit = parts.headers.get(PERMIT).and_then(|value| value.to_str().ok());
        let person = permit.and_then(|permit| app.signing_keys.permitted(permit, app.clock.now()));
        if person == Some(session.person) { Ok(Self(session)) } else { Err(ApiError::NoPermit) }
    }
}

/// Say the password once more, to take one's data along.
#[utoipa::path(
    post,
    operation_id = "permit_archive",
    path = "/v1/people/current/archive",
    tag = "people",
    security(("session" = [])),
    request_body = ArchiveWish,
    responses((status = 201, body = Permit), OfBody, OfSession, OfLimit),
)]
pub(super) async fn permit(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    Body(body): Body<ArchiveWish>,
) -> Result<Response, ApiError> {
    let person = app.sure_of(session.person, body.password, body.code, from).await?;
    let claims = PermitClaims::new(person.id, app.clock.now(), PERMIT_SECS);
    let permit = Permit { permit: app.signing_keys.sign(&claims)?, expires_in: PERMIT_SECS };
    tracing::info!(person = %person.id, "an archive is permitted");
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(permit)).into_response())
}

/// What is known of who is logged in. Takes a permit.
#[utoipa::path(
    get,
    operation_id = "show_archive",
    path = "/v1/people/current/archive",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, body = PersonArchive), OfSession),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Permitted(session): Permitted,
) -> Result<Json<PersonArchive>, ApiError> {
    let (id, now) = (session.person, app.clock.now());
    let person = app.stores.accounts.person(id).await?.ok_or(ApiError::NotLoggedIn)?;
    let sessions = app.stores.accounts.sessions(id, now).await?;
    let sessions = sessions.into_iter().map(|one| ArchivedSession {
        client: one.client,
        created: one.created.to_string(),
        last_used: one.last_used.to_string(),
        expires: one.expires.to_string(),
    });
    let identities = app.stores.identities.identities(id).await?;
    let identities = identities.into_iter().map(|one| ArchivedIdentity {
        issuer: one.issuer,
        subject: one.subject,
        label: one.label,
        connected: one.connected.to_string(),
    });
    let memberships = app.stores.accounts.memberships(id, now).await?;
    let households = memberships.into_iter().map(|membership| ArchivedHousehold {
        whole: membership.role != Role::Guest,
        household: membership.into(),
    });
    Ok(Json(PersonArchive {
        made: now.to_string(),
        id: id.as_uuid(),
        name: person.name,
        email: person.email,
        second_factor: app.archived_factor(id).await?,
        identities: identities.collect(),
        sessions: sessions.collect(),
        personal_tokens: app.archived_tokens(id).await?,
        households: households.collect(),
    }))
}

/// What who is logged in did in households: 500, from the first on. Takes a permit.
#[utoipa::path(
    get,
    operation_id = "list_own_deeds",
    path = "/v1/people/current/archive/deeds",
    tag = "people",
    security(("session" = [])),
    params(DeedParameters),
    responses(
        (status = 200, body = ArchivedDeeds),
        (status = 400, description = "A parameter is unknown or there twice", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = service::problem::Problem, content_type = "application/problem+json"),
        OfSession,
    ),
)]
pub(super) async fn deeds(
    State(app): State<Arc<App>>,
    Permitted(session): Permitted,
    parameters: Result<Query<DeedParameters>, QueryRejection>,
) -> Result<Json<ArchivedDeeds>, ApiError> {
    let Query(parameters) = parameters.map_err(|rejection| ApiError::BadQuery(rejection.body_text()))?;
    let after = match parameters.after {
        Some(text) => text.parse().map_err(|_| ApiError::invalid("after", "It is not a number."))?,
        None => i64::MIN,
    };
    let mut entries = app.stores.audit.entries_by(session.person, after, PAGE + 1).await?;
    let more = entries.len() > PAGE as usize;
    entries.truncate(PAGE as usize);
    let names = app.names_in(entries.iter().map(|entry| &entry.deed)).await?;
    let deed = |Entry { number, deed }: Entry| ArchivedDeed {
        number,
        at: deed.at.to_string(),
        household: HouseholdId::as_uuid(&deed.household),
        action: deed.action.as_str(),
        about: names.about(&deed),
    };
    Ok(Json(ArchivedDeeds { deeds: entries.into_iter().map(deed).collect(), more }))
}

impl App {
    async fn archived_factor(&self, person: PersonId) -> Result<ArchivedFactor, ApiError> {
        let factor = self.second_factor_of(person).await?;
        let since = factor.as_ref().and_then(|factor| factor.first_step).map(totp::start_of);
        Ok(ArchivedFactor {
            on: factor.is_some(),
            since: since.map(|since| since.to_string()),
            recovery_codes_left: factor.map_or(0, |factor| factor.recovery_codes),
        })
    }

    async fn archived_tokens(&self, person: PersonId) -> Result<Vec<ArchivedToken>, ApiError> {
        let tokens = self.stores.personal_tokens.tokens(person).await?;
        let token = |token: domain::personal_tokens::PersonalToken| ArchivedToken {
            name: token.name,
            household: token.household.as_uuid(),
            scopes: token.scopes.into_iter().map(domain::access::Scope::as_str).collect(),
            created: token.created.to_string(),
            expires: token.expires.map(|at| at.to_string()),
            last_used: token.last_used.map(|at| at.to_string()),
        };
        Ok(tokens.into_iter().map(token).collect())
    }
}
