//! Giving a hub up.

use std::sync::Arc;

use axum::extract::State;
use domain::audit::Action;
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
    let hubs = app.stores.accounts.hubs(household).await?;
    let name =
        hubs.into_iter().rev().find(|known| known.hub == hub).map(|known| known.name).unwrap_or_default();
    if !app.stores.accounts.release_hub(household, hub, app.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    app.write_down(household, caller.person(), Action::HubReleased, name).await?;
    tracing::info!(%household, %hub, person = %caller.person(), "hub released");
    Ok(StatusCode::NO_CONTENT)
}
