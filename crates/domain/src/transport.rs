//! Ports: how containers get from hubs to the write-service. Both directions keep one promise: a container is
//! acknowledged to the hub only when it is safe behind it, and to the transport only when the store has it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::ids::HubId;
use crate::presence::Presence;
use crate::trace::TraceContext;

/// Transport out, used by a hub.
#[async_trait]
pub trait ContainerPublisher: Send + Sync + 'static {
    /// Hands over one encoded container. `Ok` means that the transport has taken responsibility for it; after
    /// an error the caller keeps it and tries again, and it may then arrive twice. May be called while others
    /// are in flight; order is kept between calls of which one returned before the other began.
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError>;

    /// The same, and tells whoever receives it to which trace it belongs, where the transport has a place for that. It has
    /// about as many bytes as a container, so it is for some of them only.
    async fn publish_traced(
        &self,
        hub: HubId,
        body: Bytes,
        _trace: TraceContext,
    ) -> Result<(), PublishError> {
        self.publish(hub, body).await
    }

    /// Says how the hub is, now and again after every reconnect until it says otherwise. `Ok` when it is on its way: it may
    /// get lost, and nobody need listen. Whoever publishes to where no hub is ever away has nothing to say.
    async fn announce(&self, _presence: &Presence) -> Result<(), PublishError> {
        Ok(())
    }
}

/// Why a container is still the hub's.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("the transport is not available: {0}")]
    Unavailable(String),
    /// The credentials are unknown or revoked, or nobody can look them up now: which of these, it does not say.
    #[error("the transport refuses the log-in")]
    LoginRefused,
    #[error("the transport refused the container: {0}")]
    Refused(String),
    #[error("no confirmation within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// Proof of one delivery, for settling it. Worth nothing after a reconnect: the container then comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Receipt {
    /// Which connection it came over.
    pub epoch: u64,
    pub tag: u64,
}

/// A container on its way in.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whom the transport says it is from; `None` when it does not name a hub.
    pub hub: Option<HubId>,
    pub body: Bytes,
    /// It may have been delivered before.
    pub redelivered: bool,
    pub receipt: Receipt,
    /// Of the few that are followed; boxed for the sake of all others. Whoever published it may say what they like here.
    pub trace: Option<Box<TraceContext>>,
}

/// Transport in, used by the write-service. Reconnects by itself, for ever, with jitter; what was delivered
/// and not settled then comes again.
#[async_trait]
pub trait ContainerSource: Send + Sync + 'static {
    /// Waits for at least one delivery and gives up to `max`. Cancel-safe: a dropped call loses nothing.
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, SourceError>;

    /// Asks for nothing more. What is delivered already can still be received and settled, so that nobody gets it a
    /// second time; after it [`receive`](Self::receive) says [`SourceError::Closed`].
    fn stop(&self);

    /// The store has them. Stale receipts are passed over: their containers come again, which is harmless.
    async fn accept(&self, receipts: &[Receipt]) -> Result<(), SourceError>;

    /// Puts the container among the dead letters with the reason, and its trace, beside it, then settles it. When it returns
    /// `Ok` the dead letter is safe. While the dead letters take nothing more the transport may keep it elsewhere,
    /// and without our reason, until they do.
    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), SourceError>;

    /// Gives containers back, to be delivered again to anyone.
    async fn release(&self, receipts: &[Receipt]) -> Result<(), SourceError>;

    /// Whether it is connected now.
    async fn ready(&self) -> Result<(), SourceError>;
}

#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// For the moment.
    #[error("{operation}: the transport is not available: {reason}")]
    Unavailable { operation: &'static str, reason: String },
    /// For ever: it was stopped.
    #[error("the transport is closed")]
    Closed,
}
