//! Receive, decode, batch, store, mark, settle: in this order, always, with several batches on their way.

use std::time::Duration;

use domain::TickBatch;
use domain::transport::{ContainerSource, Receipt, SourceError};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use service::backoff::Backoff;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, Refused};
use crate::door::Refusal;
use crate::filling::Filling;
use crate::followed::Followed;
use crate::measures::{Cause, Measures};
use crate::storing::{Outcome, Storing};
use crate::{Deps, dead_letters, late};

/// The write path of one process.
pub struct Pipeline {
    deps: Deps,
    measures: Measures,
    followed: Followed,
}

/// What is to be settled of a batch.
struct Sorted {
    stored: Vec<Receipt>,
    /// Those among them that are followed.
    followed: Vec<Receipt>,
}

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The transport gives what is ours to somebody else as soon as it notices that we are gone.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

impl Pipeline {
    pub fn new(deps: Deps) -> Self {
        let measures = deps.metrics.register(Measures::register);
        Self { deps, measures, followed: Followed::default() }
    }

    pub const fn measures(&self) -> &Measures {
        &self.measures
    }

    /// Runs until `shutdown`, then stores or gives back what it holds.
    pub async fn run(&self, shutdown: CancellationToken) {
        // Fires when a drain has taken too long.
        let give_up = CancellationToken::new();
        let (letters, inbox) = mpsc::channel(dead_letters::WAITING);
        let work = async {
            tokio::join!(
                self.pump(letters, &shutdown, &give_up),
                dead_letters::write_all(&*self.deps.source, inbox, &self.measures, &self.followed, &give_up),
            )
        };
        let countdown = async {
            shutdown.cancelled().await;
            tokio::time::sleep(self.deps.batch.drain()).await;
            give_up.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = work => {}
            () = countdown => {}
        }
    }

    async fn pump(
        &self,
        letters: mpsc::Sender<Refused>,
        shutdown: &CancellationToken,
        give_up: &CancellationToken,
    ) {
        // A store that needs something made for it, or is not there, is better known before anything comes.
        tokio::select! {
            () = shutdown.cancelled() => return,
            ready = self.deps.store.ready() => if let Err(error) = ready {
                tracing::warn!(%error, "the store is not ready yet");
            }
        }
        let storing = Storing::new(&*self.deps.store, &*self.deps.stale, &self.measures, give_up);
        let mut filling = Filling::new(&self.deps, &self.measures, &self.followed);
        let mut under_way = FuturesUnordered::new();
        let mut goes_on = true;
        let mut is_stopped = false;
        while goes_on || !under_way.is_empty() {
            let has_room = under_way.len() < self.deps.batch.writes_in_flight;
            tokio::select! {
                biased;
                Some(batch) = under_way.next(), if !under_way.is_empty() => filling.recycle(batch),
                // What has been delivered is stored yet: nobody else should have to.
                () = shutdown.cancelled(), if !is_stopped => {
                    self.deps.source.stop();
                    is_stopped = true;
                }
                // Those under way are given up by themselves.
                () = give_up.cancelled(), if goes_on => goes_on = false,
                batch = filling.next(shutdown), if goes_on && has_room => match batch {
                    Some(batch) => under_way.push(self.settle(batch, &storing, &letters, give_up)),
                    None => goes_on = false,
                },
            }
        }
        drop(under_way);
        let left = filling.left();
        if !left.is_empty() {
            self.give_back(&left).await;
        }
    }

    /// Gives the batch back, for its memory.
    async fn settle(
        &self,
        mut batch: Batch,
        storing: &Storing<'_>,
        letters: &mpsc::Sender<Refused>,
        give_up: &CancellationToken,
    ) -> Batch {
        let Some(outcome) = self.store(&batch.ticks, storing).await else {
            tracing::warn!(containers = batch.deliveries.len(), "not stored before the end, given back");
            self.give_back(&batch.receipts()).await;
            return batch;
        };
        let Sorted { stored, followed } = self.sort(&mut batch, &outcome);
        if let Some(hook) = &self.deps.stored {
            hook();
        }
        if !stored.is_empty() && self.accept(&stored, give_up).await {
            self.followed.settled(&followed);
        }
        let mut left = Vec::new();
        for refused in batch.refused.drain(..) {
            let receipt = refused.delivery.receipt;
            tokio::select! {
                biased;
                () = give_up.cancelled() => left.push(receipt),
                sent = letters.send(refused) => if sent.is_err() { left.push(receipt) },
            }
        }
        if !left.is_empty() {
            self.give_back(&left).await;
        }
        batch
    }

    async fn give_back(&self, receipts: &[Receipt]) {
        release(&*self.deps.source, receipts).await;
        self.measures.settled(receipts.len());
        self.followed.given_back(receipts);
    }

    /// Until all is stored that ever will be, and what came late is marked: whoever is killed in between gets it again,
    /// and marks it then. `None` when it was time to give up first.
    async fn store(&self, ticks: &TickBatch, storing: &Storing<'_>) -> Option<Outcome> {
        let outcome = storing.store(ticks.all()).await?;
        let stored = self.deps.clock.now();
        self.measures.observe_lag(ticks, stored);
        let marks = late::marks(ticks, &outcome, stored);
        storing.mark(&marks).await?;
        self.measures.marked(marks.len());
        Some(outcome)
    }

    /// Puts what the store did not take to what was refused, and gives the receipts of all the rest.
    fn sort(&self, batch: &mut Batch, outcome: &Outcome) -> Sorted {
        let mut stored = Vec::with_capacity(batch.deliveries.len());
        let mut followed = Vec::new();
        for (place, delivery) in batch.deliveries.drain(..).enumerate() {
            let ticks = batch.ticks.of_container(place);
            if let Some(reason) = outcome.reason(ticks, place) {
                let values = outcome.rejected_values_of(ticks, place);
                let refusal = Refusal { cause: Cause::Store, reason, values };
                batch.refused.push(Refused { delivery, refusal });
                continue;
            }
            if delivery.trace.is_some() {
                let last = batch.ticks.of_container(place).last();
                let last = last.map(|tick| tick.start.plus_millis(tick.length.millis_i64()));
                self.followed.stored(delivery.receipt, last, self.deps.clock.now());
                followed.push(delivery.receipt);
            }
            stored.push(delivery.receipt);
        }
        if !stored.is_empty() {
            let values = batch.ticks.values() - outcome.rejected_values();
            self.measures.stored(stored.len(), values);
        }
        Sorted { stored, followed }
    }

    /// Until it worked: a transport that is connected and was not told would never send anything new. `false` when it was time
    /// to give up first.
    async fn accept(&self, stored: &[Receipt], give_up: &CancellationToken) -> bool {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let outcome = tokio::select! {
                biased;
                () = give_up.cancelled() => return false,
                outcome = self.deps.source.accept(stored) => outcome,
            };
            match outcome {
                Ok(()) | Err(SourceError::Closed) => {
                    self.measures.settled(stored.len());
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, containers = stored.len(), "cannot acknowledge, trying again");
                }
            }
            tokio::select! {
                () = give_up.cancelled() => return false,
                () = backoff.wait() => {}
            }
        }
    }
}

pub(crate) async fn release(source: &dyn ContainerSource, receipts: &[Receipt]) {
    match timeout(RELEASE_TIMEOUT, source.release(receipts)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "cannot give back"),
        Err(_) => tracing::debug!("cannot give back in time"),
    }
}
