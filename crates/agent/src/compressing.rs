//! Containers that leave in fewer bytes, for hubs whose line is paid by the byte.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::{ContainerPublisher, PublishError};

/// Compresses what has at least so many bytes, and hands all of it on. The spool keeps them as they are: who reads it
/// need not unpack.
pub struct Compressing {
    publisher: Arc<dyn ContainerPublisher>,
    from_bytes: usize,
}

impl Compressing {
    pub fn new(publisher: Arc<dyn ContainerPublisher>, from_bytes: usize) -> Self {
        Self { publisher, from_bytes }
    }

    fn compressed(&self, body: Bytes) -> Bytes {
        if body.len() >= self.from_bytes { wire::compress(body) } else { body }
    }
}

#[async_trait]
impl ContainerPublisher for Compressing {
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError> {
        self.publisher.publish(hub, self.compressed(body)).await
    }

    async fn publish_traced(&self, hub: HubId, body: Bytes, trace: TraceContext) -> Result<(), PublishError> {
        self.publisher.publish_traced(hub, self.compressed(body), trace).await
    }

    async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
        self.publisher.announce(presence).await
    }
}
