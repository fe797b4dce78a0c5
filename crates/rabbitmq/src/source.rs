use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::transport::{ContainerSource, Delivery, PublishError, Receipt, SourceError};
use lapin::types::{AMQPValue, FieldTable};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::outbox::{Message, Outbox};
use crate::topology::{DEAD, declare, routing_key};
use crate::{Config, Error, traceparent};

mod appetite;
mod consumers;
mod consuming;

/// Dead letters are refused in numbers, and one declaration is for all of them.
const RESTORE_AGAIN: Duration = Duration::from_millis(100);
/// Settling requests on their way to the task that owns the channel.
const REQUESTS: usize = 64;
/// Of a reason, in bytes; headers share a frame with all else.
const LONGEST_REASON: usize = 2_000;
/// Where an operator finds why, and under which key it came.
const REASON_HEADER: &str = "x-wattline-reason";
const ROUTING_KEY_HEADER: &str = "x-wattline-routing-key";

/// Transport in: consumes from all queues over one channel, with `prefetch` deliveries per queue. Dead letters
/// go out over a connection of their own, since a broker that blocks publishers would stop acknowledgements too.
#[derive(Debug)]
pub struct Source {
    config: Arc<Config>,
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    dead_letters: Outbox,
    /// When their queue was last declared again.
    restored: tokio::sync::Mutex<Option<Instant>>,
    _stop: DropGuard,
}

#[derive(Debug, Default)]
struct Shared {
    arrived: Notify,
    /// Nothing more is to be delivered.
    stopped: CancellationToken,
    state: Mutex<State>,
}

/// Bounded by the prefetch: the broker sends no more.
#[derive(Debug, Default)]
struct State {
    /// Of the connection that is there now; `None` while there is none.
    epoch: Option<u64>,
    buffer: VecDeque<Delivery>,
    /// Of deliveries that name no hub.
    odd_keys: HashMap<Receipt, String>,
    last_error: String,
    /// Nothing more will be delivered.
    drained: bool,
}

#[derive(Debug)]
struct Request {
    settling: Settling,
    receipts: Vec<Receipt>,
    done: oneshot::Sender<Result<(), String>>,
}

#[derive(Clone, Copy, Debug)]
enum Settling {
    Accept,
    Release,
    /// To the dead letters, by the broker itself.
    Reject,
}

impl Settling {
    const fn operation(self) -> &'static str {
        match self {
            Self::Accept => "acknowledging",
            Self::Release => "giving back",
            Self::Reject => "rejecting",
        }
    }
}

impl Shared {
    fn drained(&self) {
        self.state().drained = true;
        self.arrived.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_now(&self, max: usize) -> Vec<Delivery> {
        let mut state = self.state();
        let count = state.buffer.len().min(max.max(1));
        let deliveries = state.buffer.drain(..count).collect();
        if !state.buffer.is_empty() {
            self.arrived.notify_one();
        }
        deliveries
    }
}

impl Source {
    /// Connects in the background, and again whenever the connection is lost; fails only on a URL that is none.
    /// Must be called within a tokio runtime. Dropping it ends the connection, and the broker gives what was not
    /// settled to others.
    pub fn connect(config: Config) -> Result<Self, Error> {
        config.uris().map_err(Error::Url)?;
        let config = Arc::new(config);
        let shared = Arc::new(Shared::default());
        let (requests, inbox) = mpsc::channel(REQUESTS);
        let stop = CancellationToken::new();
        let task = consuming::Task::new(Arc::clone(&config), Arc::clone(&shared), inbox);
        tokio::spawn(task.run(stop.clone()));
        let dead_letters = Outbox::open(Arc::clone(&config), "wattline dead letters");
        let restored = tokio::sync::Mutex::default();
        Ok(Self { config, shared, requests, dead_letters, restored, _stop: stop.drop_guard() })
    }

    /// Publishes a dead letter, and once more when somebody has deleted their queue meanwhile.
    async fn publish_dead(&self, letter: impl Fn() -> Message) -> Result<(), PublishError> {
        let refused = match self.dead_letters.publish(letter()).await {
            Err(refused @ PublishError::Refused(_)) => refused,
            outcome => return outcome,
        };
        // Many are refused at once: the first one declares the queue, and the others wait for that.
        let mut restored = self.restored.lock().await;
        if restored.is_none_or(|at| at.elapsed() >= RESTORE_AGAIN) {
            *restored = Some(Instant::now());
            if let Err(error) = declare(&self.config).await {
                tracing::warn!(%error, "cannot restore the queue of dead letters");
                return Err(refused);
            }
        }
        drop(restored);
        self.dead_letters.publish(letter()).await
    }

    async fn settle(&self, settling: Settling, receipts: &[Receipt]) -> Result<(), SourceError> {
        let current = self.shared.state().epoch;
        let receipts: Vec<Receipt> =
            receipts.iter().filter(|receipt| Some(receipt.epoch) == current).copied().collect();
        if receipts.is_empty() {
            return Ok(());
        }
        let unavailable = |reason| SourceError::Unavailable { operation: settling.operation(), reason };
        let (done, settled) = oneshot::channel();
        let ask = async {
            self.requests
                .send(Request { settling, receipts, done })
                .await
                .map_err(|_| SourceError::Closed)?;
            settled.await.map_err(|_| SourceError::Closed)?.map_err(unavailable)
        };
        timeout(self.config.confirm_timeout(), ask)
            .await
            .unwrap_or_else(|_| Err(unavailable("no answer in time".to_owned())))
    }
}

#[async_trait]
impl ContainerSource for Source {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, SourceError> {
        loop {
            let arrived = self.shared.arrived.notified();
            let deliveries = self.shared.take_now(max);
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            if self.shared.state().drained {
                return Err(SourceError::Closed);
            }
            arrived.await;
        }
    }

    fn stop(&self) {
        self.shared.stopped.cancel();
    }

    async fn accept(&self, receipts: &[Receipt]) -> Result<(), SourceError> {
        self.settle(Settling::Accept, receipts).await
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), SourceError> {
        let key = match delivery.hub {
            Some(hub) => routing_key(hub),
            None => self.shared.state().odd_keys.get(&delivery.receipt).cloned().unwrap_or_default(),
        };
        let reason = &reason[..reason.floor_char_boundary(LONGEST_REASON)];
        let mut headers = FieldTable::default();
        headers.insert(REASON_HEADER.into(), AMQPValue::LongString(reason.into()));
        headers.insert(ROUTING_KEY_HEADER.into(), AMQPValue::LongString(key.as_str().into()));
        if let Some(trace) = &delivery.trace {
            traceparent::put(trace, &mut headers);
        }
        let letter = || Message {
            exchange: DEAD,
            routing_key: key.clone(),
            headers: Some(headers.clone()),
            body: delivery.body.clone(),
        };
        let settling = match self.publish_dead(letter).await {
            Ok(()) => Settling::Accept,
            // Their queue is full. The broker keeps what is rejected in its own queue, beside the others, until
            // the dead letters take it; only the reason is then not ours but its own.
            Err(PublishError::Refused(why)) => {
                tracing::debug!(why, reason, "a dead letter is left to the broker");
                Settling::Reject
            }
            Err(error) => {
                let (operation, reason) = ("publishing a dead letter", error.to_string());
                return Err(SourceError::Unavailable { operation, reason });
            }
        };
        self.settle(settling, &[delivery.receipt]).await
    }

    async fn release(&self, receipts: &[Receipt]) -> Result<(), SourceError> {
        self.settle(Settling::Release, receipts).await
    }

    async fn ready(&self) -> Result<(), SourceError> {
        let state = self.shared.state();
        if state.epoch.is_some() {
            return Ok(());
        }
        let reason = if state.last_error.is_empty() {
            "not connected yet".to_owned()
        } else {
            state.last_error.clone()
        };
        Err(SourceError::Unavailable { operation: "consuming", reason })
    }
}
