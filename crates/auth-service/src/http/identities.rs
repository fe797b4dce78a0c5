//! Accounts at providers through which somebody logs in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::PersonId;
use domain::accounts::AccountsError;
use domain::identities::{Aim, Identity, IdentityId};
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::extract::{Address, Body, LoggedIn};
use super::origin::Origin;
use super::provider_refusal::ProviderRefusal;
use super::providers::Begun;
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit, OfSession};
use crate::oidc::{Account, Provider};
use crate::post::{Language, Matter};

pub(super) const MAX_IDENTITIES: usize = 10;

/// An account at a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Identity)]
struct IdentityBody {
    id: Uuid,
    /// What people call the provider; of one that is not set up any more its address.
    provider: String,
    /// Whether one can log in through it still.
    usable: bool,
    /// What the account is called there; may be empty.
    label: String,
    #[schema(value_type = String, format = DateTime)]
    connected: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct IdentityList {
    identities: Vec<IdentityBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Connecting {
    provider: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code; for those who have a second factor.
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Disconnecting {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Through which accounts at providers one logs in.
#[utoipa::path(
    get,
    operation_id = "list_identities",
    path = "/v1/people/current/identities",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, body = IdentityList), OfSession),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<IdentityList>, ApiError> {
    let identities = app.stores.identities.identities(session.person).await?;
    let body = |identity: Identity| IdentityBody {
        id: identity.id.as_uuid(),
        usable: app.provider_of(&identity.issuer).is_some(),
        provider: app.provider_name(&identity.issuer),
        label: identity.label,
        connected: identity.connected.to_string(),
    };
    Ok(Json(IdentityList { identities: identities.into_iter().map(body).collect() }))
}

/// Begin to connect an account at a provider.
///
/// It takes the password, and the code where there is a second factor: a browser that was left open is not enough.
#[utoipa::path(
    post,
    operation_id = "connect_identity",
    path = "/v1/people/current/identities",
    tag = "people",
    security(("session" = [])),
    request_body = Connecting,
    responses(
        (status = 201, body = Begun),
        (status = 404, description = "No such provider", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is no password yet, or there are too many accounts", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfSession,
        OfLimit,
    ),
)]
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    reader: Reader,
    Body(body): Body<Connecting>,
) -> Result<Response, ApiError> {
    let provider = app.providers.get(&body.provider).ok_or(ApiError::NotFound)?;
    let person = app.sure_of(session.person, body.password, body.code, from).await?;
    if app.stores.identities.identities(person.id).await?.len() >= MAX_IDENTITIES {
        return Err(ProviderRefusal::TooMany.into());
    }
    let aim = Aim::Connect { person: person.id, session: session.secret_hash };
    app.depart(provider, aim, reader.language(body.language)).await
}

/// Remove an account at a provider. It takes the password, so that it is never the last way in.
#[utoipa::path(
    post,
    operation_id = "remove_identity",
    path = "/v1/people/current/identities/{id}/removal",
    tag = "people",
    security(("session" = [])),
    params(("id" = Uuid, Path)),
    request_body = Disconnecting,
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "Not an account of this person", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is no password yet", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfSession,
        OfLimit,
    ),
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    Address(id): Address<IdentityId>,
    reader: Reader,
    Body(body): Body<Disconnecting>,
) -> Result<StatusCode, ApiError> {
    let identities = app.stores.identities.identities(session.person).await?;
    let identity = identities.into_iter().find(|one| one.id == id).ok_or(ApiError::NotFound)?;
    let person = app.own_password("password", session.person, body.password, from).await?;
    if app.stores.identities.disconnect_identity(person.id, id).await? {
        let provider = app.provider_name(&identity.issuer);
        app.post.send(&person.email, reader.language(None), &Matter::IdentityRemoved { provider });
        tracing::info!(person = %person.id, issuer = identity.issuer, "an identity was removed");
    }
    Ok(StatusCode::NO_CONTENT)
}

fn ended(error: AccountsError) -> ApiError {
    match error {
        AccountsError::LoggedOut => ProviderRefusal::Expired.into(),
        other => other.into(),
    }
}

impl App {
    fn provider_of(&self, issuer: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.issuer() == issuer)
    }

    /// Through which accounts the person may log in, for people to read.
    pub(super) async fn ways_in(&self, person: PersonId) -> Result<Vec<String>, ApiError> {
        let identities = self.stores.identities.identities(person).await?;
        let named = |one: Identity| match (self.provider_name(&one.issuer), one.label) {
            (provider, label) if label.is_empty() => provider,
            (provider, label) => format!("{provider} ({label})"),
        };
        Ok(identities.into_iter().map(named).collect())
    }

    fn provider_name(&self, issuer: &str) -> String {
        self.provider_of(issuer).map_or(issuer, Provider::name).to_owned()
    }

    /// Somebody who was logged in has come back with an account, in the browser that they left with.
    pub(super) async fn connected(
        &self,
        provider: &Provider,
        account: &Account,
        person: PersonId,
        session: &[u8; 32],
        language: Language,
    ) -> Result<Response, ApiError> {
        // Who has logged out meanwhile wants nothing of the kind any more.
        let open = self.stores.accounts.session(session, self.clock.now()).await?;
        let person = match open {
            Some(session) if session.person == person => self.stores.accounts.person(person).await?,
            _ => None,
        };
        let person = person.ok_or(ProviderRefusal::Expired)?;
        let identities = &self.stores.identities;
        let connected = identities.connect_identity(&self.identity(account, person.id), Some(session)).await;
        if connected.map_err(ended)? {
            let matter = Matter::IdentityConnected { provider: provider.name().to_owned() };
            self.post.send(&person.email, language, &matter);
            tracing::info!(person = %person.id, provider = provider.id(), "an identity was connected");
        } else if identities.person_of_identity(&account.issuer, &account.subject).await? != Some(person.id) {
            return Err(ProviderRefusal::Taken.into());
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}
