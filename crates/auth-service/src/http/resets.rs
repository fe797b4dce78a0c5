//! A new password for who has forgotten the old one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::tickets::Purpose;
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::App;
use super::checks::{checked_email, checked_password};
use super::error::ApiError;
use super::extract::Body;
use super::links::HOUR_MILLIS;
use super::origin::Origin;
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit};
use super::sign_up::Sent;
use crate::post::{Language, Matter, Page};
use crate::secret::LinkSecret;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetRequest {
    #[schema(max_length = 254)]
    email: String,
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// What is behind the `#` of the link.
    #[schema(value_type = String)]
    secret: SecretString,
    #[schema(value_type = String, format = Password, min_length = 8)]
    password: SecretString,
}

/// Ask for a link to set a new password with. The answer is the same when nobody has the address.
#[utoipa::path(
    post,
    operation_id = "ask_for_a_new_password",
    path = "/v1/password-resets",
    tag = "people",
    request_body = ResetRequest,
    responses(
        (status = 202, description = "A letter is on its way, if somebody has the address", body = Sent),
        (status = 409, description = "There is no mail server", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    reader: Reader,
    Body(request): Body<ResetRequest>,
) -> Result<(StatusCode, Json<Sent>), ApiError> {
    let (email, language) = (checked_email(&request.email)?, reader.language(request.language));
    app.can_send(from)?;
    let secret = LinkSecret::generate();
    let link = app.post.link(Page::NewPassword, secret.expose());
    let may_receive = app.limits.may_receive(&email, app.clock.now());
    // What there is to be kept and sent takes its time after the answer, so that the answer takes as long for nobody.
    let (spawned, shown) = (Arc::clone(&app), link.clone());
    tokio::spawn(async move {
        let app = spawned;
        let done = async {
            let Some(known) = app.stores.accounts.credentials_by_email(&email).await? else { return Ok(()) };
            let purpose = Purpose::Reset { person: known.person.id };
            let ticket = app.ticket(&secret, email, purpose, HOUR_MILLIS);
            app.stores.tickets.put_ticket(&ticket, None).await?;
            app.post.send(&ticket.email, language, &Matter::Reset { link });
            Ok::<(), domain::accounts::AccountsError>(())
        };
        if may_receive && let Err(error) = done.await {
            tracing::warn!(%error, "a link for a new password could not be kept");
        }
    });
    Ok(Sent::answer(app.post.shown(shown)))
}

/// Set a new password.
///
/// Everywhere one is logged in that ends, all personal tokens are deleted, and links that were sent to change the password or
/// the address are worth nothing any more.
#[utoipa::path(
    post,
    operation_id = "set_a_new_password",
    path = "/v1/new-passwords",
    tag = "people",
    request_body = NewPassword,
    responses(
        (status = 204, description = "Set"),
        (status = 404, description = "The link is not valid any more", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn set(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    reader: Reader,
    Body(request): Body<NewPassword>,
) -> Result<StatusCode, ApiError> {
    checked_password("password", &request.password)?;
    let secret = app.link_secret(&request.secret, from)?;
    app.look_at_link(&secret, |purpose| matches!(purpose, Purpose::Reset { .. })).await?;
    let hash = app.passwords.hash(request.password).await?;
    let reset = app.stores.accounts.reset_password(&secret.hash(), &hash, app.clock.now()).await?;
    let person = reset.ok_or(ApiError::BadLink)?;
    tracing::info!(person = %person.id, "password set anew");
    let identities = app.ways_in(person.id).await?;
    app.post.send(&person.email, reader.language(None), &Matter::PasswordReset { identities });
    Ok(StatusCode::NO_CONTENT)
}
