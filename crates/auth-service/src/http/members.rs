//! Who is in a household.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::members::Member;
use domain::tickets::{Purpose, Ticket};
use domain::{HouseholdId, PersonId, UtcMillis};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::extract::{Address, Body, Caller};
use super::refusals::{OfBody, OfHousehold};
use super::rights::Right;
use super::sessions::Role;

/// A guest may stay for two years at a time.
pub(super) const MAX_GUEST_DAYS: i64 = 730;

#[derive(Serialize, ToSchema)]
pub(super) struct MemberBody {
    id: Uuid,
    name: String,
    /// Null for those who do not manage people.
    #[schema(required = true)]
    email: Option<String>,
    role: Role,
    /// When the membership ends; null: not by itself.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<String>,
}

/// Somebody who has been invited and has not come yet.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitationBody {
    email: String,
    role: Role,
    /// When the membership will end.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<String>,
    /// When the link ends.
    #[schema(value_type = String, format = DateTime)]
    expires: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Members {
    /// Owners first.
    members: Vec<MemberBody>,
    /// Empty for those who do not manage people.
    invitations: Vec<InvitationBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberChange {
    role: Role,
    /// When it is to end, for a guest. Null: not by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
}

/// Who is in a household, and who is invited.
#[utoipa::path(
    get,
    operation_id = "list_members",
    path = "/v1/households/{household}/members",
    tag = "members",
    security(("session" = [])),
    params(("household" = Uuid, Path)),
    responses((status = 200, body = Members), OfHousehold),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(household): Address<HouseholdId>,
) -> Result<Json<Members>, ApiError> {
    let membership = caller.may(&app, household, Right::SeePeople).await?;
    let (manages, now) = (caller.may_also(&membership, Right::ManagePeople), app.clock.now());
    let members = app.stores.members.members(household, now).await?;
    let invitations =
        if manages { app.stores.tickets.invitations(household, now).await? } else { Vec::new() };
    Ok(Json(Members {
        members: members.into_iter().map(|member| MemberBody::of(member, manages)).collect(),
        invitations: invitations.iter().filter_map(InvitationBody::of).collect(),
    }))
}

/// Give a member another role or end, as an owner. A household is handed over by making another an owner.
#[utoipa::path(
    put,
    operation_id = "change_member",
    path = "/v1/households/{household}/members/{person}",
    tag = "members",
    security(("session" = [])),
    params(("household" = Uuid, Path), ("person" = Uuid, Path)),
    request_body = MemberChange,
    responses(
        (status = 200, body = MemberBody),
        (status = 409, description = "The household would be left without an owner", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfHousehold,
    ),
)]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address((household, person)): Address<(HouseholdId, PersonId)>,
    Body(body): Body<MemberChange>,
) -> Result<Json<MemberBody>, ApiError> {
    caller.may(&app, household, Right::ManagePeople).await?;
    let now = app.clock.now();
    let until = checked_until(body.role, body.until.as_deref(), now)?;
    let there = app.stores.members.members(household, now).await?;
    let member = there.into_iter().find(|member| member.person.id == person).ok_or(ApiError::NotFound)?;
    let member = Member { role: body.role.into(), until, ..member };
    let by = caller.person();
    if !app.stores.members.change_member(household, person, member.role, until, by, now).await? {
        return Err(ApiError::NotFound);
    }
    tracing::info!(%household, %person, %by, role = member.role.as_str(), "member changed");
    Ok(Json(MemberBody::of(member, true)))
}

/// Leave a household, or have a member leave it, as an owner.
#[utoipa::path(
    delete,
    operation_id = "remove_member",
    path = "/v1/households/{household}/members/{person}",
    tag = "members",
    security(("session" = [])),
    params(("household" = Uuid, Path), ("person" = Uuid, Path)),
    responses(
        (status = 204, description = "Not a member any more"),
        (status = 409, description = "The household would be left without an owner", body = service::problem::Problem, content_type = "application/problem+json"),
        OfHousehold,
    ),
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address((household, person)): Address<(HouseholdId, PersonId)>,
) -> Result<StatusCode, ApiError> {
    let leaves = person == caller.person();
    // Anybody may leave who is logged in.
    let right = if leaves { Right::Leave } else { Right::ManagePeople };
    caller.may(&app, household, right).await?;
    if !app.stores.members.dismiss(household, person, caller.person(), app.clock.now()).await? {
        return Err(ApiError::NotFound);
    }
    tracing::info!(%household, %person, by = %caller.person(), "member left");
    Ok(StatusCode::NO_CONTENT)
}

/// Only guests come for a time: who lives there is not to be locked out by a date.
pub(super) fn checked_until(
    role: Role,
    until: Option<&str>,
    now: UtcMillis,
) -> Result<Option<UtcMillis>, ApiError> {
    let Some(text) = until else { return Ok(None) };
    let until = UtcMillis::parse_rfc3339(text)
        .ok_or_else(|| ApiError::invalid("until", "It must be an instant, such as 2026-12-24T18:00:00Z."))?;
    if !matches!(role, Role::Guest) {
        return Err(ApiError::invalid("until", "Only a guest comes for a time."));
    }
    let latest = now.plus_millis(MAX_GUEST_DAYS * super::links::DAY_MILLIS);
    if until <= now || until > latest {
        let detail = format!("It must be in the next {MAX_GUEST_DAYS} days.");
        return Err(ApiError::invalid("until", detail));
    }
    Ok(Some(until))
}

impl MemberBody {
    fn of(member: Member, with_email: bool) -> Self {
        let Member { person, role, until } = member;
        Self {
            id: person.id.as_uuid(),
            name: person.name,
            email: with_email.then_some(person.email),
            role: role.into(),
            until: until.map(|until| until.to_string()),
        }
    }
}

impl InvitationBody {
    pub(super) fn of(ticket: &Ticket) -> Option<Self> {
        let Purpose::Invitation { role, until, .. } = &ticket.purpose else { return None };
        Some(Self {
            email: ticket.email.clone(),
            role: (*role).into(),
            until: until.map(|until| until.to_string()),
            expires: ticket.expires.to_string(),
        })
    }
}
