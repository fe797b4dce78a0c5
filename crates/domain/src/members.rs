//! Port: who is in a household.

use async_trait::async_trait;

use crate::access::Role;
use crate::accounts::{AccountsError, Credentials, Household, Person};
use crate::ids::{HouseholdId, PersonId};
use crate::time::UtcMillis;

/// A person in a household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub person: Person,
    pub role: Role,
    /// From then on the person is none. Without it, until somebody ends it.
    pub until: Option<UtcMillis>,
}

/// Who takes up an invitation.
#[derive(Clone, Copy, Debug)]
pub enum Invitee<'a> {
    Known(PersonId),
    /// Becomes a person by it, or by none of it.
    New(&'a Credentials),
}

/// A household always has an owner whose membership does not end by itself: [`AccountsError::LastOwner`] for what
/// would leave it without one.
#[async_trait]
pub trait Members: Send + Sync + 'static {
    /// Those whose membership has not ended at `now`: owners first, then by name.
    async fn members(&self, household: HouseholdId, now: UtcMillis) -> Result<Vec<Member>, AccountsError>;

    /// Makes a household with its first owner, and writes
    /// [`HouseholdFounded`](crate::audit::Action::HouseholdFounded) down. `false`: the person owns `at_most` households
    /// already, also when several are made at once.
    async fn found_household(
        &self,
        household: &Household,
        owner: PersonId,
        at_most: u32,
        now: UtcMillis,
    ) -> Result<bool, AccountsError>;

    /// As whoever runs the service. Makes the person a member, or gives a member another role or end. An owner has no end. What a membership left
    /// behind that has ended at `now`, such as personal tokens, is gone with it. Who is no owner invites nobody: their
    /// invitations into the household are withdrawn. [`MemberChanged`](crate::audit::Action::MemberChanged) is written down.
    /// [`AccountsError::Refused`] for a person or a household that does not exist.
    async fn admit(
        &self,
        household: HouseholdId,
        person: PersonId,
        role: Role,
        until: Option<UtcMillis>,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<(), AccountsError>;

    /// As an owner: like [`Self::admit`], of somebody who is a member. `false`, and nothing changes: the person is none at
    /// `now`, or `by` does not own the household any more. Whoever was removed does not come back by what they asked for before.
    async fn change_member(
        &self,
        household: HouseholdId,
        person: PersonId,
        role: Role,
        until: Option<UtcMillis>,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError>;

    /// Uses up an invitation with this secret: the person becomes a member as it says, unless they are as much already, and
    /// [`MemberJoined`](crate::audit::Action::MemberJoined) is written down. Gives the household. `None`: there is no such
    /// invitation at `now`, or whoever invited owns the household no more.
    /// [`AccountsError::EmailTaken`], and the invitation stays, when somebody has the newcomer's address.
    async fn accept_invitation(
        &self,
        secret_hash: &[u8; 32],
        invitee: Invitee<'_>,
        now: UtcMillis,
    ) -> Result<Option<HouseholdId>, AccountsError>;

    /// Ends a membership, with the personal tokens that are for it and the invitations that the person has sent, and writes
    /// [`MemberLeft`](crate::audit::Action::MemberLeft) or [`MemberRemoved`](crate::audit::Action::MemberRemoved) down,
    /// whichever it is. `false`: there is none.
    async fn dismiss(
        &self,
        household: HouseholdId,
        person: PersonId,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError>;

    /// Forgets memberships that ended before `now`; gives how many.
    async fn purge_members(&self, now: UtcMillis) -> Result<u64, AccountsError>;
}
