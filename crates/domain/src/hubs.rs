//! Port: how hubs prove who they are, and how they come into a household.

use async_trait::async_trait;

use crate::accounts::AccountsError;
use crate::ids::{HouseholdId, HubId, PersonId};
use crate::time::UtcMillis;

/// So long a code waits for somebody to enter it.
pub const PAIRING_LIFE_MILLIS: i64 = 10 * 60_000;

/// A new hub that waits for a person who says into which household it comes. The hub shows the code, the person enters
/// it; the secret stays on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    pub hub: HubId,
    /// What its maker calls it.
    pub serial: Option<String>,
    /// SHA-256 of the secret that the hub holds.
    pub secret_hash: [u8; 32],
    /// SHA-256 of the code in its normal form.
    pub code_hash: [u8; 32],
    pub created: UtcMillis,
    /// From then on the code is worth nothing.
    pub expires: UtcMillis,
}

/// What came of the wish to pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    Opened,
    /// As many as may wait are waiting.
    TooMany,
    /// The secret is or was a credential already: it takes a new one.
    SecretUsed,
}

/// What a secret is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Waiting {
        expires: UtcMillis,
    },
    /// It is the credential of a hub that is in a household.
    Paired,
    /// It was: the household has released the hub, or the hub has a newer credential.
    Revoked,
}

/// A hub that comes into a household with a secret it holds already, as from a factory's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    pub hub: HubId,
    pub serial: Option<String>,
    /// SHA-256 of the secret that the hub holds.
    pub secret_hash: [u8; 32],
    /// What people call it.
    pub name: String,
}

/// Why a hub cannot be enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolFault {
    #[error("the hub is in another household")]
    HubTaken,
    #[error("the secret is or was another credential")]
    SecretUsed,
}

/// A credential that is worth nothing any more, while its hub may still be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub hub: HubId,
    pub secret_hash: [u8; 32],
    pub revoked: UtcMillis,
}

/// A hub credential is a hub's id, the serial number if it has one, and the SHA-256 of a secret of 256 random bits that
/// only the hub holds. A hub has at most one that is valid, and a secret is a credential once and never again.
///
/// The credential of a hub ends with its assignment: [`Accounts::release_hub`](crate::accounts::Accounts::release_hub)
/// revokes it in the same transaction. Every method is one transaction; "not found" is `None` or an empty list.
#[async_trait]
pub trait HubCredentials: Send + Sync + 'static {
    /// Lets the hub wait. With a secret that waits already, it replaces code, hub and times.
    /// No more than about `at_most` others wait at `pairing.created`.
    async fn open_pairing(&self, pairing: &Pairing, at_most: u32) -> Result<Opening, AccountsError>;

    /// `None` when the secret is unknown, or waited in vain until it expired.
    async fn standing(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Standing>, AccountsError>;

    /// Takes the hub that waits with this code into the household: the assignment begins, or goes on under the new name
    /// where the hub is in this household already; the secret becomes the hub's credential, and earlier ones are
    /// revoked. A code works once, also when several enter it at the same time.
    /// [`HubAdded`](crate::audit::Action::HubAdded) is written down. Gives the hub; `None`: no hub waits with this code at
    /// `now`.
    ///
    /// [`AccountsError::HubTaken`] when the hub is in another household at `now` or later; it goes on waiting then.
    async fn redeem_pairing(
        &self,
        code_hash: &[u8; 32],
        household: HouseholdId,
        name: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<Option<HubId>, AccountsError>;

    /// As redeeming a code for each. All of them or, when there is any fault, none: gives the faults with their places
    /// in `hubs`. A hub that is in the household with this very secret stays as it is but for its name. Of those that were
    /// not in the household before [`HubAdded`](crate::audit::Action::HubAdded) is written down, as nobody's.
    async fn enrol(
        &self,
        household: HouseholdId,
        hubs: &[Enrolment],
        now: UtcMillis,
    ) -> Result<Vec<(usize, EnrolFault)>, AccountsError>;

    /// The hash of the secret with which the hub may log in; `None` unless it is in a household at `now`.
    /// Asked for every log-in: one look-up by index.
    async fn valid_secret(&self, hub: HubId, now: UtcMillis) -> Result<Option<[u8; 32]>, AccountsError>;

    /// Credentials that were revoked and whose connections are not known to be closed, longest first; at most `limit`, those
    /// that come after the last of the page before when it is given.
    async fn to_disconnect(
        &self,
        after: Option<&Revocation>,
        limit: u32,
    ) -> Result<Vec<Revocation>, AccountsError>;

    /// The connections of these revoked credentials are closed for good.
    async fn disconnected(&self, secret_hashes: &[[u8; 32]]) -> Result<(), AccountsError>;

    /// Forgets codes that expired before `now`; gives how many.
    async fn purge_pairings(&self, now: UtcMillis) -> Result<u64, AccountsError>;
}
