//! What a household is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Facts};
use domain::{HouseholdId, SocketNumber, UtcMillis};
use http::StatusCode;
use serde::Serialize;
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::extract::{Address, Caller};
use super::rights::Right;

const MAX_ALERTS: u32 = 200;
/// For so long an alert is shown that has ended.
const SHOWN_MILLIS: i64 = 30 * 86_400_000;

/// Something that was found. Times are in Unix seconds; figures that do not belong to the kind are null.
#[derive(Serialize, ToSchema)]
#[schema(as = Alert)]
struct AlertBody {
    id: Uuid,
    #[schema(schema_with = kinds)]
    kind: AlertKind,
    /// Null when it is about the whole home.
    #[schema(required = true)]
    hub: Option<Uuid>,
    /// Null when it is about the whole hub.
    #[schema(required = true, maximum = 63)]
    socket: Option<u8>,
    /// Since when it holds.
    began: i64,
    /// When it was noticed.
    raised: i64,
    /// Null while it is open.
    #[schema(required = true)]
    ended: Option<i64>,
    /// When somebody said that they have seen it.
    #[schema(required = true)]
    acknowledged: Option<i64>,
    /// Left on: the mean power for as long as it has been on.
    #[schema(required = true)]
    power_mw: Option<i64>,
    /// Unusual: what was used in the hour.
    #[schema(required = true)]
    energy_j: Option<i64>,
    /// Unusual: the median of the same hour of the past weeks.
    #[schema(required = true)]
    usual_j: Option<i64>,
    /// Budget: what the month is expected to cost, in billionths of the currency's unit.
    #[schema(required = true)]
    expected_n: Option<i64>,
    /// Budget: what it may cost, in the same unit.
    #[schema(required = true)]
    budget_n: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct Alerts {
    /// How many are open and not acknowledged.
    open: usize,
    #[schema(max_items = 200)]
    alerts: Vec<AlertBody>,
}

fn kinds() -> utoipa::openapi::Schema {
    super::openapi::one_of(AlertKind::ALL).into()
}

/// The household's alerts that are open or ended in the last 30 days, the one raised last first.
#[utoipa::path(
    get,
    operation_id = "list_alerts",
    path = "/v1/households/{household}/alerts",
    tag = "alerts",
    security(("session" = []), ("personal_token" = ["usage"])),
    params(("household" = Uuid, Path)),
    responses(
        (status = 200, body = Alerts),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, or not a member", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(household): Address<HouseholdId>,
) -> Result<Response, ApiError> {
    caller.may(&app, household, Right::See).await?;
    let since = app.clock.now().plus_millis(-SHOWN_MILLIS);
    let alerts = app.stores.alerts.alerts(household, since, MAX_ALERTS).await?;
    let open = alerts.iter().filter(|alert| alert.ended.is_none() && alert.acknowledged.is_none()).count();
    let alerts = alerts.into_iter().map(AlertBody::from).collect();
    Ok(Json(Alerts { open, alerts }).into_response())
}

/// Say that an alert has been seen, as an owner or a member. Again changes nothing.
#[utoipa::path(
    post,
    operation_id = "acknowledge_alert",
    path = "/v1/households/{household}/alerts/{id}/acknowledge",
    tag = "alerts",
    security(("session" = []), ("personal_token" = ["manage"])),
    params(("household" = Uuid, Path), ("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Acknowledged"),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A guest, or a token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, not an alert of this household, or not a member", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn acknowledge(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address((household, id)): Address<(HouseholdId, AlertId)>,
) -> Result<StatusCode, ApiError> {
    caller.may(&app, household, Right::Change).await?;
    if !app.stores.alerts.acknowledge(household, id, app.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    tracing::info!(%household, alert = %id, person = %caller.person(), "alert acknowledged");
    Ok(StatusCode::NO_CONTENT)
}

impl From<Alert> for AlertBody {
    fn from(alert: Alert) -> Self {
        let Alert { id, household: _, key, began, raised, ended, acknowledged, facts } = alert;
        let AlertKey { kind, hub, socket } = key;
        let Facts { power, energy, usual, expected, budget } = facts;
        Self {
            id: id.as_uuid(),
            kind,
            hub: hub.map(|hub| hub.as_uuid()),
            socket: socket.map(SocketNumber::get),
            began: began.secs(),
            raised: raised.secs(),
            ended: ended.map(UtcMillis::secs),
            acknowledged: acknowledged.map(UtcMillis::secs),
            power_mw: power.map(|power| power.0),
            energy_j: energy.map(|energy| energy.0),
            usual_j: usual.map(|usual| usual.0),
            expected_n: expected.map(|expected| expected.0),
            budget_n: budget.map(|budget| budget.0),
        }
    }
}
