use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use domain::HubId;
use domain::trace::TraceContext;
use domain::transport::{Delivery, Receipt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

/// Containers between publisher and source, each waiting or in the source's hands.
#[derive(Debug)]
pub(crate) struct Queue {
    places: Arc<Semaphore>,
    arrived: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By order of arrival, which survives being released.
    waiting: BTreeMap<u64, Item>,
    delivered: HashMap<Receipt, (u64, Item)>,
    arrivals: u64,
    deliveries: u64,
    epochs: u64,
}

#[derive(Debug)]
struct Item {
    hub: HubId,
    body: Bytes,
    redelivered: bool,
    trace: Option<Box<TraceContext>>,
    /// Closed when the publisher no longer waits; it will hand the container over again.
    settled: oneshot::Sender<()>,
    _place: OwnedSemaphorePermit,
}

/// Tells the publisher that its container is settled.
pub(crate) struct Settled {
    pub(crate) settled: oneshot::Receiver<()>,
    arrival: u64,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(capacity)), arrived: Notify::new(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn new_epoch(&self) -> u64 {
        let mut state = self.state();
        state.epochs += 1;
        state.epochs
    }

    /// `None` for a queue that is gone, which cannot be while somebody holds it.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.state().waiting.retain(|_, item| !item.settled.is_closed());
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    pub(crate) fn push(
        &self,
        hub: HubId,
        body: Bytes,
        trace: Option<Box<TraceContext>>,
        place: OwnedSemaphorePermit,
    ) -> Settled {
        let (sender, settled) = oneshot::channel();
        let mut state = self.state();
        state.arrivals += 1;
        let arrival = state.arrivals;
        let item = Item { hub, body, redelivered: false, trace, settled: sender, _place: place };
        state.waiting.insert(arrival, item);
        drop(state);
        self.arrived.notify_one();
        Settled { settled, arrival }
    }

    pub(crate) fn is_waiting(&self, settled: &Settled) -> bool {
        self.state().waiting.contains_key(&settled.arrival)
    }

    /// At least one, in order of arrival. Takes them only when it returns.
    pub(crate) async fn take(&self, epoch: u64, max: usize) -> Vec<Delivery> {
        loop {
            let arrived = self.arrived.notified();
            let deliveries = self.take_now(epoch, max);
            if !deliveries.is_empty() {
                return deliveries;
            }
            arrived.await;
        }
    }

    fn take_now(&self, epoch: u64, max: usize) -> Vec<Delivery> {
        let mut state = self.state();
        let mut deliveries = Vec::new();
        while deliveries.len() < max.max(1) {
            let Some((arrival, item)) = state.waiting.pop_first() else { break };
            if item.settled.is_closed() {
                continue;
            }
            state.deliveries += 1;
            let receipt = Receipt { epoch, tag: state.deliveries };
            deliveries.push(Delivery {
                hub: Some(item.hub),
                body: item.body.clone(),
                redelivered: item.redelivered,
                receipt,
                trace: item.trace.clone(),
            });
            state.delivered.insert(receipt, (arrival, item));
        }
        if !state.waiting.is_empty() {
            self.arrived.notify_one();
        }
        deliveries
    }

    pub(crate) fn settle(&self, receipts: &[Receipt]) {
        let mut state = self.state();
        for receipt in receipts {
            if let Some((_, item)) = state.delivered.remove(receipt) {
                // A publisher that no longer waits hands it over again, and the store knows it then.
                item.settled.send(()).ok();
            }
        }
    }

    pub(crate) fn release(&self, receipts: &[Receipt]) {
        let mut state = self.state();
        for receipt in receipts {
            if let Some((arrival, item)) = state.delivered.remove(receipt) {
                state.waiting.insert(arrival, Item { redelivered: true, ..item });
            }
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// All that this source has in its hands.
    pub(crate) fn release_epoch(&self, epoch: u64) {
        let mine: Vec<Receipt> =
            self.state().delivered.keys().filter(|receipt| receipt.epoch == epoch).copied().collect();
        self.release(&mine);
    }
}
