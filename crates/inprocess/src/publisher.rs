use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::{ContainerPublisher, PublishError};
use tokio::time::{Instant, timeout_at};

use crate::queue::Queue;
use crate::{Live, SETTLE_TIMEOUT};

/// Transport out. Clones publish to the same source.
#[derive(Clone, Debug)]
pub struct Publisher {
    queue: Arc<Queue>,
    live: Live,
    settle_timeout: Duration,
}

impl Publisher {
    pub(crate) fn new(queue: Arc<Queue>, live: Live) -> Self {
        Self { queue, live, settle_timeout: SETTLE_TIMEOUT }
    }

    /// Instead of [`SETTLE_TIMEOUT`].
    #[must_use]
    pub fn with_settle_timeout(self, settle_timeout: Duration) -> Self {
        Self { settle_timeout, ..self }
    }

    async fn hand_over(
        &self,
        hub: HubId,
        body: Bytes,
        trace: Option<Box<TraceContext>>,
    ) -> Result<(), PublishError> {
        let deadline = Instant::now() + self.settle_timeout;
        let Ok(Some(place)) = timeout_at(deadline, self.queue.place()).await else {
            return Err(PublishError::Unavailable("too many containers wait to be stored".to_owned()));
        };
        self.live.show(hub, &body);
        let mut settled = self.queue.push(hub, body, trace, place);
        match timeout_at(deadline, &mut settled.settled).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(PublishError::Unavailable("the transport is gone".to_owned())),
            Err(_) if self.queue.is_waiting(&settled) => {
                Err(PublishError::Unavailable("nobody takes containers".to_owned()))
            }
            Err(_) => Err(PublishError::TimedOut(self.settle_timeout)),
        }
    }
}

#[async_trait]
impl ContainerPublisher for Publisher {
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError> {
        self.hand_over(hub, body, None).await
    }

    async fn publish_traced(&self, hub: HubId, body: Bytes, trace: TraceContext) -> Result<(), PublishError> {
        self.hand_over(hub, body, Some(Box::new(trace))).await
    }

    async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
        self.live.tell(presence);
        Ok(())
    }
}
