//! Port: people, households and hubs.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::calendar::Zone;
use crate::ids::{HouseholdId, HubId, PersonId, SocketNumber, uuid_id};
use crate::time::UtcMillis;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    /// Trimmed and in lower case: see [`normalise_email`].
    pub email: String,
    pub name: String,
}

/// E-mail addresses are compared in this form.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A person with what is needed to check the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub person: Person,
    /// In PHC string format, or [`NO_PASSWORD`].
    pub password_hash: String,
}

/// In the place of a hash: the person logs in otherwise, until a password is set.
pub const NO_PASSWORD: &str = "*";

impl Credentials {
    pub fn has_password(&self) -> bool {
        self.password_hash != NO_PASSWORD
    }
}

/// Somebody is logged in. Only a hash of the secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the secret the client holds.
    pub secret_hash: [u8; 32],
    pub person: PersonId,
    pub created: UtcMillis,
    pub expires: UtcMillis,
    /// What the browser calls itself, at most [`MAX_CLIENT_CHARS`]; empty when it does not say.
    pub client: String,
    /// To the hour: see [`USE_STEP_MILLIS`].
    pub last_used: UtcMillis,
}

pub const MAX_CLIENT_CHARS: usize = 200;

/// A use of a session is written down when the one before is at least so long ago.
pub const USE_STEP_MILLIS: i64 = 3_600_000;

/// Sessions of a person: more than anybody has browsers. What somebody may have any number of, others pay for.
pub const SESSIONS_AT_MOST: u32 = 100;

impl Session {
    /// Which of a person's sessions; no secret: half of the hash says nothing about what was hashed.
    pub fn id(&self) -> SessionId {
        let mut half = [0; 16];
        half.copy_from_slice(&self.secret_hash[..16]);
        SessionId::from_bytes(half)
    }

    /// Whether a use at `now` is to be written down.
    pub fn use_is_due(&self, now: UtcMillis) -> bool {
        self.last_used.plus_millis(USE_STEP_MILLIS) <= now
    }
}

uuid_id!(
    /// Names a [`Session`].
    SessionId
);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Household {
    pub id: HouseholdId,
    pub name: String,
    pub zone: Zone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub household: Household,
    pub role: Role,
    /// From then on it is none. Without it, until somebody ends it.
    pub until: Option<UtcMillis>,
}

/// A hub in a household, for a time. At any instant a hub is in at most one household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubAssignment {
    pub hub: HubId,
    pub household: HouseholdId,
    pub name: String,
    pub since: UtcMillis,
    pub until: Option<UtcMillis>,
}

/// What people call a socket of a hub in their household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketLabel {
    pub number: SocketNumber,
    pub name: String,
    #[serde(default)]
    pub room: Option<String>,
    /// The kind of appliance, for the picture: `fridge`, `lamp`, …
    #[serde(default)]
    pub icon: Option<String>,
    /// Not to be listed; it still counts in the home.
    #[serde(default)]
    pub hidden: bool,
}

/// What people call a hub in their household, and its sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubLabels {
    pub name: String,
    pub sockets: Vec<SocketLabel>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("{operation}: the accounts are not available: {reason}")]
    Unavailable { operation: &'static str, reason: String },
    #[error("the e-mail address is already taken")]
    EmailTaken,
    #[error("the hub is in another household")]
    HubTaken,
    #[error("the household would be left without an owner")]
    LastOwner,
    /// Asked for by a session that has ended while a password was being looked at, say.
    #[error("the session has ended")]
    LoggedOut,
    /// What was asked breaks a rule that the store holds itself: an unknown person or household, a socket
    /// twice, an assignment that ends before it starts.
    #[error("{operation}: the accounts refuse it: {reason}")]
    Refused { operation: &'static str, reason: String },
}

/// Every method is one transaction. "Not found" is `None` or an empty list.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    async fn ready(&self) -> Result<(), AccountsError>;

    /// [`AccountsError::EmailTaken`] when another person has the address.
    async fn create_person(&self, credentials: &Credentials) -> Result<(), AccountsError>;
    /// `email` is normalised.
    async fn credentials_by_email(&self, email: &str) -> Result<Option<Credentials>, AccountsError>;
    async fn person(&self, id: PersonId) -> Result<Option<Person>, AccountsError>;
    /// As whoever runs the service. What is under way for the person ends: links that set a password or another address,
    /// and log-ins that have begun at a provider. `false`: no such person.
    async fn set_password_hash(&self, id: PersonId, password_hash: &str) -> Result<bool, AccountsError>;
    /// As the person, logged in with the session of this hash. What is under way ends, and all other sessions.
    /// `false`, and nothing changes: it is no session of this person, or not any more.
    async fn change_password(
        &self,
        id: PersonId,
        password_hash: &str,
        session: &[u8; 32],
    ) -> Result<bool, AccountsError>;
    /// By a [`Purpose::Reset`](crate::tickets::Purpose::Reset) with this secret, which is used up. What is under way ends,
    /// and all sessions and personal tokens: the person may be getting rid of somebody. Gives the person. `None`, and
    /// nothing changes: no such link at `now`, or it was sent to an address that the person has no more.
    async fn reset_password(
        &self,
        secret_hash: &[u8; 32],
        password_hash: &str,
        now: UtcMillis,
    ) -> Result<Option<Person>, AccountsError>;
    /// `false`: no such person.
    async fn set_name(&self, id: PersonId, name: &str) -> Result<bool, AccountsError>;
    /// By a [`Purpose::ChangeEmail`](crate::tickets::Purpose::ChangeEmail) with this secret, which is used up; the person's
    /// other links end, those to the address of before among them. Gives the person with that address. `None`: no such
    /// link at `now`. [`AccountsError::EmailTaken`], and nothing changes, when another person has the address.
    async fn change_email(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Person>, AccountsError>;

    /// As somebody who has shown who they are by other means than a password. Of a person's sessions the
    /// [`SESSIONS_AT_MOST`] that were used last stay open.
    async fn open_session(&self, session: &Session) -> Result<(), AccountsError>;
    /// Like [`Self::open_session`], as somebody whose password has this hash. `false`, and none is opened: it has another one by
    /// now, which was set to keep somebody out who knows the one before.
    async fn log_in(&self, session: &Session, password_hash: &str) -> Result<bool, AccountsError>;
    /// The session with this secret, which is used now. `None` when it is unknown, closed, or expired at `now`.
    async fn session(&self, secret_hash: &[u8; 32], now: UtcMillis)
    -> Result<Option<Session>, AccountsError>;
    /// `false`: it was not open.
    async fn close_session(&self, secret_hash: &[u8; 32]) -> Result<bool, AccountsError>;
    /// Those that are open at `now`, the one that was opened last first.
    async fn sessions(&self, person: PersonId, now: UtcMillis) -> Result<Vec<Session>, AccountsError>;
    /// Closes all of the person's sessions; gives how many. What is under way ends, as with another password.
    async fn close_sessions(&self, person: PersonId) -> Result<u64, AccountsError>;
    /// Forgets what expired before `now`; gives how many.
    async fn purge_sessions(&self, now: UtcMillis) -> Result<u64, AccountsError>;

    /// Creates it, or replaces name and zone.
    async fn put_household(&self, household: &Household) -> Result<(), AccountsError>;
    async fn household(&self, id: HouseholdId) -> Result<Option<Household>, AccountsError>;
    /// Creates the membership, or replaces the role; it has no end. Whether the household keeps an owner is not looked
    /// at: see [`Members`](crate::members::Members).
    async fn put_member(
        &self,
        household: HouseholdId,
        person: PersonId,
        role: Role,
    ) -> Result<(), AccountsError>;
    /// Those that have not ended at `now`, in order of the household's name.
    async fn memberships(&self, person: PersonId, now: UtcMillis) -> Result<Vec<Membership>, AccountsError>;

    /// Starts an assignment; for a hub that is in the household already it replaces name and `since`, and the
    /// household's earlier assignments of the hub end where this one starts.
    /// [`AccountsError::HubTaken`] when the hub is in another household at any instant of the assignment.
    async fn assign_hub(&self, assignment: &HubAssignment) -> Result<(), AccountsError>;
    /// Ends the running assignment; one that had not started by then is forgotten.
    /// [`HubReleased`](crate::audit::Action::HubReleased) is written down. `false`: there is none.
    async fn release_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        by: PersonId,
        until: UtcMillis,
    ) -> Result<bool, AccountsError>;
    /// Gives the hub another name and other labels of its sockets, as [`Self::put_sockets`], and writes
    /// [`HubLabelled`](crate::audit::Action::HubLabelled) down. `false`, and nothing changes: the hub is not in the
    /// household at `now`.
    async fn label_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        labels: &HubLabels,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError>;
    /// Past and present ones, oldest first.
    async fn hubs(&self, household: HouseholdId) -> Result<Vec<HubAssignment>, AccountsError>;

    /// Replaces all labels of the hub in this household.
    async fn put_sockets(
        &self,
        household: HouseholdId,
        hub: HubId,
        sockets: &[SocketLabel],
    ) -> Result<(), AccountsError>;
    /// By socket number.
    async fn sockets(&self, household: HouseholdId, hub: HubId) -> Result<Vec<SocketLabel>, AccountsError>;
}
