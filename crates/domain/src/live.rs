//! Port: what hubs publish, as it happens, for those who watch.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::Stream;

use crate::container::Container;
use crate::ids::HubId;
use crate::presence::Presence;

/// What a hub has published.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    Measured(Arc<Container>),
    Presence(Arc<Presence>),
}

impl News {
    /// Whose it is.
    pub fn hub(&self) -> HubId {
        match self {
            Self::Measured(container) => container.hub,
            Self::Presence(presence) => presence.hub,
        }
    }
}

/// News of one hub in the order they were published. A viewer that is too slow misses some, and the
/// stream ends only when the feed does.
pub type LiveStream = Pin<Box<dyn Stream<Item = News> + Send>>;

/// What all hubs say of themselves, as they say it. Some of it may get lost.
pub type PresenceStream = Pin<Box<dyn Stream<Item = Presence> + Send>>;

#[async_trait]
pub trait LiveFeed: Send + Sync + 'static {
    /// From now on. Dropping the stream stops watching; any number of viewers of one hub cost the transport
    /// one subscription. Survives reconnects, with a gap.
    async fn watch(&self, hub: HubId) -> Result<LiveStream, LiveError>;
}

#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error("the live feed is not available: {0}")]
    Unavailable(String),
}
