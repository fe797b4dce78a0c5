//! What is known of a household, for those who live there and take it along.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::HouseholdId;
use domain::UtcMillis;
use domain::audit::Action;
use domain::registry::{HomeSettings, HomeSocket};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::archive::Permitted;
use super::deletion::HubTime;
use super::error::ApiError;
use super::extract::{Address, Caller};
use super::refusals::OfHousehold;
use super::rights::Right;
use super::sessions::HouseholdReference;

/// More than any household has in years.
const MAX_ALERTS: u32 = 10_000;

#[derive(Serialize, ToSchema)]
struct ArchivedSocket {
    hub: Uuid,
    number: u8,
    name: String,
    #[schema(required = true)]
    room: Option<String>,
    #[schema(required = true)]
    icon: Option<String>,
    hidden: bool,
}

#[derive(Serialize, ToSchema)]
struct ArchivedAlert {
    kind: &'static str,
    #[schema(required = true)]
    hub: Option<Uuid>,
    #[schema(required = true)]
    socket: Option<u8>,
    began: String,
    raised: String,
    #[schema(required = true)]
    ended: Option<String>,
    #[schema(required = true)]
    acknowledged: Option<String>,
}

/// What is known of a household but for its measurements and the other people in it.
#[derive(Serialize, ToSchema)]
#[schema(as = HouseholdArchive)]
pub(super) struct HouseholdArchive {
    household: HouseholdReference,
    /// Prices, budget, alerts and which socket carries on for which, as they are kept.
    #[schema(value_type = serde_json::Value)]
    settings: HomeSettings,
    /// All that were ever in it.
    hubs: Vec<HubTime>,
    sockets: Vec<ArchivedSocket>,
    alerts: Vec<ArchivedAlert>,
}

/// What is known of a household, as an owner or a member. Takes a permit, and is written down.
#[utoipa::path(
    get,
    operation_id = "show_household_archive",
    path = "/v1/households/{household}/archive",
    tag = "households",
    security(("session" = [])),
    params(("household" = Uuid, Path)),
    responses((status = 200, body = HouseholdArchive), OfHousehold),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(household): Address<HouseholdId>,
    _permit: Permitted,
) -> Result<Json<HouseholdArchive>, ApiError> {
    let membership = caller.may(&app, household, Right::TakeAlong).await?;
    let socket = |HomeSocket { hub, label }: HomeSocket| ArchivedSocket {
        hub: hub.as_uuid(),
        number: label.number.get(),
        name: label.name,
        room: label.room,
        icon: label.icon,
        hidden: label.hidden,
    };
    let alert = |alert: domain::alerts::Alert| ArchivedAlert {
        kind: alert.key.kind.as_str(),
        hub: alert.key.hub.map(|hub| hub.as_uuid()),
        socket: alert.key.socket.map(domain::SocketNumber::get),
        began: alert.began.to_string(),
        raised: alert.raised.to_string(),
        ended: alert.ended.map(|at| at.to_string()),
        acknowledged: alert.acknowledged.map(|at| at.to_string()),
    };
    let sockets = app.stores.registry.home_sockets(household).await?;
    let alerts = app.stores.alerts.alerts(household, UtcMillis(0), MAX_ALERTS).await?;
    app.write_down(household, caller.person(), Action::ArchiveTaken, "").await?;
    Ok(Json(HouseholdArchive {
        household: membership.into(),
        settings: app.stores.registry.settings(household).await?.settings,
        hubs: app.hub_times(household).await?,
        sockets: sockets.into_iter().map(socket).collect(),
        alerts: alerts.into_iter().map(alert).collect(),
    }))
}
