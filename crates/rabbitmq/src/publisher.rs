use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::transport::{ContainerPublisher, PublishError};

use crate::outbox::{Message, Outbox};
use crate::topology::{TELEMETRY, routing_key};
use crate::{Config, Error};

/// Transport out. A container is confirmed when a quorum of the broker's nodes has it on disk.
#[derive(Debug)]
pub struct Publisher {
    outbox: Outbox,
}

impl Publisher {
    /// Connects in the background, and again whenever the connection is lost; fails only on a URL that is none.
    /// Must be called within a tokio runtime. Dropping it ends the connection.
    pub fn connect(config: Config) -> Result<Self, Error> {
        config.uri().map_err(Error::Url)?;
        Ok(Self { outbox: Outbox::open(Arc::new(config), "wattline publisher") })
    }
}

#[async_trait]
impl ContainerPublisher for Publisher {
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError> {
        let message = Message { exchange: TELEMETRY, routing_key: routing_key(hub), headers: None, body };
        self.outbox.publish(message).await
    }
}
