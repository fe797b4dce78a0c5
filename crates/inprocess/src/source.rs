use std::sync::Arc;

use async_trait::async_trait;
use domain::transport::{ContainerSource, Delivery, Receipt, SourceError};
use tokio_util::sync::CancellationToken;

use crate::dead_letters::DeadLetters;
use crate::queue::Queue;

/// Transport in. Dropping it gives back what it has received and not settled.
#[derive(Debug)]
pub struct Source {
    queue: Arc<Queue>,
    dead_letters: Arc<DeadLetters>,
    epoch: u64,
    stopped: CancellationToken,
}

impl Source {
    pub(crate) fn new(queue: Arc<Queue>, dead_letters: Arc<DeadLetters>) -> Self {
        let epoch = queue.new_epoch();
        Self { queue, dead_letters, epoch, stopped: CancellationToken::new() }
    }

    /// Another source of the same transport, for when this one's owner has failed. Receipts of one mean nothing
    /// to the other.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::new(Arc::clone(&self.queue), Arc::clone(&self.dead_letters))
    }

    fn own<'a>(&self, receipts: impl IntoIterator<Item = &'a Receipt>) -> Vec<Receipt> {
        receipts.into_iter().filter(|receipt| receipt.epoch == self.epoch).copied().collect()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.queue.release_epoch(self.epoch);
    }
}

#[async_trait]
impl ContainerSource for Source {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, SourceError> {
        let taken = self.stopped.run_until_cancelled(self.queue.take(self.epoch, max)).await;
        taken.ok_or(SourceError::Closed)
    }

    fn stop(&self) {
        self.stopped.cancel();
    }

    async fn accept(&self, receipts: &[Receipt]) -> Result<(), SourceError> {
        self.queue.settle(&self.own(receipts));
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), SourceError> {
        self.dead_letters.append(delivery, reason).await.map_err(|error| SourceError::Unavailable {
            operation: "writing a dead letter",
            reason: error.to_string(),
        })?;
        self.queue.settle(&self.own([&delivery.receipt]));
        Ok(())
    }

    async fn release(&self, receipts: &[Receipt]) -> Result<(), SourceError> {
        self.queue.release(&self.own(receipts));
        Ok(())
    }

    async fn ready(&self) -> Result<(), SourceError> {
        Ok(())
    }
}
