//! Giving a hub up.

use std::sync::Arc;

use axum::extract::State;
use domain::{HouseholdId, HubId};
use http::StatusCode;
use service::problem::Problem;

use super::App;
use super::error::ApiError;
use super::extract::{Address, Caller};
use super::rights::Right;

/// Release a hub, as an owner.
///
/// Its credential is revoked: it cannot log in any more, and its connections are closed within a minute. The household
/// keeps what the hub measured so far; another may pair it from now on.
#[utoipa::path(
    delete,
    operation_id = "release_hub",
    path = "/v1/households/{household}/hubs/{hub}",
    tag = "households",
    security(("session" = []), ("personal_token" = ["manage"])),
    params(("household" = Uuid, Path), ("hub" = Uuid, Path)),
    responses(
        (status = 204, description = "Released"),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not an owner, or a token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, not a member, or no hub of the household", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn release(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address((household, hub)): Address<(HouseholdId, HubId)>,
) -> Result<StatusCode, ApiError> {
    caller.may(&app, household, Right::ChangeHome).await?;
    if !app.stores.accounts.release_hub(household, hub, caller.person(), app.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    tracing::info!(%household, %hub, person = %caller.person(), "hub released");
    Ok(StatusCode::NO_CONTENT)
}
