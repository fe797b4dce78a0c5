//! Deliveries become batches.

use std::collections::VecDeque;
use std::time::Duration;

use domain::transport::{Delivery, Receipt, SourceError};
use service::backoff::Backoff;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::Deps;
use crate::batch::Batch;
use crate::door::Door;
use crate::followed::Followed;
use crate::measures::Measures;

/// The most taken from the transport at once.
const RECEIVE: usize = 1_000;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Keeps what it has when a call is dropped.
pub(crate) struct Filling<'a> {
    deps: &'a Deps,
    measures: &'a Measures,
    followed: &'a Followed,
    door: Door,
    /// What did not fit.
    received: VecDeque<Delivery>,
    open: Batch,
    /// When the open batch is old enough.
    deadline: Option<Instant>,
    /// When a transport that failed is asked again.
    resume: Instant,
    backoff: Backoff,
    spare: Vec<Batch>,
}

impl<'a> Filling<'a> {
    pub(crate) fn new(deps: &'a Deps, measures: &'a Measures, followed: &'a Followed) -> Self {
        Self {
            deps,
            measures,
            followed,
            door: Door::new(deps.clock.clone(), &deps.door),
            received: VecDeque::new(),
            open: Batch::default(),
            deadline: None,
            resume: Instant::now(),
            backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT),
            spare: Vec::new(),
        }
    }

    /// The next batch; `None` when there is nothing more to do. Cancel-safe. From `shutdown` on there is no patience
    /// with a transport that fails.
    pub(crate) async fn next(&mut self, shutdown: &CancellationToken) -> Option<Batch> {
        let limits = &self.deps.batch;
        loop {
            if self.add_received() {
                return Some(self.take());
            }
            if self.deadline.is_none() && !self.open.is_empty() {
                self.deadline = Some(Instant::now() + limits.max_age());
            }
            let deadline = self.deadline;
            let old_enough = async {
                match deadline {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let resume = self.resume;
            let receive = async {
                shutdown.run_until_cancelled(sleep_until(resume)).await;
                self.deps.source.receive(RECEIVE).await
            };
            // What is there already belongs into an old batch too: after a wait for the store that makes few large
            // batches out of what has piled up.
            tokio::select! {
                biased;
                outcome = receive => match outcome {
                    Ok(deliveries) => {
                        self.measures.taken(&deliveries);
                        self.followed.received(&deliveries);
                        self.received.extend(deliveries);
                        self.backoff.reset();
                    }
                    Err(SourceError::Closed) => break,
                    Err(_) if shutdown.is_cancelled() => break,
                    Err(error) => {
                        tracing::warn!(%error, "cannot receive");
                        self.resume = Instant::now() + self.backoff.next_wait();
                    }
                },
                () = old_enough => break,
            }
        }
        (!self.open.is_empty()).then(|| self.take())
    }

    /// Whether the batch is full now.
    fn add_received(&mut self) -> bool {
        let now = self.door.now();
        while let Some(delivery) = self.received.pop_front() {
            self.open.add(delivery, &self.door, now);
            if self.open.is_full(&self.deps.batch) {
                return true;
            }
        }
        false
    }

    fn take(&mut self) -> Batch {
        self.deadline = None;
        self.measures.decoded(self.open.values());
        std::mem::replace(&mut self.open, self.spare.pop().unwrap_or_default())
    }

    /// Gives a batch back whose memory can be used again.
    pub(crate) fn recycle(&mut self, batch: Batch) {
        self.spare.push(batch.recycled());
    }

    /// What was received and is in no batch.
    pub(crate) fn left(&self) -> Vec<Receipt> {
        self.received.iter().map(|delivery| delivery.receipt).chain(self.open.receipts()).collect()
    }
}
