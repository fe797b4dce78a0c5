//! Port: alerts, and the letters that tell of them.

use async_trait::async_trait;

use super::{Alert, AlertId, Facts};
use crate::access::HubGrant;
use crate::accounts::{AccountsError, Household};
use crate::ids::{HouseholdId, uuid_id};
use crate::registry::{HomeSettings, HomeSocket};
use crate::time::UtcMillis;

/// All that is to be known of a household to watch over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub household: Household,
    pub settings: HomeSettings,
    /// Hubs whose assignment has not ended, with their names, by id.
    pub hubs: Vec<(HubGrant, String)>,
    /// By hub and number.
    pub sockets: Vec<HomeSocket>,
    /// Addresses of its owners and members, not of its guests, in order.
    pub emails: Vec<String>,
}

uuid_id!(
    /// Which letter.
    LetterId
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Email,
    Webhook,
}

impl Channel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Webhook].into_iter().find(|channel| channel.as_str() == text)
    }
}

/// What is to be sent. It is gone once it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: LetterId,
    pub household: HouseholdId,
    pub channel: Channel,
    /// An e-mail address, or a URL.
    pub to: String,
    /// Of an e-mail; empty for a webhook.
    pub subject: String,
    /// The text of an e-mail, or the JSON of a webhook.
    pub body: String,
    pub created: UtcMillis,
    /// How often it was taken.
    pub attempts: u32,
}

/// What became of a letter that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is sent, or nobody will ever be able to: it is forgotten.
    Done,
    /// It is to be taken again then.
    Again(UtcMillis),
}

/// Every method is one transaction.
#[async_trait]
pub trait Alerts: Send + Sync + 'static {
    /// Up to `limit` households in order of their ids, from the first after `after` on.
    async fn watched(&self, after: Option<HouseholdId>, limit: u32) -> Result<Vec<Watched>, AccountsError>;

    /// Those of the household that are open or ended at or after `since`, the one raised last first, at most `limit`;
    /// of those raised at the same instant the lower id first. Open ones are never left out for others.
    async fn alerts(
        &self,
        household: HouseholdId,
        since: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Alert>, AccountsError>;

    /// Keeps new alerts together with the letters that tell of them. An alert whose key is open already, or
    /// whose id is known, is passed over. `false`, and nothing is kept, when that is so with all of them.
    /// [`AccountsError::Refused`] for an unknown household.
    async fn raise(&self, alerts: &[Alert], letters: &[Letter]) -> Result<bool, AccountsError>;

    /// Replaces what it is told with, of an open one. `false`: it is not open.
    async fn update(&self, id: AlertId, facts: &Facts) -> Result<bool, AccountsError>;

    /// `false`: it is not open.
    async fn end(&self, id: AlertId, at: UtcMillis) -> Result<bool, AccountsError>;

    /// One that had ended is open again; if it was acknowledged it still is. `false`: there is no such alert, or its key is open already.
    async fn reopen(&self, id: AlertId) -> Result<bool, AccountsError>;

    /// Somebody of the household has seen it. Again changes nothing. `false`: the household has no such alert.
    async fn acknowledge(
        &self,
        household: HouseholdId,
        id: AlertId,
        at: UtcMillis,
    ) -> Result<bool, AccountsError>;

    /// Up to `limit` letters that are due at `now`, those that are due for longest first. Until `lease` nobody else
    /// gets them; their attempts are counted up, this one included.
    async fn take_letters(
        &self,
        now: UtcMillis,
        lease: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Letter>, AccountsError>;

    async fn settle_letter(&self, id: LetterId, outcome: Outcome) -> Result<(), AccountsError>;

    /// Forgets alerts that ended before; gives how many.
    async fn purge_alerts(&self, before: UtcMillis) -> Result<u64, AccountsError>;
}
