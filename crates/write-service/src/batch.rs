//! What is waiting to be stored, and by which receipts it is settled.

use domain::transport::{Delivery, Receipt};
use domain::{Container, HubId};

use crate::config::BatchConfig;

/// Decoded containers, each beside the delivery it came with, and what could not be decoded.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) containers: Vec<Container>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) refused: Vec<Refused>,
    values: usize,
    bytes: usize,
}

/// A delivery that will never be stored, and why.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) delivery: Delivery,
    pub(crate) reason: String,
}

impl Batch {
    pub(crate) fn add(&mut self, delivery: Delivery) {
        self.bytes += delivery.body.len();
        match container_of(&delivery) {
            Ok(container) => {
                self.values += container.value_count();
                self.containers.push(container);
                self.deliveries.push(delivery);
            }
            Err(reason) => self.refused.push(Refused { delivery, reason }),
        }
    }

    pub(crate) fn is_full(&self, limits: &BatchConfig) -> bool {
        self.values >= limits.max_values || self.bytes >= limits.max_bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.refused.is_empty()
    }

    /// Of all that is in it.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let refused = self.refused.iter().map(|refused| &refused.delivery);
        self.deliveries.iter().chain(refused).map(|delivery| delivery.receipt).collect()
    }
}

/// The transport knows who may publish as which hub; the container alone could name any.
fn container_of(delivery: &Delivery) -> Result<Container, String> {
    let container = wire::decode(&delivery.body).map_err(|error| error.to_string())?;
    match delivery.hub {
        Some(hub) if hub == container.hub => Ok(container),
        Some(hub) => Err(foreign(hub, container.hub)),
        None => Err(format!("the transport does not say that it comes from hub {}", container.hub)),
    }
}

fn foreign(from: HubId, named: HubId) -> String {
    format!("it comes from hub {from} but names hub {named}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use testkit::containers::{container, hub};

    fn delivery(hub: Option<HubId>, body: Bytes) -> Delivery {
        Delivery { hub, body, redelivered: false, receipt: Receipt { epoch: 1, tag: 1 } }
    }

    #[test]
    fn only_a_container_of_the_hub_it_comes_from_is_stored() {
        let body = wire::encode(&container(hub(1), 1));
        let mut batch = Batch::default();
        batch.add(delivery(Some(hub(1)), body.clone()));
        batch.add(delivery(Some(hub(2)), body.clone()));
        batch.add(delivery(None, body));
        batch.add(delivery(Some(hub(1)), Bytes::from_static(b"garbage")));
        assert_eq!(batch.containers.len(), 1);
        assert_eq!(batch.receipts().len(), 4);
        let reasons: Vec<&str> = batch.refused.iter().map(|refused| refused.reason.as_str()).collect();
        assert!(reasons[0].contains("but names hub"), "{reasons:?}");
        assert!(reasons[1].contains("does not say"), "{reasons:?}");
        assert!(reasons[2].contains("protobuf"), "{reasons:?}");
    }

    #[test]
    fn it_is_full_by_values_or_by_bytes() {
        let one = container(hub(1), 1);
        let body = wire::encode(&one);
        let (values, bytes) = (one.value_count(), body.len());
        let is_full = |max_values, max_bytes| {
            let mut batch = Batch::default();
            batch.add(delivery(Some(hub(1)), body.clone()));
            batch.is_full(&BatchConfig { max_values, max_bytes, ..BatchConfig::default() })
        };
        assert!(!is_full(values + 1, bytes + 1));
        assert!(is_full(values, bytes + 1));
        assert!(is_full(values + 1, bytes));
    }
}
