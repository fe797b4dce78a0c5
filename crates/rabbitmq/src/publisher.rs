use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::{ContainerPublisher, PublishError};

use crate::herald::Herald;
use crate::outbox::{Message, Outbox};
use crate::topology::{TELEMETRY, routing_key};
use crate::{Config, Error, traceparent};

/// Transport out. A container is confirmed when a quorum of the broker's nodes has it on disk.
#[derive(Debug)]
pub struct Publisher {
    outbox: Outbox,
    herald: Herald,
}

impl Publisher {
    /// Connects in the background, and again whenever the connection is lost; fails only on a URL that is none.
    /// Must be called within a tokio runtime. Dropping it ends the connection.
    pub fn connect(config: Config) -> Result<Self, Error> {
        config.uris().map_err(Error::Url)?;
        let config = Arc::new(config);
        let outbox = Outbox::open(Arc::clone(&config), "wattline publisher");
        let herald = Herald::open(config, outbox.connections());
        Ok(Self { outbox, herald })
    }
}

#[async_trait]
impl ContainerPublisher for Publisher {
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError> {
        let message = Message { exchange: TELEMETRY, routing_key: routing_key(hub), headers: None, body };
        self.outbox.publish(message).await
    }

    async fn publish_traced(&self, hub: HubId, body: Bytes, trace: TraceContext) -> Result<(), PublishError> {
        let headers = Some(traceparent::alone(&trace));
        let message = Message { exchange: TELEMETRY, routing_key: routing_key(hub), headers, body };
        self.outbox.publish(message).await
    }

    async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
        self.herald.announce(presence.clone()).await
    }
}
