//! Who did what to a household.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::HouseholdId;
use domain::audit::{Action, Entry};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::extract::{Address, Caller};
use super::refusals::OfHousehold;
use super::rights::Right;

const PAGE: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// The number of the last entry that is known already.
    #[param(value_type = Option<i64>)]
    before: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct AuditEntry {
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: String,
    /// Who did it; null when nobody in particular did.
    #[schema(required = true)]
    by: Option<Uuid>,
    /// Null when they are gone.
    #[schema(required = true)]
    by_name: Option<String>,
    #[schema(schema_with = actions)]
    action: &'static str,
    /// What it was done to, as it was called then; a member as they are called now, without a name when they are gone.
    about: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct AuditPage {
    /// The latest first.
    entries: Vec<AuditEntry>,
    /// Whether there are earlier ones.
    more: bool,
}

fn actions() -> utoipa::openapi::Schema {
    super::openapi::one_of(Action::ALL.into_iter().map(Action::as_str)).into()
}

/// Who did what to a household, as an owner: the latest 50, or those before.
#[utoipa::path(
    get,
    operation_id = "list_audit",
    path = "/v1/households/{household}/audit",
    tag = "households",
    security(("session" = [])),
    params(("household" = Uuid, Path), Parameters),
    responses(
        (status = 200, body = AuditPage),
        (status = 400, description = "A parameter is unknown or there twice", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Malformed", body = service::problem::Problem, content_type = "application/problem+json"),
        OfHousehold,
    ),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(household): Address<HouseholdId>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<AuditPage>, ApiError> {
    let Query(parameters) = parameters.map_err(|rejection| ApiError::BadQuery(rejection.body_text()))?;
    caller.may(&app, household, Right::SeeAudit).await?;
    let before = match parameters.before {
        Some(text) => Some(text.parse().map_err(|_| ApiError::invalid("before", "It is not a number."))?),
        None => None,
    };
    let mut entries = app.stores.audit.entries(household, before, PAGE + 1).await?;
    let more = entries.len() > PAGE as usize;
    entries.truncate(PAGE as usize);
    let names = app.names_in(entries.iter().map(|entry| &entry.deed)).await?;
    let described = |Entry { number, deed }: Entry| AuditEntry {
        number,
        at: deed.at.to_string(),
        by: deed.by.map(|by| by.as_uuid()),
        by_name: deed.by.and_then(|by| names.of(by)).map(str::to_owned),
        action: deed.action.as_str(),
        about: names.about(&deed),
    };
    Ok(Json(AuditPage { entries: entries.into_iter().map(described).collect(), more }))
}
