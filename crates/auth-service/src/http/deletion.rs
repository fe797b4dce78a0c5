//! Going for good: what would go, and doing it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::accounts::{Membership, Person};
use domain::erasure::PersonDeletion;
use domain::{HouseholdId, PersonId};
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::extract::{Body, LoggedIn};
use super::origin::Origin;
use super::reader::Reader;
use super::refusals::{OfBody, OfLimit, OfSession};
use super::sessions::HouseholdReference;
use crate::post::{Language, Matter};

/// A hub, and when it was a household's.
#[derive(Serialize, ToSchema)]
pub(super) struct HubTime {
    hub: Uuid,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    since: String,
    /// Null: it is the household's now.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<String>,
}

/// A household that goes, with labels, prices, alerts, who did what, and all that its hubs measured for it.
#[derive(Serialize, ToSchema)]
pub(super) struct GoingHousehold {
    id: Uuid,
    name: String,
    /// Those that are there now are released.
    hubs: Vec<HubTime>,
    /// How many sockets have a name.
    labels: usize,
}

/// A household that nobody would own any more.
#[derive(Serialize, ToSchema)]
struct BlockingHousehold {
    id: Uuid,
    name: String,
    /// The names of the others in it.
    others: Vec<String>,
}

/// What goes with a person.
#[derive(Serialize, ToSchema)]
pub(super) struct DeletionPreview {
    /// Whether a code is asked for besides the password.
    code_needed: bool,
    /// Where one is logged in.
    sessions: usize,
    personal_tokens: usize,
    /// To be named when the person is deleted.
    households: Vec<GoingHousehold>,
    /// Households that stay, without the person.
    left: Vec<HouseholdReference>,
    /// While there are any, nothing can be deleted.
    blocked: Vec<BlockingHousehold>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Deletion {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of the app, or a recovery code; for those who have a second factor.
    code: Option<String>,
    /// Those that the preview named: if others would go, nothing does.
    #[schema(max_items = 100)]
    households: Vec<Uuid>,
    #[serde(default)]
    #[schema(value_type = Language)]
    language: Option<Language>,
}

/// What would go with who is logged in.
#[utoipa::path(
    get,
    operation_id = "preview_deletion",
    path = "/v1/people/current/deletion",
    tag = "people",
    security(("session" = [])),
    responses((status = 200, body = DeletionPreview), OfSession),
)]
pub(super) async fn preview(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<DeletionPreview>, ApiError> {
    let (person, now) = (session.person, app.clock.now());
    let mut preview = DeletionPreview {
        code_needed: app.second_factor_of(person).await?.is_some(),
        sessions: app.stores.accounts.sessions(person, now).await?.len(),
        personal_tokens: app.stores.personal_tokens.tokens(person).await?.len(),
        households: Vec::new(),
        left: Vec::new(),
        blocked: Vec::new(),
    };
    for membership in app.stores.accounts.memberships(person, now).await? {
        match app.fate_of(&membership, person).await? {
            Fate::Goes => preview.households.push(app.going(&membership).await?),
            Fate::Stays => preview.left.push(membership.into()),
            Fate::Blocks(others) => preview.blocked.push(BlockingHousehold {
                id: membership.household.id.as_uuid(),
                name: membership.household.name,
                others,
            }),
        }
    }
    Ok(Json(preview))
}

/// Delete who is logged in, with all that is about the person.
///
/// Households that the person owns alone go too. What their hubs measured is erased from the store within minutes, and
/// again after an hour, a day and a week.
#[utoipa::path(
    post,
    operation_id = "delete_person",
    path = "/v1/people/current/deletion",
    tag = "people",
    security(("session" = [])),
    request_body = Deletion,
    responses(
        (status = 204, description = "Deleted, and logged out everywhere"),
        (status = 409, description = "Somebody else is in a household that nobody would own any more, or other households would go than those that were named", body = service::problem::Problem, content_type = "application/problem+json"),
        OfBody,
        OfSession,
        OfLimit,
    ),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Origin(from): Origin,
    LoggedIn(session): LoggedIn,
    reader: Reader,
    Body(body): Body<Deletion>,
) -> Result<StatusCode, ApiError> {
    let person = app.sure_of(session.person, body.password, body.code, from).await?;
    let households: Vec<HouseholdId> = body.households.into_iter().map(HouseholdId::from_uuid).collect();
    match app.stores.deletions.delete_person(person.id, &households, app.clock.now()).await? {
        PersonDeletion::Deleted => {}
        PersonDeletion::OthersAreThere(_) => return Err(ApiError::OthersAreThere),
        PersonDeletion::OtherHouseholds => return Err(ApiError::OtherHouseholds),
    }
    app.post.send(&person.email, reader.language(body.language), &Matter::PersonDeleted);
    tracing::info!(person = %person.id, households = households.len(), "person deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// What becomes of a household when a member goes.
enum Fate {
    Goes,
    Stays,
    /// With these in it, and without an owner.
    Blocks(Vec<String>),
}

impl App {
    async fn fate_of(&self, membership: &Membership, person: PersonId) -> Result<Fate, ApiError> {
        use domain::access::Role;

        if membership.role != Role::Owner {
            return Ok(Fate::Stays);
        }
        let members = self.stores.members.members(membership.household.id, self.clock.now()).await?;
        let others: Vec<_> = members.into_iter().filter(|member| member.person.id != person).collect();
        if others.iter().any(|member| member.role == Role::Owner) {
            return Ok(Fate::Stays);
        }
        if others.is_empty() {
            return Ok(Fate::Goes);
        }
        Ok(Fate::Blocks(others.into_iter().map(|member| member.person.name).collect()))
    }

    pub(super) async fn going(&self, membership: &Membership) -> Result<GoingHousehold, ApiError> {
        let id = membership.household.id;
        Ok(GoingHousehold {
            id: id.as_uuid(),
            name: membership.household.name.clone(),
            hubs: self.hub_times(id).await?,
            labels: self.stores.registry.home_sockets(id).await?.len(),
        })
    }

    pub(super) async fn hub_times(&self, household: HouseholdId) -> Result<Vec<HubTime>, ApiError> {
        let hubs = self.stores.accounts.hubs(household).await?;
        let time = |hub: domain::accounts::HubAssignment| HubTime {
            hub: hub.hub.as_uuid(),
            name: hub.name,
            since: hub.since.to_string(),
            until: hub.until.map(|until| until.to_string()),
        };
        Ok(hubs.into_iter().map(time).collect())
    }

    /// Somebody who is logged in says the password once more, and the code where there is a second factor.
    pub(super) async fn sure_of(
        &self,
        person: PersonId,
        password: SecretString,
        code: Option<String>,
        from: IpAddr,
    ) -> Result<Person, ApiError> {
        let person = self.own_password("password", person, password, from).await?;
        let Some(factor) = self.second_factor_of(person.id).await? else { return Ok(person) };
        let code = code.filter(|code| !code.trim().is_empty());
        let code = code.ok_or_else(|| ApiError::invalid("code", "Please give the code of your app too."))?;
        self.check_code(&person, &factor, &code, from).await?;
        Ok(person)
    }
}
