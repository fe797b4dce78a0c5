//! Somebody comes back from a provider.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::PersonId;
use domain::accounts::{Credentials, NO_PASSWORD, Person};
use domain::identities::{Aim, Flow, Identity, IdentityId};
use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::checked_email;
use super::error::ApiError;
use super::extract::{Address, Body};
use super::origin::Origin;
use super::provider_refusal::ProviderRefusal;
use super::providers::{FLOW_MILLIS, refused};
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit};
use super::sessions::{MAX_CODE_BYTES, NewSession};
use crate::names::{MAX_NAME_CHARS, is_printable};
use crate::oidc::{Account, Provider, is_state};
use crate::secret::FlowSecret;

/// Some providers put a whole token into a code.
const MAX_PART_BYTES: usize = 4_096;

/// What the browser brought back, with the secret that it kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderAnswer {
    #[schema(value_type = String)]
    secret: SecretString,
    #[schema(max_length = 4096)]
    state: String,
    #[schema(value_type = Option<String>, max_length = 4096)]
    code: Option<SecretString>,
    #[schema(max_length = 4096)]
    error: Option<String>,
    /// RFC 9207.
    #[schema(max_length = 4096)]
    iss: Option<String>,
}

/// The provider has said who it is. What is missing is the code of the second factor.
#[derive(Serialize, ToSchema)]
pub(super) struct CodeWanted {
    /// What the browser keeps to itself until it brings the code. It is not shown again.
    secret: String,
    /// In seconds.
    expires_in: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondStep {
    #[schema(value_type = String)]
    secret: SecretString,
    /// Of the app, or a recovery code.
    #[schema(max_length = 40)]
    code: String,
}

impl ProviderAnswer {
    fn validate(&self) -> Result<(), ApiError> {
        let code = self.code.as_ref().map(ExposeSecret::expose_secret);
        let parts = [
            ("state", Some(self.state.as_str())),
            ("code", code),
            ("error", self.error.as_deref()),
            ("iss", self.iss.as_deref()),
        ];
        match parts.into_iter().find(|(_, part)| part.is_some_and(|part| part.len() > MAX_PART_BYTES)) {
            Some((field, _)) => Err(ApiError::invalid(field, "It is too long.")),
            None => Ok(()),
        }
    }
}

/// Come back from a provider: logged in, or with an account there connected.
#[utoipa::path(
    post,
    operation_id = "answer_of_provider",
    path = "/v1/providers/{provider}/answers",
    tag = "providers",
    params(("provider" = String, Path)),
    request_body = ProviderAnswer,
    responses(
        (status = 201, description = "Logged in", body = NewSession),
        (status = 202, description = "A code is needed too", body = CodeWanted),
        (status = 204, description = "The account is connected"),
        (status = 403, description = "Cancelled, not to be believed, not verified, or nobody may sign up; `type` says which", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 409, description = "The address or the account is somebody's already", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 410, description = "Expired, used, or of another browser", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    Address(provider): Address<String>,
    headers: HeaderMap,
    reader: Reader,
    Body(answer): Body<ProviderAnswer>,
) -> Result<Response, ApiError> {
    answer.validate()?;
    let now = app.clock.now();
    app.limits.ask(from, now)?;
    let secret = FlowSecret::parse(answer.secret.expose_secret()).ok_or(ProviderRefusal::Expired)?;
    let provider = app.providers.get(&provider).ok_or(ProviderRefusal::Expired)?;
    let flow = app.stores.identities.flow(&secret.hash(), now).await?.ok_or(ProviderRefusal::Expired)?;
    // Of another browser, of another provider, or of another log-in. The right answer may still come.
    let is_its_own = flow.provider == provider.id() && is_state(&secret, &answer.state);
    if !is_its_own || matches!(flow.aim, Aim::Code { .. }) {
        tracing::warn!(provider = provider.id(), "an answer that belongs to no log-in");
        return Err(ProviderRefusal::Expired.into());
    }
    let flow = app.stores.identities.take_flow(&secret.hash(), now).await?.ok_or(ProviderRefusal::Expired)?;
    let account = app.account(provider, &secret, answer).await?;
    match flow.aim {
        Aim::Connect { person, session } => {
            app.connected(provider, &account, person, &session, reader.language(None)).await
        }
        Aim::LogIn | Aim::Code { .. } => {
            let person = app.person_of(provider, &account).await?;
            app.arrive(provider, person, &headers).await
        }
    }
}

/// Give the code of the second factor, after the provider has said who it is.
#[utoipa::path(
    post,
    operation_id = "second_step_after_provider",
    path = "/v1/second-steps",
    tag = "providers",
    request_body = SecondStep,
    responses(
        (status = 201, body = NewSession),
        (status = 401, description = "The code is wrong", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 410, description = "Expired, used, or of another browser", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn second_step(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    headers: HeaderMap,
    Body(step): Body<SecondStep>,
) -> Result<Response, ApiError> {
    if step.code.len() > MAX_CODE_BYTES {
        return Err(ApiError::invalid("code", "A code has at most 40 bytes."));
    }
    let now = app.clock.now();
    app.limits.ask(from, now)?;
    let secret = FlowSecret::parse(step.secret.expose_secret()).ok_or(ProviderRefusal::Expired)?;
    let flow = app.stores.identities.flow(&secret.hash(), now).await?;
    let Some(Flow { aim: Aim::Code { person }, .. }) = flow else {
        return Err(ProviderRefusal::Expired.into());
    };
    let known = app.stores.accounts.person(person).await?.ok_or(ProviderRefusal::Expired)?;
    app.limits.attempt(&known.email, from, now)?;
    // Who has switched it off meanwhile begins again.
    let factor = app.second_factor_of(person).await?.ok_or(ProviderRefusal::Expired)?;
    if !app.code_fits(person, &factor, &step.code).await? {
        tracing::info!(%person, "log-in refused: wrong code");
        return Err(ApiError::WrongCode);
    }
    app.limits.succeeded(&known.email, from);
    app.stores.identities.take_flow(&secret.hash(), now).await?.ok_or(ProviderRefusal::Expired)?;
    app.open_session(person, &headers).await
}

impl App {
    async fn account(
        &self,
        provider: &Provider,
        secret: &FlowSecret,
        answer: ProviderAnswer,
    ) -> Result<Account, ApiError> {
        let now = self.clock.now();
        let failed = |error| refused(provider, &error);
        // Whose answer it is comes before what it says.
        provider.check_iss(answer.iss.as_deref(), now).await.map_err(failed)?;
        if let Some(error) = answer.error {
            return Err(match error.as_str() {
                "access_denied" => ProviderRefusal::Cancelled,
                "temporarily_unavailable" | "server_error" => ProviderRefusal::Away,
                _ => ProviderRefusal::Failed,
            }
            .into());
        }
        let code = answer.code.ok_or(ProviderRefusal::Failed)?;
        provider.identify(secret, code.expose_secret(), now).await.map_err(failed)
    }

    /// Who logs in with this account, somebody new as the case may be.
    async fn person_of(&self, provider: &Provider, account: &Account) -> Result<PersonId, ApiError> {
        let identities = &self.stores.identities;
        if let Some(person) = identities.person_of_identity(&account.issuer, &account.subject).await? {
            return Ok(person);
        }
        let email = account.email.as_deref().filter(|_| account.email_verified);
        let email = email.and_then(|email| checked_email(email).ok()).ok_or(ProviderRefusal::Unverified)?;
        // Who is here already says so with the password: whoever runs the provider could be anybody here otherwise.
        if self.stores.accounts.credentials_by_email(&email).await?.is_some() {
            return Err(ProviderRefusal::AddressKnown.into());
        }
        if !self.people.sign_up && !self.stores.tickets.is_invited(&email, self.clock.now()).await? {
            return Err(ProviderRefusal::Closed.into());
        }
        let id = PersonId::from_uuid(Uuid::new_v4());
        let person = Person { id, name: name_of(account, &email), email };
        let credentials = Credentials { person, password_hash: NO_PASSWORD.to_owned() };
        let created = identities.create_person_of_identity(&credentials, &self.identity(account, id)).await;
        match created.map_err(ApiError::from) {
            Ok(true) => {
                tracing::info!(person = %id, provider = provider.id(), "somebody signed up through a provider");
                Ok(id)
            }
            // Two windows at once, or somebody else who has the address since a moment ago.
            Ok(false) | Err(ApiError::EmailTaken) => Ok(identities
                .person_of_identity(&account.issuer, &account.subject)
                .await?
                .ok_or(ProviderRefusal::AddressKnown)?),
            Err(error) => Err(error),
        }
    }

    async fn arrive(
        &self,
        provider: &Provider,
        person: PersonId,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        if self.second_factor_of(person).await?.is_none() {
            return self.open_session(person, headers).await;
        }
        let secret = FlowSecret::generate();
        let expires = self.clock.now().plus_millis(FLOW_MILLIS);
        let (provider, aim) = (provider.id().to_owned(), Aim::Code { person });
        let flow = Flow { secret_hash: secret.hash(), provider, aim, expires };
        self.stores.identities.put_flow(&flow).await?;
        let body = CodeWanted { secret: secret.expose().to_owned(), expires_in: FLOW_MILLIS / 1_000 };
        Ok((StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
    }

    pub(super) fn identity(&self, account: &Account, person: PersonId) -> Identity {
        let label = account.email.as_deref().or(account.user_name.as_deref()).unwrap_or_default();
        Identity {
            id: IdentityId::from_uuid(Uuid::new_v4()),
            person,
            issuer: account.issuer.clone(),
            subject: account.subject.clone(),
            label: printable(label).unwrap_or_default(),
            connected: self.clock.now(),
        }
    }
}

/// At most as long as a name may be.
fn printable(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(MAX_NAME_CHARS).collect();
    let text = text.trim_end();
    (!text.is_empty() && is_printable(text, MAX_NAME_CHARS)).then(|| text.to_owned())
}

/// What others in a household see; it can be changed.
fn name_of(account: &Account, email: &str) -> String {
    let names = [account.name.as_deref(), account.user_name.as_deref(), email.split('@').next()];
    names.into_iter().flatten().find_map(printable).unwrap_or_else(|| "Wattline".to_owned())
}
