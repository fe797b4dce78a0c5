//! Port: tokens that people give to their own programs.

use async_trait::async_trait;

use crate::access::Scope;
use crate::accounts::AccountsError;
use crate::ids::{HouseholdId, PersonId, uuid_id};
use crate::time::UtcMillis;

uuid_id!(
    /// Which of a person's tokens; no secret.
    PersonalTokenId
);

/// What a program may do in a person's name, in one household. Only a hash of the secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalToken {
    pub id: PersonalTokenId,
    pub person: PersonId,
    pub household: HouseholdId,
    pub name: String,
    /// None twice, in the order of [`Scope`].
    pub scopes: Vec<Scope>,
    /// SHA-256 of the secret that the program holds.
    pub secret_hash: [u8; 32],
    pub created: UtcMillis,
    /// From then on it is not valid. Without it, it is until it is deleted.
    pub expires: Option<UtcMillis>,
    /// To the minute: see [`USE_STEP_MILLIS`].
    pub last_used: Option<UtcMillis>,
}

/// A use is written down when the one before is at least so long ago: a program that asks all the time would write all
/// the time.
pub const USE_STEP_MILLIS: i64 = 60_000;

impl PersonalToken {
    /// Whether a use at `now` is to be written down.
    pub fn use_is_due(&self, now: UtcMillis) -> bool {
        self.last_used.is_none_or(|last| last.plus_millis(USE_STEP_MILLIS) <= now)
    }
}

/// A token ends with the membership that it is for. "Not found" is `None` or an empty list.
#[async_trait]
pub trait PersonalTokens: Send + Sync + 'static {
    /// [`TokenMade`](crate::audit::Action::TokenMade) is written down. `false`: the person has `at_most` tokens already,
    /// also when several are made at once. [`AccountsError::Refused`] unless the person is a member of the household.
    /// With the hash of a `session`, as its person: [`AccountsError::LoggedOut`] when it is not open any more.
    async fn create_token(
        &self,
        token: &PersonalToken,
        at_most: u32,
        session: Option<&[u8; 32]>,
    ) -> Result<bool, AccountsError>;

    /// Oldest first; expired ones too, until they are purged.
    async fn tokens(&self, person: PersonId) -> Result<Vec<PersonalToken>, AccountsError>;

    /// The token with this secret, which is used now. `None` when it is unknown, deleted, or expired at `now`.
    async fn use_token(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<PersonalToken>, AccountsError>;

    /// [`TokenDeleted`](crate::audit::Action::TokenDeleted) is written down. `false`: the person has no such token.
    async fn delete_token(
        &self,
        person: PersonId,
        id: PersonalTokenId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError>;

    /// Forgets what expired before `now`; gives how many.
    async fn purge_tokens(&self, now: UtcMillis) -> Result<u64, AccountsError>;
}
