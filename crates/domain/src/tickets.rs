//! Port: links that are sent by e-mail and can be used once.

use async_trait::async_trait;

use crate::access::Role;
use crate::accounts::AccountsError;
use crate::audit::{Action, Deed, whom};
use crate::ids::{HouseholdId, PersonId, uuid_id};
use crate::time::UtcMillis;

/// What somebody who has the link may do. Only a hash of its secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// SHA-256 of the secret that is in the link.
    pub secret_hash: [u8; 32],
    /// Where it was sent, normalised.
    pub email: String,
    pub purpose: Purpose,
    pub created: UtcMillis,
    /// From then on it is not valid.
    pub expires: UtcMillis,
}

uuid_id!(
    /// Names an invitation.
    InvitationId
);

impl InvitationId {
    /// No secret: half of the hash says nothing about what was hashed.
    pub fn of(secret_hash: &[u8; 32]) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&secret_hash[..16]);
        Self::from_bytes(half)
    }

    /// That it was withdrawn.
    pub fn withdrawn(self, household: HouseholdId, by: PersonId, at: UtcMillis) -> Deed {
        let (action, about) = (Action::InvitationWithdrawn, whom(self, None));
        Deed { household, at, by: Some(by), action, about }
    }
}

impl Ticket {
    /// That somebody was invited, where it is an invitation; what else is sent concerns no household.
    pub fn deed(&self) -> Option<Deed> {
        let Purpose::Invitation { household, role, by, .. } = self.purpose else { return None };
        let about = whom(InvitationId::of(&self.secret_hash), Some(role));
        Some(Deed { household, at: self.created, by: Some(by), action: Action::MemberInvited, about })
    }
}

/// What a [`Ticket`] is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To become a person with the ticket's address.
    SignUp { name: String },
    /// To set a new password.
    Reset { person: PersonId },
    /// To go by the ticket's address from now on.
    ChangeEmail { person: PersonId },
    /// To become a member of the household.
    Invitation { household: HouseholdId, role: Role, until: Option<UtcMillis>, by: PersonId },
}

/// The kinds of [`Purpose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketKind {
    SignUp,
    Reset,
    ChangeEmail,
    Invitation,
}

impl Purpose {
    pub const fn kind(&self) -> TicketKind {
        match self {
            Self::SignUp { .. } => TicketKind::SignUp,
            Self::Reset { .. } => TicketKind::Reset,
            Self::ChangeEmail { .. } => TicketKind::ChangeEmail,
            Self::Invitation { .. } => TicketKind::Invitation,
        }
    }

    /// Whose ticket it is, of those who are known already.
    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::Reset { person } | Self::ChangeEmail { person } => Some(*person),
            Self::SignUp { .. } | Self::Invitation { .. } => None,
        }
    }

    pub const fn household(&self) -> Option<HouseholdId> {
        match self {
            Self::Invitation { household, .. } => Some(*household),
            _ => None,
        }
    }
}

impl TicketKind {
    pub const ALL: [Self; 4] = [Self::SignUp, Self::Reset, Self::ChangeEmail, Self::Invitation];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Reset => "reset",
            Self::ChangeEmail => "change-email",
            Self::Invitation => "invitation",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A ticket ends with the person and with the household that it is about. "Not found" is `None` or an empty list.
#[async_trait]
pub trait Tickets: Send + Sync + 'static {
    /// Keeps it in the place of earlier ones of the same kind with the same address, person and household. Of an invitation
    /// [`MemberInvited`](crate::audit::Action::MemberInvited) is written down.
    /// [`AccountsError::Refused`] for a person or a household that does not exist.
    /// With the hash of a `session`, as the person of the ticket: [`AccountsError::LoggedOut`] when it is not open any more.
    async fn put_ticket(&self, ticket: &Ticket, session: Option<&[u8; 32]>) -> Result<(), AccountsError>;

    /// The ticket with this secret; it stays. `None` when it is unknown, used, or expired at `now`.
    async fn ticket(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Ticket>, AccountsError>;

    /// The same, and it is used up: of many who ask at once, one gets it.
    async fn take_ticket(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Ticket>, AccountsError>;

    /// The invitations into the household that are valid at `now`, oldest first.
    async fn invitations(&self, household: HouseholdId, now: UtcMillis)
    -> Result<Vec<Ticket>, AccountsError>;

    /// Whether an invitation to this address, into whatever household, is valid at `now`.
    async fn is_invited(&self, email: &str, now: UtcMillis) -> Result<bool, AccountsError>;

    /// [`InvitationWithdrawn`](crate::audit::Action::InvitationWithdrawn) is written down.
    /// `false`: there is no invitation of this address into the household.
    async fn withdraw_invitation(
        &self,
        household: HouseholdId,
        email: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError>;

    /// Forgets what expired before `now`; gives how many.
    async fn purge_tickets(&self, now: UtcMillis) -> Result<u64, AccountsError>;
}
