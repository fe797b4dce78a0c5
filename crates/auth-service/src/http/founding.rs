//! Making a household.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::HouseholdId;
use domain::access::Role;
use domain::accounts::{Household, Membership};
use domain::calendar::Zone;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::checked_name;
use super::error::ApiError;
use super::extract::{Body, LoggedIn};
use super::households::MAX_HOUSEHOLDS;
use super::refusals::{OfBody, OfSession};
use super::sessions::HouseholdReference;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHousehold {
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// An IANA time zone.
    #[schema(value_type = String, example = "Europe/Berlin")]
    zone: Zone,
}

/// Make a household, as its owner.
#[utoipa::path(
    post,
    path = "/v1/households",
    tag = "households",
    security(("session" = [])),
    request_body = NewHousehold,
    responses(
        (status = 201, body = HouseholdReference),
        (status = 409, description = "You own 20 already", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfSession,
    ),
)]
pub(super) async fn found(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    Body(body): Body<NewHousehold>,
) -> Result<(StatusCode, Json<HouseholdReference>), ApiError> {
    let name = checked_name("name", &body.name)?;
    let household = Household { id: HouseholdId::from_uuid(Uuid::new_v4()), name, zone: body.zone };
    let (members, now) = (&app.stores.members, app.clock.now());
    if !members.found_household(&household, session.person, MAX_HOUSEHOLDS, now).await? {
        return Err(ApiError::TooManyHouseholds);
    }
    tracing::info!(household = %household.id, person = %session.person, "household founded");
    let membership = Membership { household, role: Role::Owner, until: None };
    Ok((StatusCode::CREATED, Json(membership.into())))
}
