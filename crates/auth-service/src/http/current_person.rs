//! Who is logged in, and what they change about themselves.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::PersonId;
use domain::accounts::Person;
use domain::tickets::Purpose;
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::{checked_email, checked_name, checked_password};
use super::error::ApiError;
use super::extract::{Body, LoggedIn};
use super::links::DAY_MILLIS;
use super::origin::Origin;
use super::provider_refusal::ProviderRefusal;
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit, OfSession};
use super::sign_up::Sent;
use crate::post::{Language, Matter, Page};
use crate::secret::LinkSecret;

#[derive(Serialize, ToSchema)]
pub(super) struct CurrentPerson {
    id: Uuid,
    email: String,
    name: String,
    /// Whether a code is asked for after the password.
    second_factor: bool,
    recovery_codes_left: u32,
    /// Without one the person logs in through a provider. A letter for a forgotten password sets the first.
    has_password: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NameBody {
    #[schema(min_length = 1, max_length = 80)]
    name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current: SecretString,
    #[schema(value_type = String, format = Password, min_length = 8)]
    new: SecretString,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailChange {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code; for those who have a second factor.
    #[serde(default)]
    code: Option<String>,
    #[schema(max_length = 254)]
    email: String,
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

/// Who is logged in, and how well that is protected.
#[utoipa::path(
    get,
    operation_id = "show_current_person",
    path = "/v1/people/current",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, body = CurrentPerson), OfSession),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<CurrentPerson>, ApiError> {
    app.describe_person(session.person).await
}

/// Go by another name.
#[utoipa::path(
    put,
    operation_id = "rename_current_person",
    path = "/v1/people/current",
    tag = "people",
    security(("session" = [])),
    request_body = NameBody,
    responses((status = 200, body = CurrentPerson), OfBody, OfSession),
)]
pub(super) async fn rename(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    Body(body): Body<NameBody>,
) -> Result<Json<CurrentPerson>, ApiError> {
    let name = checked_name("name", &body.name)?;
    app.stores.accounts.set_name(session.person, &name).await?;
    app.describe_person(session.person).await
}

/// Change the password.
///
/// Everywhere else one is logged in that ends, and so do links that were sent to change the password or the address.
#[utoipa::path(
    put,
    path = "/v1/people/current/password",
    tag = "people",
    security(("session" = [])),
    request_body = PasswordChange,
    responses((status = 204, description = "Changed"), OfBody, OfSession, OfLimit),
)]
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    reader: Reader,
    Body(body): Body<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    checked_password("new", &body.new)?;
    let person = app.own_password("current", session.person, body.current, from).await?;
    let hash = app.passwords.hash(body.new).await?;
    if !app.stores.accounts.change_password(person.id, &hash, &session.secret_hash).await? {
        return Err(ApiError::NotLoggedIn);
    }
    app.post.send(&person.email, reader.language(None), &Matter::PasswordChanged);
    tracing::info!(person = %person.id, "password changed");
    Ok(StatusCode::NO_CONTENT)
}

/// Go by another e-mail address, once it has been confirmed there. A letter to the one of before says so at once.
#[utoipa::path(
    put,
    path = "/v1/people/current/email",
    tag = "people",
    security(("session" = [])),
    request_body = EmailChange,
    responses(
        (status = 202, description = "A letter is on its way to the new address", body = Sent),
        (status = 409, description = "There is no mail server", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfSession,
        OfLimit,
    ),
)]
pub(super) async fn change_email(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    reader: Reader,
    Body(body): Body<EmailChange>,
) -> Result<(StatusCode, Json<Sent>), ApiError> {
    let email = checked_email(&body.email)?;
    let person = app.sure_of(session.person, body.password, body.code, from).await?;
    app.can_send(from)?;
    let secret = LinkSecret::generate();
    let link = app.post.link(Page::Confirm, secret.expose());
    if app.limits.may_receive(&email, app.clock.now()) {
        let purpose = Purpose::ChangeEmail { person: person.id };
        let ticket = app.ticket(&secret, email, purpose, DAY_MILLIS);
        app.stores.tickets.put_ticket(&ticket, Some(&session.secret_hash)).await?;
        let language = reader.language(body.language);
        app.post.send(&ticket.email, language, &Matter::ConfirmEmail { link: link.clone() });
        app.post.send(&person.email, language, &Matter::EmailChangeAsked { to: ticket.email });
    }
    Ok(Sent::answer(app.post.shown(link)))
}

impl App {
    async fn describe_person(&self, id: PersonId) -> Result<Json<CurrentPerson>, ApiError> {
        let person = self.stores.accounts.person(id).await?.ok_or(ApiError::NotLoggedIn)?;
        let factor = self.stores.second_factors.second_factor(id).await?.filter(|factor| factor.confirmed);
        let credentials = self.stores.accounts.credentials_by_email(&person.email).await?;
        Ok(Json(CurrentPerson {
            has_password: credentials.is_some_and(|credentials| credentials.has_password()),
            id: person.id.as_uuid(),
            email: person.email,
            name: person.name,
            second_factor: factor.is_some(),
            recovery_codes_left: factor.map_or(0, |factor| factor.recovery_codes),
        }))
    }

    /// Somebody who is logged in says the password once more: a browser that was left open is not enough.
    pub(super) async fn own_password(
        &self,
        field: &str,
        person: PersonId,
        password: SecretString,
        from: IpAddr,
    ) -> Result<Person, ApiError> {
        let person = self.stores.accounts.person(person).await?.ok_or(ApiError::NotLoggedIn)?;
        self.limits.attempt(&person.email, from, self.clock.now())?;
        let known = self.stores.accounts.credentials_by_email(&person.email).await?;
        if known.as_ref().is_some_and(|known| !known.has_password()) {
            return Err(ProviderRefusal::NoPassword.into());
        }
        let hash = known.map(|known| known.password_hash);
        if !self.passwords.verify(password, hash).await? {
            tracing::info!(person = %person.id, "wrong password of somebody who is logged in");
            return Err(ApiError::invalid(field, "That is not your password."));
        }
        self.limits.succeeded(&person.email, from);
        Ok(person)
    }
}
