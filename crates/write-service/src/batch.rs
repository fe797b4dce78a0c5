//! What is waiting to be stored, and by which receipts it is settled.

use domain::transport::{Delivery, Receipt};
use domain::{TickBatch, UtcMillis};

use crate::config::BatchConfig;
use crate::door::{Door, Refusal};

/// What it may hold on to when it is empty again.
const KEPT_BYTES: usize = 8 << 20;

/// Ticks, the deliveries they came with, one per container and in the same order, and what was refused.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) ticks: TickBatch,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) refused: Vec<Refused>,
    bytes: usize,
}

/// A delivery that will never be stored, or not all of it, and why.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) delivery: Delivery,
    pub(crate) refusal: Refusal,
}

impl Batch {
    pub(crate) fn add(&mut self, delivery: Delivery, door: &Door, now: UtcMillis) {
        self.bytes += delivery.body.len();
        match door.admit(&delivery, now, &mut self.ticks) {
            Ok(()) => self.deliveries.push(delivery),
            Err(refusal) => self.refused.push(Refused { delivery, refusal }),
        }
    }

    pub(crate) fn is_full(&self, limits: &BatchConfig) -> bool {
        self.ticks.values() >= limits.max_values || self.bytes >= limits.max_bytes
    }

    /// Of all containers in it that could be decoded, refused or not.
    pub(crate) fn values(&self) -> usize {
        self.ticks.values() + self.refused.iter().map(|refused| refused.refusal.values).sum::<usize>()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.refused.is_empty()
    }

    /// Of all that is in it.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let refused = self.refused.iter().map(|refused| &refused.delivery);
        self.deliveries.iter().chain(refused).map(|delivery| delivery.receipt).collect()
    }

    /// Empty, with its memory for the next one, unless that is out of the ordinary.
    pub(crate) fn recycled(mut self) -> Self {
        if self.ticks.capacity_bytes() > KEPT_BYTES {
            return Self::default();
        }
        self.ticks.clear();
        self.deliveries.clear();
        self.refused.clear();
        self.bytes = 0;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::HubId;
    use testkit::FakeClock;
    use testkit::containers::{RECORDED_DAY, container, hub};

    fn delivery(hub: HubId, sequence: u64) -> Delivery {
        let body = wire::encode(&container(hub, sequence));
        Delivery {
            hub: Some(hub),
            body,
            redelivered: false,
            receipt: Receipt { epoch: 1, tag: sequence },
            trace: None,
        }
    }

    #[test]
    fn it_is_full_by_values_or_by_bytes() {
        let now = RECORDED_DAY.plus_millis(86_400_000);
        let door = Door::new(std::sync::Arc::new(FakeClock::at(now)), &crate::DoorConfig::default());
        let one = delivery(hub(1), 1);
        let (values, bytes) = (9, one.body.len());
        let is_full = |max_values, max_bytes| {
            let mut batch = Batch::default();
            batch.add(one.clone(), &door, now);
            let full = batch.is_full(&BatchConfig { max_values, max_bytes, ..BatchConfig::default() });
            assert!(!batch.is_empty());
            assert!(batch.recycled().is_empty());
            full
        };
        assert!(!is_full(values + 1, bytes + 1));
        assert!(is_full(values, bytes + 1));
        assert!(is_full(values + 1, bytes));
    }
}
