use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::HubId;
use domain::live::{LiveError, LiveFeed, LiveStream};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{Config, Error};

mod subscribing;
mod viewers;

use viewers::Viewers;

/// How long a viewer waits for the subscription.
const WATCH_WAIT: Duration = Duration::from_secs(5);

/// Live feed over one queue of this process alone, bound to the hubs that somebody watches. The queue is
/// bounded and drops the oldest: a viewer would rather see now than then.
#[derive(Debug)]
pub struct Live {
    viewers: Arc<Viewers>,
    _stop: DropGuard,
}

impl Live {
    /// Connects in the background, and again whenever the connection is lost; fails only on a URL that is none.
    /// Must be called within a tokio runtime. Declares nothing but its queue, and is not available until a
    /// source or [`declare_topology`](crate::declare_topology) has declared the rest.
    pub fn connect(config: Config) -> Result<Self, Error> {
        config.uris().map_err(Error::Url)?;
        let viewers = Arc::new(Viewers::default());
        let stop = CancellationToken::new();
        let task = subscribing::Task::new(config, Arc::clone(&viewers));
        tokio::spawn(task.run(stop.clone()));
        Ok(Self { viewers, _stop: stop.drop_guard() })
    }
}

#[async_trait]
impl LiveFeed for Live {
    async fn watch(&self, hub: HubId) -> Result<LiveStream, LiveError> {
        let (viewer, mut bound) = self.viewers.add(hub);
        match timeout(WATCH_WAIT, bound.wait_for(|&bound| bound)).await {
            Ok(Ok(_)) => Ok(viewer.into_stream()),
            Ok(Err(_)) | Err(_) => Err(LiveError::Unavailable("not connected to RabbitMQ".to_owned())),
        }
    }
}
