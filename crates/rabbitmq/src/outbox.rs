//! Publishing with confirms over a connection of its own.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::transport::PublishError;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Stream, StreamExt};
use lapin::options::BasicPublishOptions;
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, Event};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, interval, sleep_until, timeout, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::connection::{Retry, close, confirming_channel, connect_small};
use crate::herald::Connections;
use crate::{Config, Error};

/// How long a publisher waits for the connection before it hears that there is none.
const CONNECTION_WAIT: Duration = Duration::from_secs(1);
const PERSISTENT: u8 = 2;

/// What is to be published.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) exchange: &'static str,
    pub(crate) routing_key: String,
    pub(crate) headers: Option<FieldTable>,
    pub(crate) body: Bytes,
}

struct Request {
    message: Message,
    answer: oneshot::Sender<Result<(), PublishError>>,
}

/// Why no message can be sent now, if so.
type Obstacle = Option<Reason>;

#[derive(Clone, Debug)]
enum Reason {
    LoginRefused,
    Other(String),
}

impl From<Reason> for PublishError {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::LoginRefused => Self::LoginRefused,
            Reason::Other(text) => Self::Unavailable(text),
        }
    }
}

/// Hands messages to one task, which alone publishes, and in order.
#[derive(Debug)]
pub(crate) struct Outbox {
    requests: mpsc::Sender<Request>,
    obstacle: watch::Receiver<Obstacle>,
    connections: Connections,
    confirm_timeout: Duration,
    _stop: DropGuard,
}

impl Outbox {
    pub(crate) fn open(config: Arc<Config>, name: &'static str) -> Self {
        let (requests, inbox) = mpsc::channel(usize::from(config.confirm_window));
        let (announce, obstacle) = watch::channel(Some(Reason::Other("not connected yet".to_owned())));
        let (lend, connections) = watch::channel(None);
        let stop = CancellationToken::new();
        let confirm_timeout = config.confirm_timeout();
        let outstanding = FuturesUnordered::new();
        tokio::spawn(Task { config, name, inbox, announce, lend, outstanding, next_id: 0 }.run(stop.clone()));
        Self { requests, obstacle, connections, confirm_timeout, _stop: stop.drop_guard() }
    }

    /// The one there is now, for another channel on it.
    pub(crate) fn connections(&self) -> Connections {
        self.connections.clone()
    }

    pub(crate) async fn publish(&self, message: Message) -> Result<(), PublishError> {
        let deadline = Instant::now() + self.confirm_timeout;
        self.connected().await?;
        let (answer, answered) = oneshot::channel();
        let timed_out = |_| PublishError::TimedOut(self.confirm_timeout);
        timeout_at(deadline, self.requests.send(Request { message, answer }))
            .await
            .map_err(timed_out)?
            .map_err(|_| stopped())?;
        let lost =
            |_| Err(PublishError::Unavailable("the connection was lost before the confirm".to_owned()));
        timeout_at(deadline, answered).await.map_err(timed_out)?.unwrap_or_else(lost)
    }

    async fn connected(&self) -> Result<(), PublishError> {
        let mut obstacle = self.obstacle.clone();
        if let Ok(seen) = timeout(CONNECTION_WAIT, obstacle.wait_for(Option::is_none)).await {
            return seen.map(drop).map_err(|_| stopped());
        }
        let now = obstacle.borrow().clone();
        now.map_or(Ok(()), |reason| Err(reason.into()))
    }
}

fn stopped() -> PublishError {
    PublishError::Unavailable("the publisher was stopped".to_owned())
}

/// A message on its way to its confirm.
struct Sent {
    id: u64,
    answer: oneshot::Sender<Result<(), PublishError>>,
    outcome: lapin::Result<Confirmation>,
}

type Sending = Pin<Box<dyn Future<Output = Sent> + Send>>;

struct Task {
    config: Arc<Config>,
    name: &'static str,
    inbox: mpsc::Receiver<Request>,
    announce: watch::Sender<Obstacle>,
    lend: watch::Sender<Option<Arc<Connection>>>,
    outstanding: FuturesUnordered<Sending>,
    next_id: u64,
}

impl Task {
    async fn run(mut self, stop: CancellationToken) {
        let mut retry = Retry::new(self.name, &self.config);
        while let Err(error) = self.session(&mut retry, &stop).await {
            self.lost(&error);
            if stop.run_until_cancelled(retry.failed(&error)).await.is_none() {
                return;
            }
        }
    }

    /// Until the connection is lost, or `Ok` when it is time to stop.
    async fn session(&mut self, retry: &mut Retry, stop: &CancellationToken) -> Result<(), Error> {
        let (config, name) = (Arc::clone(&self.config), self.name);
        let Some(opened) = stop.run_until_cancelled(open(&config, name)).await else { return Ok(()) };
        let (connection, channel) = opened?;
        let connection = Arc::new(connection);
        let mut events = Box::pin(connection.events_listener());
        retry.connected();
        self.announce.send_replace(None);
        self.lend.send_replace(Some(Arc::clone(&connection)));
        self.publish_all(&connection, &channel, &mut events, stop).await?;
        close(&connection).await;
        Ok(())
    }

    async fn publish_all(
        &mut self,
        connection: &Connection,
        channel: &Channel,
        events: &mut (impl Stream<Item = Event> + Unpin),
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let window = usize::from(self.config.confirm_window);
        let limit = self.config.confirm_timeout();
        let mut check = interval(Duration::from_secs(1));
        let mut progress = Instant::now();
        let mut returned = HashSet::new();
        loop {
            let blocked = connection.status().blocked();
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(sent) = self.outstanding.next(), if !self.outstanding.is_empty() => {
                    progress = Instant::now();
                    self.settle(sent, &mut returned)?;
                }
                Some(event) = events.next() => {
                    // Of another channel's errors we hear too, and they are not ours.
                    let is_sound = connection.status().connected() && channel.status().connected();
                    self.notice(event, is_sound)?;
                }
                Some(request) = self.inbox.recv(), if self.outstanding.len() < window => {
                    if self.outstanding.is_empty() {
                        progress = Instant::now();
                    }
                    self.send(channel, request);
                }
                () = sleep_until(progress + limit), if !blocked && !self.outstanding.is_empty() => {
                    return Err(Error::TimedOut { operation: "waiting for confirms", limit });
                }
                _ = check.tick() => {
                    if !connection.status().connected() || !channel.status().connected() {
                        return Err(Error::Lost);
                    }
                }
            }
        }
    }

    fn notice(&mut self, event: Event, is_sound: bool) -> Result<(), Error> {
        match event {
            Event::Error(source) if !is_sound => {
                return Err(Error::Broker { operation: "publishing", source });
            }
            Event::ConnectionBlocked(reason) => {
                tracing::warn!(connection = self.name, reason, "RabbitMQ takes nothing more for now");
                let reason = format!("the broker takes nothing more for now: {reason}");
                self.announce.send_replace(Some(Reason::Other(reason)));
            }
            Event::ConnectionUnblocked => {
                tracing::info!(connection = self.name, "RabbitMQ takes messages again");
                self.announce.send_replace(None);
            }
            _ => {}
        }
        Ok(())
    }

    fn send(&mut self, channel: &Channel, request: Request) {
        if request.answer.is_closed() {
            return;
        }
        self.next_id += 1;
        let (id, channel, message) = (self.next_id, channel.clone(), request.message);
        let mut properties = BasicProperties::default()
            .with_content_type(wire::CONTENT_TYPE.into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(id.to_string().into());
        if let Some(headers) = message.headers {
            properties = properties.with_headers(headers);
        }
        let mut sending: Sending = Box::pin(async move {
            let options = BasicPublishOptions { mandatory: true, immediate: false };
            let (exchange, key) = (message.exchange.into(), message.routing_key.into());
            let outcome = async {
                channel.basic_publish(exchange, key, options, &message.body, properties).await?.await
            };
            Sent { id, answer: request.answer, outcome: outcome.await }
        });
        // The first poll puts the frames in the connection's buffer: here, so that their order is ours.
        match (&mut sending).now_or_never() {
            Some(sent) => self.outstanding.push(Box::pin(async { sent })),
            None => self.outstanding.push(sending),
        }
    }

    /// Answers a confirm and all others that are there by now.
    ///
    /// lapin gives a returned message to whichever confirm it resolves next, and an acknowledgement of many
    /// resolves in no order. What was returned is therefore known by its id, and only when the whole lot is in.
    fn settle(&mut self, first: Sent, returned: &mut HashSet<u64>) -> Result<(), Error> {
        let mut lot = vec![first];
        let mut passes_without_any = 0;
        while passes_without_any < 2 {
            match self.outstanding.next().now_or_never().flatten() {
                Some(sent) => lot.push(sent),
                None => passes_without_any += 1,
            }
        }
        let mut confirmed = Vec::with_capacity(lot.len());
        let mut failure = None;
        for Sent { id, answer, outcome } in lot {
            match outcome {
                Ok(confirmation) => {
                    let is_ack = confirmation.is_ack();
                    returned.extend(returned_id(confirmation));
                    confirmed.push((id, answer, is_ack));
                }
                Err(error) => {
                    answer.send(Err(PublishError::Unavailable(error.to_string()))).ok();
                    failure = Some(error);
                }
            }
        }
        for (id, answer, is_ack) in confirmed {
            let result = if returned.remove(&id) {
                Err(PublishError::Refused("no queue takes it".to_owned()))
            } else if is_ack {
                Ok(())
            } else {
                Err(PublishError::Refused("the queue is full or not available".to_owned()))
            };
            // Whoever gave up waiting keeps the container and sends it again.
            answer.send(result).ok();
        }
        match failure {
            Some(source) => Err(Error::Broker { operation: "publishing", source }),
            None => Ok(()),
        }
    }

    /// Nothing that was sent will be confirmed, and what waits should not wait for the next connection.
    fn lost(&mut self, error: &Error) {
        let reason = match error {
            Error::LoginRefused => Reason::LoginRefused,
            other => Reason::Other(other.to_string()),
        };
        self.announce.send_replace(Some(reason.clone()));
        self.lend.send_replace(None);
        while let Ok(request) = self.inbox.try_recv() {
            request.answer.send(Err(reason.clone().into())).ok();
        }
        self.outstanding.clear();
    }
}

async fn open(config: &Config, name: &str) -> Result<(Connection, Channel), Error> {
    let connection = connect_small(config, name).await?;
    let channel = confirming_channel(config, &connection).await?;
    Ok((connection, channel))
}

fn returned_id(confirmation: Confirmation) -> Option<u64> {
    let message = confirmation.take_message()?;
    message.delivery.properties.message_id().as_ref()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use lapin::message::{BasicReturnMessage, Delivery};

    use super::*;

    fn returned(id: u64) -> BasicReturnMessage {
        let mut delivery = Delivery::mock(0, "telemetry".into(), "hub.x".into(), false, Vec::new());
        delivery.properties = BasicProperties::default().with_message_id(id.to_string().into());
        BasicReturnMessage { delivery, reply_code: 312, reply_text: "NO_ROUTE".into() }
    }

    #[tokio::test]
    async fn a_returned_message_is_refused_whichever_confirm_brings_it() {
        let mut task = Task {
            config: Arc::default(),
            name: "test",
            inbox: mpsc::channel(1).1,
            announce: watch::channel(None).0,
            lend: watch::channel(None).0,
            outstanding: FuturesUnordered::new(),
            next_id: 4,
        };
        let mut answers = Vec::new();
        let mut sent: Vec<Sent> = [
            (1, Confirmation::Ack(Some(returned(3)))),
            (2, Confirmation::Nack(None)),
            (3, Confirmation::Ack(None)),
            (4, Confirmation::Ack(None)),
        ]
        .into_iter()
        .map(|(id, confirmation)| {
            let (answer, answered) = oneshot::channel();
            answers.push(answered);
            Sent { id, answer, outcome: Ok(confirmation) }
        })
        .collect();
        // The one returned is seen first.
        let first = sent.remove(2);
        for other in sent {
            task.outstanding.push(Box::pin(async { other }));
        }
        task.settle(first, &mut HashSet::new()).unwrap();
        let mut taken = Vec::new();
        for answer in answers {
            taken.push(answer.await.unwrap().is_ok());
        }
        assert_eq!(taken, [true, false, false, true]);
    }
}
