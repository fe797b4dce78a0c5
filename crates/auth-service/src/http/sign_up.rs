//! Becoming a person: with an address that answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::PersonId;
use domain::accounts::{Credentials, Person};
use domain::tickets::{Purpose, Ticket};
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::{checked_email, checked_name, checked_password};
use super::error::ApiError;
use super::extract::Body;
use super::links::{DAY_MILLIS, HOUR_MILLIS};
use super::origin::Origin;
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit};
use crate::post::{Language, Matter, Page};
use crate::secret::LinkSecret;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignUp {
    #[schema(max_length = 254)]
    email: String,
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

/// A letter is on its way, if there is somebody to get it.
#[derive(Serialize, ToSchema)]
pub(super) struct Sent {
    /// Only in a demonstration: what the letter would lead to.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl Sent {
    pub(super) fn answer(link: Option<String>) -> (StatusCode, Json<Self>) {
        (StatusCode::ACCEPTED, Json(Self { link }))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// What is behind the `#` of the link.
    #[schema(value_type = String)]
    secret: SecretString,
    /// For somebody who signs up. It is set here, by who reads the letters: whoever typed in the address may be somebody
    /// else.
    #[schema(value_type = Option<String>, format = Password, min_length = 8)]
    password: Option<SecretString>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Confirmed {
    /// The address that is confirmed; it is what to log in with.
    email: String,
}

/// Sign up. The answer is the same for an address that is known already: a letter tells its owner.
#[utoipa::path(
    post,
    path = "/v1/people",
    tag = "people",
    request_body = SignUp,
    responses(
        (status = 202, description = "A letter is on its way", body = Sent),
        (status = 403, description = "Nobody may sign up here", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is no mail server", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn sign_up(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    reader: Reader,
    Body(request): Body<SignUp>,
) -> Result<(StatusCode, Json<Sent>), ApiError> {
    if !app.people.sign_up {
        return Err(ApiError::SignUpClosed);
    }
    let email = checked_email(&request.email)?;
    let name = checked_name("name", &request.name)?;
    app.can_send(from)?;
    let known = app.stores.accounts.credentials_by_email(&email).await?;
    let secret = LinkSecret::generate();
    let (purpose, page, life) = match &known {
        None => (Purpose::SignUp { name }, Page::Welcome, DAY_MILLIS),
        Some(known) => (Purpose::Reset { person: known.person.id }, Page::NewPassword, HOUR_MILLIS),
    };
    let link = app.post.link(page, secret.expose());
    if app.limits.may_receive(&email, app.clock.now()) {
        let ticket = app.ticket(&secret, email, purpose, life);
        app.stores.tickets.put_ticket(&ticket, None).await?;
        let matter = match known {
            None => Matter::ConfirmSignUp { link: link.clone() },
            Some(_) => Matter::AlreadyThere { link: link.clone() },
        };
        app.post.send(&ticket.email, reader.language(request.language), &matter);
    }
    Ok(Sent::answer(app.post.shown(link)))
}

/// Confirm an address: of somebody who signs up, with the password to be, or a new one.
#[utoipa::path(
    post,
    path = "/v1/confirmations",
    tag = "people",
    request_body = Confirmation,
    responses(
        (status = 200, body = Confirmed),
        (status = 404, description = "The link is not valid any more", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another person has the address by now", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    reader: Reader,
    Body(body): Body<Confirmation>,
) -> Result<Json<Confirmed>, ApiError> {
    let secret = app.link_secret(&body.secret, from)?;
    if let Some(password) = &body.password {
        checked_password("password", password)?;
    }
    let wanted = |purpose: &Purpose| matches!(purpose, Purpose::SignUp { .. } | Purpose::ChangeEmail { .. });
    let ticket = app.look_at_link(&secret, wanted).await?;
    let password = match body.password {
        Some(password) => Some(app.passwords.hash(password).await?),
        None => None,
    };
    app.confirmed(&ticket, password, reader.language(None)).await?;
    Ok(Json(Confirmed { email: ticket.email }))
}

impl App {
    async fn confirmed(
        &self,
        ticket: &Ticket,
        password_hash: Option<String>,
        language: Language,
    ) -> Result<(), ApiError> {
        let email = &ticket.email;
        match &ticket.purpose {
            Purpose::SignUp { name } => {
                let password_hash = password_hash
                    .ok_or_else(|| ApiError::invalid("password", "Please choose a password."))?;
                let id = PersonId::from_uuid(Uuid::new_v4());
                let person = Person { id, email: email.clone(), name: name.clone() };
                let credentials = Credentials { person, password_hash };
                self.stores.accounts.create_person(&credentials).await?;
                // From here on the link is worth nothing, whether it can be forgotten now or not: the address is taken.
                if let Err(error) =
                    self.stores.tickets.take_ticket(&ticket.secret_hash, self.clock.now()).await
                {
                    tracing::warn!(%error, "a link that was used stays until it expires");
                }
                tracing::info!(person = %id, "somebody signed up");
            }
            Purpose::ChangeEmail { person } => {
                let moved = self.stores.accounts.change_email(&ticket.secret_hash, self.clock.now()).await?;
                let before = moved.ok_or(ApiError::BadLink)?;
                let matter = Matter::EmailChanged { to: email.clone() };
                self.post.send(&before.email, language, &matter);
                tracing::info!(%person, "e-mail address changed");
            }
            Purpose::Reset { .. } | Purpose::Invitation { .. } => return Err(ApiError::BadLink),
        }
        Ok(())
    }
}
