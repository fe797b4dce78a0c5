//! Port: who did what to which household. What is written stays as it is.
//!
//! Whoever changes members, invitations, hubs, settings or personal tokens writes it down in the same transaction, by [`Deed`]:
//! neither is there without the other. [`Audit::write_down`] is for what changes nothing, and for whoever runs the service.

use std::fmt;

use async_trait::async_trait;

use crate::access::Role;
use crate::accounts::{AccountsError, Household};
use crate::ids::{HouseholdId, PersonId};
use crate::personal_tokens::PersonalToken;
use crate::time::UtcMillis;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    HouseholdFounded,
    SettingsChanged,
    HubLabelled,
    HubAdded,
    HubReleased,
    MemberInvited,
    InvitationWithdrawn,
    MemberJoined,
    MemberChanged,
    MemberRemoved,
    MemberLeft,
    TokenMade,
    TokenDeleted,
    /// What is known of the household was downloaded.
    ArchiveTaken,
}

impl Action {
    pub const ALL: [Self; 14] = [
        Self::HouseholdFounded,
        Self::SettingsChanged,
        Self::HubLabelled,
        Self::HubAdded,
        Self::HubReleased,
        Self::MemberInvited,
        Self::InvitationWithdrawn,
        Self::MemberJoined,
        Self::MemberChanged,
        Self::MemberRemoved,
        Self::MemberLeft,
        Self::TokenMade,
        Self::TokenDeleted,
        Self::ArchiveTaken,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HouseholdFounded => "household_founded",
            Self::SettingsChanged => "settings_changed",
            Self::HubLabelled => "hub_labelled",
            Self::HubAdded => "hub_added",
            Self::HubReleased => "hub_released",
            Self::MemberInvited => "member_invited",
            Self::InvitationWithdrawn => "invitation_withdrawn",
            Self::MemberJoined => "member_joined",
            Self::MemberChanged => "member_changed",
            Self::MemberRemoved => "member_removed",
            Self::MemberLeft => "member_left",
            Self::TokenMade => "token_made",
            Self::TokenDeleted => "token_deleted",
            Self::ArchiveTaken => "archive_taken",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub household: HouseholdId,
    pub at: UtcMillis,
    /// Who did it; `None` when nobody in particular did.
    pub by: Option<PersonId>,
    pub action: Action,
    /// What it was done to, in words of the household: the name of a hub, a role. A member is there by id, so that the name
    /// goes with the person, and who was invited by the invitation's, so that the address goes with that.
    pub about: String,
}

/// Of whom there is an id, and what they are or are to be: `<id>: guest`.
pub fn whom(id: impl fmt::Display, role: Option<Role>) -> String {
    role.map_or_else(|| id.to_string(), |role| format!("{id}: {}", role.as_str()))
}

/// What stores write down in the transaction in which they do it.
impl Deed {
    pub fn of_household(action: Action, household: &Household, by: PersonId, at: UtcMillis) -> Self {
        Self { household: household.id, at, by: Some(by), action, about: household.name.clone() }
    }

    pub fn of_hub(
        action: Action,
        household: HouseholdId,
        name: &str,
        by: Option<PersonId>,
        at: UtcMillis,
    ) -> Self {
        Self { household, at, by, action, about: name.to_owned() }
    }

    pub const fn settings_changed(household: HouseholdId, by: PersonId, at: UtcMillis) -> Self {
        Self { household, at, by: Some(by), action: Action::SettingsChanged, about: String::new() }
    }

    /// By the person whose it is.
    pub fn of_token(action: Action, token: &PersonalToken, at: UtcMillis) -> Self {
        Self { household: token.household, at, by: Some(token.person), action, about: token.name.clone() }
    }

    /// The member has another role or end.
    pub fn member_changed(
        household: HouseholdId,
        person: PersonId,
        role: Role,
        by: PersonId,
        at: UtcMillis,
    ) -> Self {
        let (action, about) = (Action::MemberChanged, whom(person, Some(role)));
        Self { household, at, by: Some(by), action, about }
    }

    /// The member has left, or somebody else has removed them.
    pub fn member_gone(household: HouseholdId, person: PersonId, by: PersonId, at: UtcMillis) -> Self {
        let action = if by == person { Action::MemberLeft } else { Action::MemberRemoved };
        Self { household, at, by: Some(by), action, about: whom(person, None) }
    }
}

/// A [`Deed`] in the order in which they were written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Later ones have higher numbers.
    pub number: i64,
    pub deed: Deed,
}

/// Entries are written and never changed. They go with their household only.
#[async_trait]
pub trait Audit: Send + Sync + 'static {
    /// [`AccountsError::Refused`] for an unknown household.
    async fn write_down(&self, deed: &Deed) -> Result<(), AccountsError>;

    /// The latest first, at most `limit`; those with a number below `before` when it is given.
    async fn entries(
        &self,
        household: HouseholdId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, AccountsError>;

    /// What the person did anywhere, the earliest first, at most `limit`; those with a number above `after`.
    async fn entries_by(&self, person: PersonId, after: i64, limit: u32)
    -> Result<Vec<Entry>, AccountsError>;
}
