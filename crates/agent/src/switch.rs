//! A publisher that can be another one from now on, without anybody who publishes noticing.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::{ContainerPublisher, PublishError};

/// Passes on to the publisher that it was last given.
pub struct Switch(RwLock<Arc<dyn ContainerPublisher>>);

impl Switch {
    pub fn new(publisher: Arc<dyn ContainerPublisher>) -> Self {
        Self(RwLock::new(publisher))
    }

    fn now(&self) -> Arc<dyn ContainerPublisher> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is under way ends with the publisher that it began with.
    pub fn set(&self, publisher: Arc<dyn ContainerPublisher>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = publisher;
    }
}

#[async_trait]
impl ContainerPublisher for Switch {
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError> {
        self.now().publish(hub, body).await
    }

    async fn publish_traced(&self, hub: HubId, body: Bytes, trace: TraceContext) -> Result<(), PublishError> {
        self.now().publish_traced(hub, body, trace).await
    }

    async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
        self.now().announce(presence).await
    }
}
