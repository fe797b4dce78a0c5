//! The end of a household, as its owner.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::HouseholdId;
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::deletion::GoingHousehold;
use super::error::ApiError;
use super::extract::{Address, Body, Caller};
use super::origin::Origin;
use super::reader::Reader;
use super::refusals::{OfBody, OfHousehold, OfLimit};
use super::rights::Right;
use crate::post::{Language, Matter};

/// What goes with a household.
#[derive(Serialize, ToSchema)]
pub(super) struct HouseholdDeletionPreview {
    /// Whether a code is asked for besides the password.
    code_needed: bool,
    household: GoingHousehold,
    /// The names of the others in it.
    others: Vec<String>,
    invitations: usize,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HouseholdDeletion {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code; for those who have a second factor.
    code: Option<String>,
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

/// What would go with a household, as an owner.
#[utoipa::path(
    get,
    operation_id = "preview_household_deletion",
    path = "/v1/households/{household}/deletion",
    tag = "households",
    security(("session" = [])),
    params(("household" = Uuid, Path)),
    responses((status = 200, body = HouseholdDeletionPreview), OfHousehold),
)]
pub(super) async fn preview(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(household): Address<HouseholdId>,
) -> Result<Json<HouseholdDeletionPreview>, ApiError> {
    let membership = caller.may(&app, household, Right::EndHome).await?;
    let (person, now) = (caller.person(), app.clock.now());
    let members = app.stores.members.members(household, now).await?;
    let others = members.into_iter().filter(|member| member.person.id != person);
    Ok(Json(HouseholdDeletionPreview {
        code_needed: app.second_factor_of(person).await?.is_some(),
        household: app.going(&membership).await?,
        others: others.map(|member| member.person.name).collect(),
        invitations: app.stores.tickets.invitations(household, now).await?.len(),
    }))
}

/// Delete a household with all that is about it, as an owner, whoever else is in it. They are told by letter.
///
/// What its hubs measured for it is erased from the store within minutes, and again after an hour, a day and a week.
#[utoipa::path(
    post,
    operation_id = "delete_household",
    path = "/v1/households/{household}/deletion",
    tag = "households",
    security(("session" = [])),
    params(("household" = Uuid, Path)),
    request_body = HouseholdDeletion,
    responses((status = 204, description = "Deleted"), OfBody, OfHousehold, OfLimit),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    caller: Caller,
    Address(household): Address<HouseholdId>,
    reader: Reader,
    Body(body): Body<HouseholdDeletion>,
) -> Result<StatusCode, ApiError> {
    let membership = caller.may(&app, household, Right::EndHome).await?;
    let person = app.sure_of(caller.person(), body.password, body.code, from).await?;
    let now = app.clock.now();
    let members = app.stores.members.members(household, now).await?;
    if !app.stores.deletions.delete_household(household, now).await? {
        return Err(ApiError::NotFound);
    }
    let matter = Matter::HouseholdDeleted { household: membership.household.name, by: person.name };
    let language = reader.language(body.language);
    for member in members {
        app.post.send(&member.person.email, language, &matter);
    }
    tracing::info!(%household, person = %person.id, "household deleted");
    Ok(StatusCode::NO_CONTENT)
}
