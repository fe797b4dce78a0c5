//! Log-in in two steps: a code of an app after the password.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::PersonId;
use domain::accounts::Person;
use domain::second_factor::SecondFactor;
use http::{StatusCode, header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::error::ApiError;
use super::extract::{Body, LoggedIn};
use super::origin::Origin;
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit, OfSession};
use crate::post::Matter;
use crate::{recovery, totp};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordBody {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    /// Six digits.
    code: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Removal {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code.
    code: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct NewSecondFactor {
    /// For apps into which it is typed: base32.
    secret: String,
    /// For apps that read a picture.
    #[schema(example = "otpauth://totp/Wattline:ada@example.org?secret=GEZDGNBVGY3TQOJQ&issuer=Wattline")]
    uri: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Each is good once, in place of a code of the app. They are not shown again.
    recovery_codes: Vec<String>,
}

/// Begin with a second factor: the app is told the secret. Nothing is asked for until it has shown a code.
#[utoipa::path(
    post,
    operation_id = "begin_second_factor",
    path = "/v1/people/current/second-factor",
    tag = "people",
    security(("session" = [])),
    request_body = PasswordBody,
    responses(
        (status = 201, body = NewSecondFactor),
        (status = 409, description = "It is on already", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfSession,
        OfLimit,
    ),
)]
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    Body(body): Body<PasswordBody>,
) -> Result<Response, ApiError> {
    let person = app.own_password("password", session.person, body.password, from).await?;
    let secret = totp::generate_secret();
    let sealed = app.sealing_key.seal(person.id, &secret)?;
    if !app.stores.second_factors.begin_second_factor(person.id, &sealed).await? {
        return Err(ApiError::SecondFactorOn);
    }
    let body =
        NewSecondFactor { secret: totp::to_base32(&secret), uri: totp::to_uri(&secret, &person.email) };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// The app shows a code: from now on one is asked for after the password.
#[utoipa::path(
    put,
    operation_id = "confirm_second_factor",
    path = "/v1/people/current/second-factor",
    tag = "people",
    security(("session" = [])),
    request_body = CodeBody,
    responses(
        (status = 200, body = RecoveryCodes),
        (status = 409, description = "It is on already", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfSession,
        OfLimit,
    ),
)]
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    reader: Reader,
    Body(body): Body<CodeBody>,
) -> Result<Response, ApiError> {
    let person = app.stores.accounts.person(session.person).await?.ok_or(ApiError::NotLoggedIn)?;
    let now = app.clock.now();
    app.limits.attempt(&person.email, from, now)?;
    let wrong = || ApiError::invalid("code", "That code is not the right one now.");
    let factor = app.stores.second_factors.second_factor(person.id).await?.ok_or_else(wrong)?;
    if factor.confirmed {
        return Err(ApiError::SecondFactorOn);
    }
    let secret = app.sealing_key.unseal(person.id, &factor.secret)?;
    let step = totp::step_of(&body.code, &secret, now).ok_or_else(wrong)?;
    let codes = recovery::generate();
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| recovery::hash(code)).collect();
    if !app.stores.second_factors.confirm_second_factor(person.id, &factor.secret, step, &hashes).await? {
        return Err(ApiError::SecondFactorOn);
    }
    app.limits.succeeded(&person.email, from);
    app.post.send(&person.email, reader.language(None), &Matter::SecondFactorOn);
    tracing::info!(person = %person.id, "second factor on");
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(RecoveryCodes { recovery_codes: codes })).into_response())
}

/// Go without a second factor again.
#[utoipa::path(
    post,
    operation_id = "remove_second_factor",
    path = "/v1/people/current/second-factor/removal",
    tag = "people",
    security(("session" = [])),
    request_body = Removal,
    responses((status = 204, description = "It is off"), OfBody, OfSession, OfLimit),
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    reader: Reader,
    Body(body): Body<Removal>,
) -> Result<StatusCode, ApiError> {
    let person = app.own_password("password", session.person, body.password, from).await?;
    if let Some(factor) = app.second_factor_of(person.id).await? {
        app.check_code(&person, &factor, &body.code, from).await?;
        app.stores.second_factors.remove_second_factor(person.id).await?;
        app.post.send(&person.email, reader.language(None), &Matter::SecondFactorOff);
        tracing::info!(person = %person.id, "second factor off");
    }
    Ok(StatusCode::NO_CONTENT)
}

impl App {
    /// One that is asked for.
    pub(super) async fn second_factor_of(&self, person: PersonId) -> Result<Option<SecondFactor>, ApiError> {
        Ok(self.stores.second_factors.second_factor(person).await?.filter(|factor| factor.confirmed))
    }

    /// A code of somebody who is logged in, as a try that counts.
    pub(super) async fn check_code(
        &self,
        person: &Person,
        factor: &SecondFactor,
        code: &str,
        from: IpAddr,
    ) -> Result<(), ApiError> {
        self.limits.attempt(&person.email, from, self.clock.now())?;
        if !self.code_fits(person.id, factor, code).await? {
            tracing::info!(person = %person.id, "wrong code of somebody who is logged in");
            return Err(ApiError::invalid("code", "That code is not the right one now."));
        }
        self.limits.succeeded(&person.email, from);
        Ok(())
    }

    /// Whether this is a code of the app, or a recovery code; either is used up by that.
    pub(super) async fn code_fits(
        &self,
        person: PersonId,
        factor: &SecondFactor,
        code: &str,
    ) -> Result<bool, ApiError> {
        // First, because these are good without the key too, should its file be lost.
        if recovery::normalise(code).is_some() {
            return Ok(self.stores.second_factors.use_recovery_code(person, &recovery::hash(code)).await?);
        }
        let secret = self.sealing_key.unseal(person, &factor.secret)?;
        let Some(step) = totp::step_of(code, &secret, self.clock.now()) else { return Ok(false) };
        Ok(self.stores.second_factors.use_step(person, step).await?)
    }
}
