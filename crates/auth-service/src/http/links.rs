//! Links in letters.

use std::net::IpAddr;

use domain::tickets::{Purpose, Ticket};
use secrecy::{ExposeSecret, SecretString};

use super::App;
use super::error::ApiError;
use crate::secret::LinkSecret;

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

    /// Uses a link up that is for this.
    pub(super) async fn take_ticket(
        &self,
        secret: &LinkSecret,
        is_wanted: impl Fn(&Purpose) -> bool,
    ) -> Result<Ticket, ApiError> {
        let (hash, now) = (secret.hash(), self.clock.now());
        // One that is for something else stays.
        let there = self.tickets.ticket(&hash, now).await?.ok_or(ApiError::BadLink)?;
        if !is_wanted(&there.purpose) {
            return Err(ApiError::BadLink);
        }
        self.tickets.take_ticket(&hash, now).await?.ok_or(ApiError::BadLink)
    }

    /// What it is for was not done.
    pub(super) async fn give_back(&self, ticket: &Ticket) {
        if let Err(error) = self.tickets.put_ticket(ticket).await {
            tracing::warn!(%error, "a link is used up for nothing");
        }
    }
}
