//! How people come into a household.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::accounts::{Credentials, Person};
use domain::members::{Invitee, Member};
use domain::tickets::Purpose;
use domain::{HouseholdId, PersonId};
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::checks::{checked_email, checked_name, checked_password};
use super::error::ApiError;
use super::extract::{Address, Body, Caller, MaybeLoggedIn};
use super::links::DAY_MILLIS;
use super::members::{InvitationBody, checked_until};
use super::origin::Origin;
use super::reader::Reader;
use super::refusals::{OfBody, OfHousehold, OfLimit};
use super::rights::Right;
use super::sessions::Role;
use crate::post::{Language, Matter, Page};
use crate::secret::LinkSecret;

const LIFE_MILLIS: i64 = 7 * DAY_MILLIS;
/// Of one household, at the same time.
const MAX_INVITATIONS: usize = 50;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvitation {
    #[schema(max_length = 254)]
    email: String,
    role: Role,
    /// When the membership is to end, for a guest. Null: not by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Invited {
    #[serde(flatten)]
    invitation: InvitationBody,
    /// Only in a demonstration: what the letter leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitationLink {
    /// What is behind the `#` of the link.
    #[schema(value_type = String)]
    secret: SecretString,
}

/// What somebody is invited to.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitationView {
    household: String,
    role: Role,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<String>,
    /// Who invites.
    by: String,
    email: String,
    /// Whether somebody with this address can log in.
    known: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    /// What is behind the `#` of the link.
    #[schema(value_type = String)]
    secret: SecretString,
    /// Of somebody who is new here.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// Of somebody who is new here.
    #[schema(value_type = Option<String>, format = Password, min_length = 8)]
    password: Option<SecretString>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    household: Uuid,
    /// What to log in with.
    email: String,
}

/// Invite somebody into a household, as an owner. Again sends another letter, and the link of before ends.
#[utoipa::path(
    post,
    path = "/v1/households/{household}/invitations",
    tag = "members",
    security(("session" = [])),
    params(("household" = Uuid, Path)),
    request_body = NewInvitation,
    responses(
        (status = 201, body = Invited),
        (status = 409, description = "There is no mail server, or there are 50 invitations", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfHousehold,
        OfLimit,
    ),
)]
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    caller: Caller,
    Address(id): Address<HouseholdId>,
    reader: Reader,
    Body(body): Body<NewInvitation>,
) -> Result<Response, ApiError> {
    let membership = caller.may(&app, id, Right::ManagePeople).await?;
    let email = checked_email(&body.email)?;
    let now = app.clock.now();
    let until = checked_until(body.role, body.until.as_deref(), now)?;
    app.can_send(from)?;
    let there = app.stores.tickets.invitations(id, now).await?;
    if there.len() >= MAX_INVITATIONS && there.iter().all(|ticket| ticket.email != email) {
        return Err(ApiError::TooManyInvitations);
    }
    if !app.limits.may_receive(&email, now) {
        return Err(ApiError::TooManyLetters);
    }
    let (by, role) = (caller.person(), body.role.into());
    let secret = LinkSecret::generate();
    let purpose = Purpose::Invitation { household: id, role, until, by };
    let ticket = app.ticket(&secret, email, purpose, LIFE_MILLIS);
    app.stores.tickets.put_ticket(&ticket, None).await?;
    let link = app.post.link(Page::Invitation, secret.expose());
    let name = app.stores.accounts.person(by).await?.map(|person| person.name).unwrap_or_default();
    let matter =
        Matter::Invitation { link: link.clone(), household: membership.household.name, by: name, role };
    app.post.send(&ticket.email, reader.language(body.language), &matter);
    tracing::info!(household = %id, person = %by, "somebody invited");
    let invitation = InvitationBody::of(&ticket).ok_or(ApiError::NotFound)?;
    let body = Invited { invitation, link: app.post.shown(link) };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Withdraw an invitation, as an owner.
#[utoipa::path(
    delete,
    operation_id = "withdraw_invitation",
    path = "/v1/households/{household}/invitations/{email}",
    tag = "members",
    security(("session" = [])),
    params(("household" = Uuid, Path), ("email" = String, Path)),
    responses((status = 204, description = "Withdrawn"), OfHousehold),
)]
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address((household, email)): Address<(HouseholdId, String)>,
) -> Result<StatusCode, ApiError> {
    caller.may(&app, household, Right::ManagePeople).await?;
    let email = domain::accounts::normalise_email(&email);
    let (by, now) = (caller.person(), app.clock.now());
    if !app.stores.tickets.withdraw_invitation(household, &email, by, now).await? {
        return Err(ApiError::NotFound);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation is to.
#[utoipa::path(
    post,
    operation_id = "look_at_invitation",
    path = "/v1/invitations/look",
    tag = "members",
    request_body = InvitationLink,
    responses(
        (status = 200, body = InvitationView),
        (status = 404, description = "The link is not valid any more", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn look(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    Body(body): Body<InvitationLink>,
) -> Result<Json<InvitationView>, ApiError> {
    let secret = app.link_secret(&body.secret, from)?;
    let ticket = app.look_at_link(&secret, is_invitation).await?;
    let Purpose::Invitation { household, role, until, by } = ticket.purpose else {
        return Err(ApiError::BadLink);
    };
    let household = app.stores.accounts.household(household).await?.ok_or(ApiError::BadLink)?;
    let members = app.stores.members.members(household.id, app.clock.now()).await?;
    let is_inviter = |one: &Member| one.person.id == by && one.role == domain::access::Role::Owner;
    let by = members.into_iter().find(is_inviter).ok_or(ApiError::BadLink)?.person.name;
    Ok(Json(InvitationView {
        household: household.name,
        role: role.into(),
        until: until.map(|until| until.to_string()),
        by,
        known: app.stores.accounts.credentials_by_email(&ticket.email).await?.is_some(),
        email: ticket.email,
    }))
}

/// Accept an invitation: as who is logged in, or as somebody new, with a name and a password.
#[utoipa::path(
    post,
    operation_id = "accept_invitation",
    path = "/v1/invitations/accept",
    tag = "members",
    security((), ("session" = [])),
    request_body = Acceptance,
    responses(
        (status = 200, body = Accepted),
        (status = 403, description = "The invitation is for another address", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 404, description = "The link is not valid any more", body = service::problem::Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is an account with this address: log in first", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfLimit,
    ),
)]
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    MaybeLoggedIn(session): MaybeLoggedIn,
    Body(body): Body<Acceptance>,
) -> Result<Json<Accepted>, ApiError> {
    let secret = app.link_secret(&body.secret, from)?;
    let new = match (&session, body.name, body.password) {
        (None, Some(name), Some(password)) => {
            checked_password("password", &password)?;
            Some((checked_name("name", &name)?, password))
        }
        (None, ..) => return Err(ApiError::LogInFirst),
        (Some(_), ..) => None,
    };
    let there = app.look_at_link(&secret, is_invitation).await?;
    if let Some(session) = &session {
        let person = app.stores.accounts.person(session.person).await?.ok_or(ApiError::NotLoggedIn)?;
        if person.email != there.email {
            return Err(ApiError::InvitedElsewhere);
        }
    } else if app.stores.accounts.credentials_by_email(&there.email).await?.is_some() {
        return Err(ApiError::LogInFirst);
    }
    let new_hash = match new {
        Some((name, password)) => Some((name, app.passwords.hash(password).await?)),
        None => None,
    };
    let newcomer = new_hash.map(|(name, password_hash)| {
        let id = PersonId::from_uuid(Uuid::new_v4());
        Credentials { person: Person { id, email: there.email.clone(), name }, password_hash }
    });
    let invitee = match (&session, &newcomer) {
        (Some(session), _) => Invitee::Known(session.person),
        (None, Some(newcomer)) => Invitee::New(newcomer),
        (None, None) => return Err(ApiError::LogInFirst),
    };
    let accepted = app.stores.members.accept_invitation(&secret.hash(), invitee, app.clock.now()).await?;
    let household = accepted.ok_or(ApiError::BadLink)?;
    tracing::info!(%household, "an invitation was accepted");
    Ok(Json(Accepted { household: household.as_uuid(), email: there.email }))
}

const fn is_invitation(purpose: &Purpose) -> bool {
    matches!(purpose, Purpose::Invitation { .. })
}
