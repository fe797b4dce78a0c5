//! Port: who somebody is to a provider of identities (OpenID Connect), and log-ins that are on their way to one and back.

use async_trait::async_trait;

use crate::accounts::{AccountsError, Credentials};
use crate::ids::{PersonId, uuid_id};
use crate::time::UtcMillis;

uuid_id!(
    /// Names an [`Identity`].
    IdentityId
);

/// An account at a provider by which a person may log in. Issuer and subject together are never given to anybody else;
/// addresses and names are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: IdentityId,
    pub person: PersonId,
    /// The provider's own name, a URL, to the letter as it gives it.
    pub issuer: String,
    /// Who it is there, at most 255 bytes.
    pub subject: String,
    /// What the account was called there when it was connected, to tell it from others; may be empty.
    pub label: String,
    pub connected: UtcMillis,
}

/// A log-in that has begun at a provider. Only a hash of the secret that the browser holds is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// By which name we know the provider.
    pub provider: String,
    pub aim: Aim,
    /// From then on it is not valid.
    pub expires: UtcMillis,
}

/// What a [`Flow`] is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// To log in, as whoever the provider says.
    LogIn,
    /// To connect who the provider says to the person, who is logged in with the session of this hash.
    Connect { person: PersonId, session: [u8; 32] },
    /// The provider has said who it is; what is missing is the code of the person's second factor.
    Code { person: PersonId },
}

/// The kinds of [`Aim`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AimKind {
    LogIn,
    Connect,
    Code,
}

impl Aim {
    pub const fn kind(&self) -> AimKind {
        match self {
            Self::LogIn => AimKind::LogIn,
            Self::Connect { .. } => AimKind::Connect,
            Self::Code { .. } => AimKind::Code,
        }
    }

    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::LogIn => None,
            Self::Connect { person, .. } | Self::Code { person } => Some(*person),
        }
    }

    pub const fn session(&self) -> Option<&[u8; 32]> {
        match self {
            Self::Connect { session, .. } => Some(session),
            Self::LogIn | Self::Code { .. } => None,
        }
    }
}

impl AimKind {
    pub const ALL: [Self; 3] = [Self::LogIn, Self::Connect, Self::Code];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log-in",
            Self::Connect => "connect",
            Self::Code => "code",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Identities and flows end with the person that they are about. "Not found" is `None`, `false` or an empty list.
#[async_trait]
pub trait Identities: Send + Sync + 'static {
    async fn person_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<PersonId>, AccountsError>;

    /// Those of a person, in the order in which they were connected.
    async fn identities(&self, person: PersonId) -> Result<Vec<Identity>, AccountsError>;

    /// `false`: issuer and subject are connected already, to this person or to another, and stay so.
    /// [`AccountsError::Refused`] for a person who does not exist.
    /// With the hash of a `session`, as its person: [`AccountsError::LoggedOut`] when it is not open any more.
    async fn connect_identity(
        &self,
        identity: &Identity,
        session: Option<&[u8; 32]>,
    ) -> Result<bool, AccountsError>;

    /// Creates the person together with the identity, or neither. `false`: issuer and subject are connected already.
    /// [`AccountsError::EmailTaken`] when another person has the address.
    async fn create_person_of_identity(
        &self,
        credentials: &Credentials,
        identity: &Identity,
    ) -> Result<bool, AccountsError>;

    /// `false`: the person has no such identity.
    async fn disconnect_identity(&self, person: PersonId, id: IdentityId) -> Result<bool, AccountsError>;

    /// [`AccountsError::Refused`] for a person who does not exist.
    async fn put_flow(&self, flow: &Flow) -> Result<(), AccountsError>;

    /// The flow with this secret; it stays. `None` when it is unknown, used, or expired at `now`.
    async fn flow(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Flow>, AccountsError>;

    /// The same, and it is used up: of many who ask at once, one gets it.
    async fn take_flow(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Flow>, AccountsError>;

    /// Forgets what expired before `now`; gives how many.
    async fn purge_flows(&self, now: UtcMillis) -> Result<u64, AccountsError>;
}
