//! How a new hub comes into a household: it asks for a code and shows it, and an owner enters the code.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::hubs::{Opening, PAIRING_LIFE_MILLIS, Pairing, Standing};
use domain::{HouseholdId, HubId};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::ToSchema;

use super::App;
use super::checks::checked_name;
use super::error::ApiError;
use super::extract::{Address, Body, Caller, HubBearer};
use super::households::HubBody;
use super::origin::Origin;
use super::rights::Right;
use crate::names::{MAX_SERIAL_CHARS, is_printable};
use crate::pairing_code::PairingCode;

/// Hubs that wait at the same time, of all households to be. One replica's limit of wishes lets no more in; of several
/// this is the bound.
const MAX_OPEN: u32 = 1_000;
/// A full house empties itself; when, nobody knows.
const FULL: Duration = Duration::from_mins(1);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PairingRequest {
    #[schema(value_type = Uuid)]
    hub: HubId,
    /// SHA-256 of the secret as it is sent later, `wlh_` and 32 random bytes in base64url; itself in base64url.
    #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    secret_hash: String,
    /// What its maker calls it.
    #[serde(default)]
    #[schema(max_length = 40)]
    serial: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PairingCode)]
struct CodeBody {
    /// To be shown to a person, who enters it.
    #[schema(example = "ABCD-EFGH")]
    code: String,
    /// An RFC 3339 time; from then on the code is worth nothing.
    expires_at: String,
}

/// Ask for a code, as a hub.
#[utoipa::path(
    post,
    operation_id = "open_pairing",
    path = "/v1/pairings",
    tag = "pairings",
    request_body = PairingRequest,
    responses(
        (status = 201, body = CodeBody),
        (status = 409, description = "The secret was used before", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many hubs ask or wait", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The request ended early", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn open(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    Body(request): Body<PairingRequest>,
) -> Result<Response, ApiError> {
    let (secret_hash, serial) = (request.checked_hash()?, request.checked_serial()?);
    if request.hub.as_uuid().is_nil() {
        return Err(ApiError::invalid("hub", "The nil UUID is nobody's."));
    }
    let now = app.clock.now();
    app.limits.open_pairing(from, now)?;
    let code = PairingCode::generate();
    let expires = now.plus_millis(PAIRING_LIFE_MILLIS);
    let pairing =
        Pairing { hub: request.hub, serial, secret_hash, code_hash: code.hash(), created: now, expires };
    match app.stores.hub_credentials.open_pairing(&pairing, MAX_OPEN).await? {
        Opening::Opened => {}
        Opening::TooMany => return Err(ApiError::TooMany(FULL)),
        Opening::SecretUsed => return Err(ApiError::SecretUsed),
    }
    tracing::info!(hub = %pairing.hub, "a hub waits to be paired");
    let body = CodeBody { code: code.shown(), expires_at: expires.to_string() };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum PairingState {
    /// Nobody has entered the code yet.
    Waiting,
    /// The hub is in a household, and the broker takes the secret.
    Paired,
    /// It was, and the household has released it; or it has a newer secret.
    Revoked,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Pairing)]
struct PairingBody {
    state: PairingState,
    /// While it waits: when the code expires, an RFC 3339 time.
    expires_at: Option<String>,
}

/// What has become of the wish to pair; asked by the hub.
#[utoipa::path(
    get,
    operation_id = "current_pairing",
    path = "/v1/pairings/current",
    tag = "pairings",
    security(("hub" = [])),
    responses(
        (status = 200, body = PairingBody),
        (status = 401, description = "Unknown, or expired", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn current(
    State(app): State<Arc<App>>,
    HubBearer(secret_hash): HubBearer,
) -> Result<Response, ApiError> {
    let standing = app.stores.hub_credentials.standing(&secret_hash, app.clock.now()).await?;
    let (state, expires) = match standing.ok_or(ApiError::UnknownHub)? {
        Standing::Waiting { expires } => (PairingState::Waiting, Some(expires)),
        Standing::Paired => (PairingState::Paired, None),
        Standing::Revoked => (PairingState::Revoked, None),
    };
    let body = PairingBody { state, expires_at: expires.map(|at| at.to_string()) };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeEntry {
    /// As the hub shows it; case, spaces and dashes do not matter.
    #[schema(example = "ABCD-EFGH")]
    code: String,
    /// What the hub is to be called.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
}

/// Take the hub that shows this code into the household, as an owner.
///
/// What the hub measured before is not shown. A hub that is in the household already keeps its history, and gets the name
/// and new credentials.
#[utoipa::path(
    post,
    operation_id = "redeem_pairing",
    path = "/v1/households/{household}/pairings",
    tag = "pairings",
    security(("session" = []), ("personal_token" = ["manage"])),
    params(("household" = Uuid, Path)),
    request_body = CodeEntry,
    responses(
        (status = 201, description = "Taken into the household", body = HubBody),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not an owner, or a token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No hub waits with this code (field `code`); or the household is unknown, or not a member", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The hub is in another household", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The request ended early", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn redeem(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(household): Address<HouseholdId>,
    Body(entry): Body<CodeEntry>,
) -> Result<Response, ApiError> {
    caller.may(&app, household, Right::ChangeHome).await?;
    let name = checked_name("name", &entry.name)?;
    let code = PairingCode::parse(&entry.code).ok_or(ApiError::UnknownCode)?;
    let (person, now) = (caller.person(), app.clock.now());
    app.limits.guess_code(person, now)?;
    let redeemed =
        app.stores.hub_credentials.redeem_pairing(&code.hash(), household, &name, person, now).await;
    if !matches!(redeemed, Ok(None)) {
        app.limits.guessed_code(person);
    }
    let hub = redeemed?.ok_or(ApiError::UnknownCode)?;
    tracing::info!(%household, %hub, %person, "hub paired");
    let body = HubBody::of(&app, household, hub, name).await?;
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

impl PairingRequest {
    fn checked_hash(&self) -> Result<[u8; 32], ApiError> {
        let hash = BASE64_URL_SAFE_NO_PAD.decode(&self.secret_hash).ok();
        hash.and_then(|hash| hash.try_into().ok())
            .ok_or_else(|| ApiError::invalid("secret_hash", "It must be 32 bytes in base64url."))
    }

    fn checked_serial(&self) -> Result<Option<String>, ApiError> {
        let Some(serial) = self.serial.as_deref().map(str::trim).filter(|serial| !serial.is_empty()) else {
            return Ok(None);
        };
        if !is_printable(serial, MAX_SERIAL_CHARS) {
            let detail =
                format!("It must have at most {MAX_SERIAL_CHARS} characters, all of them printable.");
            return Err(ApiError::invalid("serial", detail));
        }
        Ok(Some(serial.to_owned()))
    }
}
