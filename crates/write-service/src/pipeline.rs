//! Receive, decode, batch, store, settle: in this order, always.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::transport::{ContainerSource, Delivery, Receipt, SourceError};
use service::backoff::Backoff;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, Refused};
use crate::{Deps, dead_letters, storing};

/// What has been done since the start.
#[derive(Debug, Default)]
pub struct Counters {
    pub containers: AtomicU64,
    pub values: AtomicU64,
    pub batches: AtomicU64,
    pub dead_letters: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// The write path of one process.
pub struct Pipeline {
    deps: Deps,
    counters: Arc<Counters>,
}

/// The most taken from the transport at once.
const RECEIVE: usize = 1_000;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The transport gives what is ours to somebody else as soon as it notices that we are gone.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

impl Pipeline {
    pub fn new(deps: Deps) -> Self {
        Self { deps, counters: Arc::default() }
    }

    pub fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    /// Runs until `shutdown`, then stores or gives back what it holds.
    pub async fn run(&self, shutdown: CancellationToken) {
        // Fires when a drain has taken too long.
        let give_up = CancellationToken::new();
        let (letters, inbox) = mpsc::channel(dead_letters::WAITING);
        let work = async {
            tokio::join!(
                self.pump(letters, &shutdown, &give_up),
                dead_letters::write_all(&*self.deps.source, inbox, &self.counters, &give_up),
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
        let mut received = VecDeque::new();
        while !give_up.is_cancelled()
            && let Some(batch) = self.fill(&mut received, shutdown).await
        {
            self.settle(batch, &letters, give_up).await;
        }
        if !received.is_empty() {
            let receipts: Vec<Receipt> = received.iter().map(|delivery| delivery.receipt).collect();
            release(&*self.deps.source, &receipts).await;
        }
    }

    /// The next batch; `None` when there is nothing more to do. What does not fit stays in `received`.
    async fn fill(&self, received: &mut VecDeque<Delivery>, shutdown: &CancellationToken) -> Option<Batch> {
        let limits = &self.deps.batch;
        let mut batch = Batch::default();
        let mut deadline: Option<Instant> = None;
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut pause = Duration::ZERO;
        loop {
            while let Some(delivery) = received.pop_front() {
                batch.add(delivery);
                if batch.is_full(limits) {
                    return Some(batch);
                }
            }
            if deadline.is_none() && !batch.is_empty() {
                deadline = Some(Instant::now() + limits.max_age());
            }
            let old_enough = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let receive = async {
                tokio::time::sleep(pause).await;
                self.deps.source.receive(RECEIVE).await
            };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = old_enough => break,
                outcome = receive => match outcome {
                    Ok(deliveries) => {
                        received.extend(deliveries);
                        backoff.reset();
                        pause = Duration::ZERO;
                    }
                    Err(SourceError::Closed) => break,
                    Err(error) => {
                        tracing::warn!(%error, "cannot receive");
                        pause = backoff.next_wait();
                    }
                },
            }
        }
        (!batch.is_empty()).then_some(batch)
    }

    async fn settle(&self, batch: Batch, letters: &mpsc::Sender<Refused>, give_up: &CancellationToken) {
        let Some(mut rejections) = storing::store(&*self.deps.store, &batch.containers, give_up).await else {
            tracing::warn!(containers = batch.containers.len(), "not stored before the end, given back");
            release(&*self.deps.source, &batch.receipts()).await;
            return;
        };
        let Batch { containers, deliveries, mut refused, .. } = batch;
        let mut values = 0;
        let mut stored = Vec::with_capacity(deliveries.len());
        for (index, (delivery, container)) in deliveries.into_iter().zip(containers).enumerate() {
            if let Some(reason) = rejections.remove(&index) {
                refused.push(Refused { delivery, reason });
            } else {
                values += container.value_count();
                stored.push(delivery.receipt);
            }
        }
        if !stored.is_empty() {
            Counters::add(&self.counters.batches, 1);
            Counters::add(&self.counters.containers, stored.len());
            Counters::add(&self.counters.values, values);
            self.accept(&stored, give_up).await;
        }
        let mut left = Vec::new();
        for refused in refused {
            let receipt = refused.delivery.receipt;
            tokio::select! {
                biased;
                () = give_up.cancelled() => left.push(receipt),
                sent = letters.send(refused) => if sent.is_err() { left.push(receipt) },
            }
        }
        if !left.is_empty() {
            release(&*self.deps.source, &left).await;
        }
    }

    /// Until it worked: a transport that is connected and was not told would never send anything new.
    async fn accept(&self, stored: &[Receipt], give_up: &CancellationToken) {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let outcome = tokio::select! {
                biased;
                () = give_up.cancelled() => return,
                outcome = self.deps.source.accept(stored) => outcome,
            };
            match outcome {
                Ok(()) | Err(SourceError::Closed) => return,
                Err(error) => {
                    tracing::warn!(%error, containers = stored.len(), "cannot acknowledge, trying again");
                }
            }
            tokio::select! {
                () = give_up.cancelled() => return,
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
