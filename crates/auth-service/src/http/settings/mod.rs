//! What is set for a home.

mod alerts;
mod body;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::HouseholdId;
use domain::registry::StoredSettings;
use service::problem::Problem;

use self::body::SettingsBody;
use super::App;
use super::checks::checked_name;
use super::error::ApiError;
use super::extract::{Address, Body, Caller};
use super::rights::Right;

/// What is set for a home.
#[utoipa::path(
    get,
    operation_id = "show_settings",
    path = "/v1/households/{household}/settings",
    tag = "settings",
    security(("session" = []), ("personal_token" = ["usage"])),
    params(("household" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = SettingsBody),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, or not a member", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(id): Address<HouseholdId>,
) -> Result<Response, ApiError> {
    let membership = caller.may(&app, id, Right::See).await?;
    let mut stored = app.stores.registry.settings(id).await?;
    if !caller.may_also(&membership, Right::Change) {
        // Such an address often holds a secret.
        stored.settings.alerts.webhook = None;
    }
    Ok(Json(SettingsBody::new(membership.household, stored)).into_response())
}

/// Set it anew, as an owner or a member.
///
/// `revision` is the one that was read; the answer has the new one. Name and zone are changed by an owner only.
#[utoipa::path(
    put,
    operation_id = "put_settings",
    path = "/v1/households/{household}/settings",
    tag = "settings",
    security(("session" = []), ("personal_token" = ["manage"])),
    params(("household" = uuid::Uuid, Path)),
    request_body = SettingsBody,
    responses(
        (status = 200, body = SettingsBody),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A guest, or another name or zone and not an owner, or a token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, or not a member", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else was quicker", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The request ended early", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed, or it makes no sense; `field` says what", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(id): Address<HouseholdId>,
    Body(body): Body<SettingsBody>,
) -> Result<Response, ApiError> {
    let membership = caller.may(&app, id, Right::Change).await?;
    let (mut household, StoredSettings { revision, settings }) = body.of(id);
    if household != membership.household {
        if !caller.may_also(&membership, Right::ChangeHome) {
            // Who wants no other name, but has not read the new one, is only late.
            let is_late = app.stores.registry.settings(id).await?.revision != revision;
            return Err(if is_late { ApiError::Outdated } else { ApiError::NotOwner });
        }
        household.name = checked_name("name", &household.name)?;
    }
    settings.check().map_err(|fault| ApiError::invalid(fault.field, fault.detail))?;

    let (by, now) = (caller.person(), app.clock.now());
    let stored = app.stores.registry.change_settings(&household, revision, &settings, by, now).await?;
    let revision = stored.ok_or(ApiError::Outdated)?;
    tracing::info!(household = %id, person = %by, revision, "settings changed");
    Ok(Json(SettingsBody::new(household, StoredSettings { revision, settings })).into_response())
}
