//! Households and their hubs.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::accounts::{HubAssignment, SocketLabel};
use domain::ids::MAX_SOCKETS;
use domain::{HouseholdId, HubId, SocketNumber, UtcMillis};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::checked_name;
use super::error::ApiError;
use super::extract::{Address, Body, Caller};
use super::rights::Right;
use super::sessions::HouseholdReference;

/// Of one person.
pub(super) const MAX_HOUSEHOLDS: u32 = 20;
const MAX_ICON_CHARS: usize = 40;

/// What people call a socket.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Socket)]
struct SocketBody {
    #[schema(maximum = 63)]
    number: u8,
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 80)]
    room: Option<String>,
    /// The kind of appliance, for the picture.
    #[serde(default)]
    #[schema(max_length = 40, pattern = "^[a-z0-9-]+$", example = "fridge")]
    icon: Option<String>,
    /// Not to be listed; it still counts in the home.
    #[serde(default)]
    #[schema(required = true)]
    hidden: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HubLabels {
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    #[schema(max_items = 64)]
    sockets: Vec<SocketBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Hub)]
pub(super) struct HubBody {
    id: Uuid,
    name: String,
    sockets: Vec<SocketBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Household)]
struct HouseholdBody {
    #[serde(flatten)]
    household: HouseholdReference,
    hubs: Vec<HubBody>,
}

/// A household and the hubs that are in it now.
#[utoipa::path(
    get,
    path = "/v1/households/{household}",
    tag = "households",
    security(("session" = []), ("personal_token" = ["usage"])),
    params(("household" = Uuid, Path)),
    responses(
        (status = 200, body = HouseholdBody),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, or not a member", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(id): Address<HouseholdId>,
) -> Result<Response, ApiError> {
    let membership = caller.may(&app, id, Right::See).await?;
    let now = app.clock.now();
    let mut hubs = Vec::new();
    for hub in app.stores.accounts.hubs(id).await? {
        if is_current(&hub, now) {
            hubs.push(HubBody::of(&app, id, hub.hub, hub.name).await?);
        }
    }
    Ok(Json(HouseholdBody { household: membership.into(), hubs }).into_response())
}

/// Label a hub anew. A hub comes into the household by being paired.
#[utoipa::path(
    put,
    path = "/v1/households/{household}/hubs/{hub}",
    tag = "households",
    security(("session" = []), ("personal_token" = ["manage"])),
    params(("household" = Uuid, Path), ("hub" = Uuid, Path)),
    request_body = HubLabels,
    responses(
        (status = 200, description = "Labelled anew", body = HubBody),
        (status = 401, description = "Not logged in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A guest, or a token without the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, or not a member", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The hub is not in this household, or no longer", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The request ended early", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put_hub(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address((household, hub)): Address<(HouseholdId, HubId)>,
    Body(labels): Body<HubLabels>,
) -> Result<Response, ApiError> {
    caller.may(&app, household, Right::Change).await?;
    let sockets = checked_sockets(labels.sockets)?;
    let labels = domain::accounts::HubLabels { name: checked_name("name", &labels.name)?, sockets };
    if !app.stores.accounts.label_hub(household, hub, &labels, caller.person(), app.clock.now()).await? {
        return Err(ApiError::HubNotHere);
    }
    tracing::info!(%household, %hub, person = %caller.person(), "hub labelled");
    Ok(Json(HubBody::of(&app, household, hub, labels.name).await?).into_response())
}

impl HubBody {
    pub(super) async fn of(
        app: &App,
        household: HouseholdId,
        hub: HubId,
        name: String,
    ) -> Result<Self, ApiError> {
        let sockets = app.stores.accounts.sockets(household, hub).await?;
        let sockets = sockets.into_iter().map(SocketBody::from).collect();
        Ok(Self { id: hub.as_uuid(), name, sockets })
    }
}

fn is_current(hub: &HubAssignment, now: UtcMillis) -> bool {
    hub.until.is_none_or(|until| until > now)
}

fn checked_sockets(sockets: Vec<SocketBody>) -> Result<Vec<SocketLabel>, ApiError> {
    if sockets.len() > MAX_SOCKETS {
        return Err(ApiError::invalid("sockets", "A hub has at most 64 sockets."));
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(sockets.len());
    for (index, socket) in sockets.into_iter().enumerate() {
        let field = |name: &str| format!("sockets[{index}].{name}");
        let number = SocketNumber::new(socket.number)
            .map_err(|error| ApiError::invalid(field("number"), error.to_string()))?;
        if !seen.insert(number) {
            return Err(ApiError::invalid(field("number"), format!("Socket {number} is there twice.")));
        }
        checked.push(SocketLabel {
            number,
            name: checked_name(field("name"), &socket.name)?,
            room: socket.room.map(|room| checked_name(field("room"), &room)).transpose()?,
            icon: socket.icon.map(|icon| checked_icon(field("icon"), icon)).transpose()?,
            hidden: socket.hidden,
        });
    }
    Ok(checked)
}

fn checked_icon(field: String, icon: String) -> Result<String, ApiError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if icon.is_empty() || icon.len() > MAX_ICON_CHARS || !icon.bytes().all(plain) {
        let detail = format!("It must have 1 to {MAX_ICON_CHARS} of the characters a to z, 0 to 9 and -.");
        return Err(ApiError::invalid(field, detail));
    }
    Ok(icon)
}

impl From<SocketLabel> for SocketBody {
    fn from(label: SocketLabel) -> Self {
        let SocketLabel { number, name, room, icon, hidden } = label;
        Self { number: number.get(), name, room, icon, hidden }
    }
}
