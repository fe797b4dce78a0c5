//! The task behind a source: owns the connection, its channel and what is settled on it.

use std::sync::Arc;
use std::time::Duration;

use domain::transport::{Delivery, Receipt};
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::appetite::Appetite;
use super::consumers::Consumers;
use super::{Request, Settling, Shared};
use crate::connection::{Retry, answered, close, connect};
use crate::settlement::{Acks, Settlement};
use crate::topology::{declare_on, hub_of, queue};
use crate::traceparent::trace_of;
use crate::{Config, Error};

const NAME: &str = "wattline source";

/// Taking deliveries one by one as they come would cost a change of threads for each. They wait this long for
/// company; a batch is far older when it is stored.
const GATHERING: Duration = Duration::from_millis(5);

pub(super) struct Task {
    config: Arc<Config>,
    shared: Arc<Shared>,
    inbox: mpsc::Receiver<Request>,
    epoch: u64,
    settlement: Settlement,
    appetite: Appetite,
}

impl Task {
    pub(super) fn new(config: Arc<Config>, shared: Arc<Shared>, inbox: mpsc::Receiver<Request>) -> Self {
        // Receipts of another source, or of this process before it was restarted, must not fit here by chance.
        let epoch = rand::random::<u64>() >> 1;
        let appetite = Appetite::new(&config);
        Self { config, shared, inbox, epoch, settlement: Settlement::default(), appetite }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut retry = Retry::new(NAME, &self.config);
        while let Err(error) = self.session(&mut retry, &stop).await {
            self.lost(&error);
            if self.shared.stopped.is_cancelled() {
                // Who takes nothing more needs no connection.
                self.shared.drained();
                self.passing_over_requests(&stop, std::future::pending::<()>()).await;
                break;
            }
            if matches!(error, Error::TooMuch { .. } | Error::Calm { .. }) {
                tracing::info!(connection = NAME, %error, "consuming anew");
                continue;
            }
            let shared = Arc::clone(&self.shared);
            let pause = shared.stopped.run_until_cancelled(retry.failed(&error));
            if self.passing_over_requests(&stop, pause).await.is_none() {
                break;
            }
        }
        self.shared.state().epoch = None;
    }

    /// Until the connection is lost, or `Ok` when it is time to stop.
    async fn session(&mut self, retry: &mut Retry, stop: &CancellationToken) -> Result<(), Error> {
        let config = Arc::clone(&self.config);
        let shared = Arc::clone(&self.shared);
        let opening = shared.stopped.run_until_cancelled(open(&config, self.appetite.prefetch()));
        let Some(opened) = self.passing_over_requests(stop, opening).await else { return Ok(()) };
        let (connection, channel, mut consumers) = opened.unwrap_or(Err(Error::Lost))?;
        self.epoch += 1;
        self.settlement = Settlement::new(self.appetite.deliveries() / 2);
        self.shared.state().epoch = Some(self.epoch);
        retry.connected();
        self.consume(&connection, &channel, &mut consumers, stop).await?;
        close(&connection).await;
        Ok(())
    }

    async fn consume(
        &mut self,
        connection: &Connection,
        channel: &Channel,
        consumers: &mut Consumers,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let mut check = interval(Duration::from_secs(1));
        let mut helping = Vec::new();
        let mut gathered = Instant::now();
        let shared = Arc::clone(&self.shared);
        loop {
            let (are_ending, have_ended) = (consumers.are_ending(), consumers.is_empty());
            let deliveries = async {
                sleep_until(gathered).await;
                consumers.take_ready(&mut helping).await
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    let held = self.settlement.give_up_waiting();
                    return self.ack_overdue(channel, held).await;
                }
                Some(request) = self.inbox.recv() => self.settle(channel, request).await?,
                () = shared.stopped.cancelled(), if !are_ending => {
                    consumers.end(&self.config, channel).await?;
                }
                taken = deliveries, if !have_ended => {
                    taken?;
                    gathered = Instant::now() + GATHERING;
                    self.appetite.look_at(&helping, Instant::now());
                    self.delivered(&mut helping);
                    if consumers.is_empty() {
                        shared.drained();
                    } else if !consumers.are_ending() {
                        self.appetite.judge(self.settlement.open_bytes(), Instant::now())?;
                    }
                }
                _ = check.tick() => {
                    if !connection.status().connected() || !channel.status().connected() {
                        return Err(Error::Lost);
                    }
                    let overdue = self.settlement.overdue();
                    self.ack_overdue(channel, overdue).await?;
                }
            }
        }
    }

    fn delivered(&mut self, helping: &mut Vec<lapin::message::Delivery>) {
        let mut state = self.shared.state();
        for delivery in helping.drain(..) {
            let receipt = Receipt { epoch: self.epoch, tag: delivery.delivery_tag };
            self.settlement.delivered(receipt.tag, delivery.data.len());
            let hub = hub_of(delivery.routing_key.as_str());
            if hub.is_none() {
                state.odd_keys.insert(receipt, delivery.routing_key.as_str().to_owned());
            }
            let trace = trace_of(&delivery.properties);
            let (body, redelivered) = (delivery.data.into(), delivery.redelivered);
            state.buffer.push_back(Delivery { hub, body, redelivered, receipt, trace });
        }
        drop(state);
        self.shared.arrived.notify_one();
    }

    async fn settle(&mut self, channel: &Channel, request: Request) -> Result<(), Error> {
        let Request { settling, receipts, done } = request;
        let epoch = self.epoch;
        {
            let mut state = self.shared.state();
            state.odd_keys.retain(|receipt, _| !receipts.contains(receipt));
        }
        let tags = receipts.iter().filter(|receipt| receipt.epoch == epoch).map(|receipt| receipt.tag);
        let limit = self.config.confirm_timeout();
        let sending = send(&mut self.settlement, channel, settling, tags);
        let sent = timeout(limit, sending).await;
        let result = match sent {
            Ok(sent) => sent.map_err(Error::broker(settling.operation())),
            Err(_) => Err(Error::TimedOut { operation: settling.operation(), limit }),
        };
        done.send(result.as_ref().copied().map_err(ToString::to_string)).ok();
        result
    }

    async fn ack_overdue(&self, channel: &Channel, tags: Vec<u64>) -> Result<(), Error> {
        let limit = self.config.confirm_timeout();
        let operation = Settling::Accept.operation();
        timeout(limit, ack_each(channel, tags))
            .await
            .map_err(|_| Error::TimedOut { operation, limit })?
            .map_err(Error::broker(operation))
    }

    fn lost(&self, error: &Error) {
        let mut state = self.shared.state();
        state.epoch = None;
        state.buffer.clear();
        state.odd_keys.clear();
        state.last_error = error.to_string();
    }

    /// Without a connection every receipt is stale. `None` when it is time to stop.
    async fn passing_over_requests<T>(
        &mut self,
        stop: &CancellationToken,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::pin!(future);
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                output = &mut future => return Some(output),
                Some(request) = self.inbox.recv() => drop(request.done.send(Ok(()))),
            }
        }
    }
}

async fn send(
    settlement: &mut Settlement,
    channel: &Channel,
    settling: Settling,
    tags: impl Iterator<Item = u64>,
) -> lapin::Result<()> {
    match settling {
        Settling::Accept => {
            acknowledge(settlement.accept(tags), channel).await?;
        }
        Settling::Release => {
            for tag in settlement.release(tags) {
                channel.basic_nack(tag, BasicNackOptions { multiple: false, requeue: true }).await?;
            }
            acknowledge(settlement.accept([]), channel).await?;
        }
        Settling::Reject => {
            for tag in settlement.release(tags) {
                channel.basic_nack(tag, BasicNackOptions { multiple: false, requeue: false }).await?;
            }
            acknowledge(settlement.accept([]), channel).await?;
        }
    }
    Ok(())
}

async fn acknowledge(acks: Acks, channel: &Channel) -> lapin::Result<()> {
    if let Some(tag) = acks.multiple {
        channel.basic_ack(tag, BasicAckOptions { multiple: true }).await?;
    }
    ack_each(channel, acks.single).await
}

async fn ack_each(channel: &Channel, tags: Vec<u64>) -> lapin::Result<()> {
    for tag in tags {
        channel.basic_ack(tag, BasicAckOptions { multiple: false }).await?;
    }
    Ok(())
}

async fn open(config: &Config, prefetch: u16) -> Result<(Connection, Channel, Consumers), Error> {
    let connection = connect(config, NAME).await?;
    declare_on(config, &connection).await?;
    let channel = answered(config, "opening a channel", connection.create_channel()).await?;
    // Before any consumer: lapin buffers whatever the broker sends.
    let qos = channel.basic_qos(prefetch, BasicQosOptions { global: false });
    answered(config, "setting the prefetch", qos).await?;
    let mut consumers = Consumers::default();
    for shard in 0..config.queues {
        let queue = queue(shard);
        let consume = channel.basic_consume(
            queue.as_str().into(),
            queue.as_str().into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let consumer = answered(config, "consuming", consume).await?;
        consumers.add(queue, consumer);
    }
    Ok((connection, channel, consumers))
}
