//! From the spool to the transport, and out of the spool once it is confirmed.

use std::sync::Arc;
use std::time::Duration;

use domain::HubId;
use domain::transport::{ContainerPublisher, PublishError};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::spool::{Spool, SpoolError, Waiting};
use crate::status::{Status, UplinkState};
use service::backoff::Backoff;

/// At most so many containers are in flight, and about so many bytes.
const WINDOW: u32 = 256;
const WINDOW_BYTES: usize = 4 << 20;

/// A transport has its own, shorter time-outs; this one is for a transport that forgets us.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Uplink {
    spool: Spool,
    publisher: Arc<dyn ContainerPublisher>,
    status: Arc<Status>,
    down_since: Option<Instant>,
    refused: bool,
    stuck: bool,
}

impl Uplink {
    pub(crate) const fn new(
        spool: Spool,
        publisher: Arc<dyn ContainerPublisher>,
        status: Arc<Status>,
    ) -> Self {
        Self { spool, publisher, status, down_since: None, refused: false, stuck: false }
    }

    /// Until everything `measured` is published.
    pub(crate) async fn run(mut self, measured: &CancellationToken) -> Result<(), SpoolError> {
        let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(30));
        loop {
            // Asked before the spool is read: what is appended before the end is then always seen.
            let last = measured.is_cancelled();
            let waiting = self.spool.oldest(WINDOW, WINDOW_BYTES).await;
            let waiting = match waiting {
                Ok(waiting) => waiting,
                Err(error) => {
                    self.spool_fails(error)?;
                    sleep(backoff.next_wait()).await;
                    continue;
                }
            };
            if waiting.is_empty() {
                if last {
                    return Ok(());
                }
                tokio::select! {
                    () = self.spool.appended() => {}
                    () = measured.cancelled() => {}
                }
                continue;
            }
            let (confirmed, failure) = self.publish(waiting).await?;
            if confirmed > 0 {
                backoff.reset();
            }
            if let Some(error) = failure {
                self.goes_down(&error);
                sleep(backoff.next_wait()).await;
            }
        }
    }

    /// All of them at once. Gives how many were confirmed, and why others were not.
    async fn publish(&mut self, window: Vec<Waiting>) -> Result<(usize, Option<PublishError>), SpoolError> {
        let hub = self.spool.hub();
        let publisher = Arc::clone(&self.publisher);
        let mut in_flight: FuturesUnordered<_> =
            window.into_iter().map(|waiting| publish_one(publisher.as_ref(), hub, waiting)).collect();
        let mut confirmed = 0;
        let mut failure = None;
        while let Some(outcome) = in_flight.next().await {
            // Whatever else is confirmed by now leaves the disk in the same transaction.
            let mut settled = vec![outcome];
            while let Some(Some(outcome)) = in_flight.next().now_or_never() {
                settled.push(outcome);
            }
            let mut sequences = Vec::with_capacity(settled.len());
            for (sequence, outcome) in settled {
                match outcome {
                    Ok(()) => sequences.push(sequence),
                    Err(error) => failure = Some(error),
                }
            }
            if !sequences.is_empty() {
                confirmed += sequences.len();
                self.comes_up();
                self.forget(&sequences).await?;
            }
        }
        Ok((confirmed, failure))
    }

    /// On a full disk not even a deletion may work: confirmed containers are kept in mind until it does.
    async fn forget(&mut self, sequences: &[u64]) -> Result<(), SpoolError> {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        while let Err(error) = self.spool.delete(sequences).await {
            self.spool_fails(error)?;
            sleep(backoff.next_wait()).await;
        }
        self.stuck = false;
        self.status.add_confirmed(sequences.len());
        self.status.set_spool_depth(self.spool.depth());
        Ok(())
    }

    fn spool_fails(&mut self, error: SpoolError) -> Result<(), SpoolError> {
        if !error.may_pass() {
            return Err(error);
        }
        if !std::mem::replace(&mut self.stuck, true) {
            tracing::error!("{error}; publishing waits until it works again");
        }
        Ok(())
    }

    fn goes_down(&mut self, error: &PublishError) {
        self.status.set_uplink(UplinkState::Down);
        if matches!(error, PublishError::LoginRefused) && !std::mem::replace(&mut self.refused, true) {
            let waiting = self.spool.depth();
            self.down_since.get_or_insert_with(Instant::now);
            tracing::error!(
                "the broker refuses this hub: it is not paired, or its household has released it, or nobody can look it up \
                 now. If that lasts, pair it: agent pair. It goes on measuring; {waiting} containers wait in the spool"
            );
        }
        if self.down_since.is_none() {
            self.down_since = Some(Instant::now());
            tracing::warn!("{error}; {} containers wait in the spool", self.spool.depth());
        }
    }

    fn comes_up(&mut self) {
        self.status.set_uplink(UplinkState::Up);
        self.refused = false;
        if let Some(since) = self.down_since.take() {
            tracing::info!("the transport takes containers again after {} s", since.elapsed().as_secs());
        }
    }
}

async fn publish_one(
    publisher: &dyn ContainerPublisher,
    hub: HubId,
    waiting: Waiting,
) -> (u64, Result<(), PublishError>) {
    let outcome = timeout(PATIENCE, publisher.publish(hub, waiting.body)).await;
    (waiting.sequence, outcome.unwrap_or(Err(PublishError::TimedOut(PATIENCE))))
}
