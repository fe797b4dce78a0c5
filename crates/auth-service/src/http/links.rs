//! Links in letters.

use std::net::IpAddr;

use domain::tickets::{Purpose, Ticket};
use secrecy::{ExposeSecret, SecretString};

use super::App;
use super::error::ApiError;
use crate::secret::LinkSecret;

pub(super) const HOUR_MILLIS: i64 = 3_600_000;
pub(super) const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

impl App {
    /// Whether a letter may be sent for somebody at this address.
    pub(super) fn can_send(&self, from: IpAddr) -> Result<(), ApiError> {
        if !self.post.works() {
            return Err(ApiError::NoPost);
        }
        Ok(self.limits.send(from, self.clock.now())?)
    }

    pub(super) fn link_secret(&self, text: &SecretString, from: IpAddr) -> Result<LinkSecret, ApiError> {
        self.limits.ask(from, self.clock.now())?;
        LinkSecret::parse(text.expose_secret()).ok_or(ApiError::BadLink)
    }

    /// The link if it is for this; it stays, so that what takes its time can wait until it is known to be good. What it is
    /// for uses it up, in one transaction.
    pub(super) async fn look_at_link(
        &self,
        secret: &LinkSecret,
        is_wanted: impl Fn(&Purpose) -> bool,
    ) -> Result<Ticket, ApiError> {
        let ticket = self.stores.tickets.ticket(&secret.hash(), self.clock.now()).await?;
        ticket.filter(|ticket| is_wanted(&ticket.purpose)).ok_or(ApiError::BadLink)
    }

    /// What is to be kept of a new link.
    pub(super) fn ticket(
        &self,
        secret: &LinkSecret,
        email: String,
        purpose: Purpose,
        life_millis: i64,
    ) -> Ticket {
        let created = self.clock.now();
        let expires = created.plus_millis(life_millis);
        Ticket { secret_hash: secret.hash(), email, purpose, created, expires }
    }
}
