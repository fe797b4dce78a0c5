//! The quarantine, for somebody who looks at it and acts.
//!
//! Reading takes nothing away: no letter is acknowledged, and at the end, or when this process dies, the broker has
//! them all back. Until then they are held, since one given back at once would be the next to come again. A consumer
//! gets a handful and no more; when all of that is held, another one gets the next. So there is never more than a
//! handful of bodies here, and it is far faster than fetching one by one, which costs the broker a write each.

use std::sync::Arc;
use std::time::Duration;

use domain::transport::PublishError;
use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicQosOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer, ErrorKind};
use tokio::time::{Instant, sleep, timeout};

use crate::Config;
use crate::connection::{answered, close, connect};
use crate::outbox::{Message, Outbox};
use crate::topology::{DEAD, TELEMETRY, declare_on};
use crate::traceparent;

mod letter;

pub use letter::{DeadLetter, Death};

/// Letters that are here at the same time. The largest have 2 MiB.
const HANDFUL: u16 = 16;
/// After this long without a letter it is time to ask whether there is one.
const QUIET: Duration = Duration::from_secs(1);
/// How long to wait for the broker to have everything back, and how often to ask.
const GIVING_BACK: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_millis(20);
const NOT_FOUND: u16 = 404;
const ACCESS_REFUSED: u16 = 403;

/// Why the quarantine cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the broker has no queue {DEAD}: no write-service was connected to it yet, or somebody deleted it"
    )]
    NoQueue,
    #[error("the broker does not let this user in: wrong name or password, no such vhost, or no permission")]
    NoAccess(#[source] crate::Error),
    #[error(transparent)]
    Broker(#[from] crate::Error),
    /// After this and the next the letter is still in the quarantine.
    #[error("the exchange {TELEMETRY} does not take it: {0}")]
    Refused(String),
    #[error("publishing to the exchange {TELEMETRY}: {0}")]
    NotConfirmed(PublishError),
}

/// A connection of its own to the dead letters.
#[derive(Debug)]
pub struct DeadLetters {
    config: Arc<Config>,
    connection: Connection,
}

impl DeadLetters {
    /// Tries once.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let connection = connect(config, "wattline quarantine").await.map_err(|error| match error {
            crate::Error::LoginRefused => Error::NoAccess(error),
            other => other.into(),
        })?;
        Ok(Self { config: Arc::new(config.clone()), connection })
    }

    /// Through all that are there now. They come in the order of their death until somebody has looked at them and
    /// given them back, and after that in none. Others do not see what was fetched until it is given back.
    pub async fn browse(&self) -> Result<Browsing<'_>, Error> {
        let opening = self.connection.create_channel();
        let channel = answered(&self.config, "opening a channel", opening).await?;
        let count = self.count(&channel).await?;
        Ok(Browsing {
            letters: self,
            channel,
            count,
            fetched: 0,
            settled: 0,
            consumer: None,
            room: 0,
            outbox: None,
        })
    }

    pub async fn close(self) {
        close(&self.connection).await;
    }

    /// Of those that nobody holds.
    async fn count(&self, channel: &Channel) -> Result<u32, Error> {
        let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
        let look = channel.queue_declare(DEAD.into(), options, FieldTable::default());
        match answered(&self.config, "looking for the dead letters", look).await {
            Ok(queue) => Ok(queue.message_count()),
            Err(error) if id(&error) == Some(NOT_FOUND) => Err(Error::NoQueue),
            Err(error) if id(&error) == Some(ACCESS_REFUSED) => Err(Error::NoAccess(error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// One way through the quarantine.
#[derive(Debug)]
pub struct Browsing<'a> {
    letters: &'a DeadLetters,
    channel: Channel,
    count: u32,
    fetched: u32,
    settled: u32,
    consumer: Option<Consumer>,
    /// What the consumer may still get.
    room: u16,
    outbox: Option<Outbox>,
}

impl Browsing<'_> {
    /// How many there were at the beginning, not counting those that somebody else holds.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The next letter, held until [`give_back`](Self::give_back) unless it is replayed or dropped before the one
    /// after it is asked for.
    pub async fn next(&mut self) -> Result<Option<DeadLetter>, Error> {
        let config = Arc::clone(&self.letters.config);
        let deadline = Instant::now() + config.connect_timeout();
        while self.fetched < self.count {
            if self.room == 0 {
                self.take_a_handful(&config).await?;
            }
            match self.delivery().await? {
                Some(delivery) => {
                    self.room -= 1;
                    self.fetched += 1;
                    return Ok(Some(DeadLetter::read(delivery)));
                }
                // The rest is in somebody else's hands.
                None if self.letters.count(&self.channel).await? == 0 => return Ok(None),
                None if Instant::now() < deadline => {}
                None => {
                    let (operation, limit) = ("fetching a dead letter", config.connect_timeout());
                    return Err(crate::Error::TimedOut { operation, limit }.into());
                }
            }
        }
        Ok(None)
    }

    async fn take_a_handful(&mut self, config: &Config) -> Result<(), Error> {
        if let Some(full) = self.consumer.take() {
            // One that is only dropped is cancelled by lapin later, and when the channel is being closed at that very
            // moment, that fails and takes the connection along. What it has got stays held either way.
            let cancel = self.channel.basic_cancel(full.tag(), BasicCancelOptions::default());
            answered(config, "taking no more of the dead letters", cancel).await?;
        }
        let handful = u16::try_from(self.count - self.fetched).unwrap_or(HANDFUL).min(HANDFUL);
        let qos = self.channel.basic_qos(handful, BasicQosOptions { global: false });
        answered(config, "setting the prefetch", qos).await?;
        let (tag, options) = (format!("letters from {}", self.fetched), BasicConsumeOptions::default());
        let consume = self.channel.basic_consume(DEAD.into(), tag.into(), options, FieldTable::default());
        self.consumer = Some(answered(config, "fetching dead letters", consume).await?);
        self.room = handful;
        Ok(())
    }

    /// `None` when for a while there was none.
    async fn delivery(&mut self) -> Result<Option<Delivery>, Error> {
        let Some(consumer) = &mut self.consumer else { return Ok(None) };
        match timeout(QUIET, consumer.next()).await {
            Ok(Some(delivery)) => Ok(Some(delivery.map_err(crate::Error::broker("fetching a dead letter"))?)),
            Ok(None) => Err(crate::Error::ConsumerEnded { queue: DEAD.to_owned() }.into()),
            Err(_) => Ok(None),
        }
    }

    /// Publishes it again under its first routing key, waits for the confirm, and takes it out of the quarantine.
    /// When that fails in between, it is in both places.
    pub async fn replay(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        let config = &self.letters.config;
        if self.outbox.is_none() {
            // Where the shards are not bound, it could reach a viewer only, be confirmed and never be stored.
            declare_on(config, &self.letters.connection).await?;
            self.outbox = Some(Outbox::open(Arc::clone(config), "wattline replay"));
        }
        if let Some(outbox) = &self.outbox {
            publish(outbox, letter, Instant::now() + config.connect_timeout()).await?;
        }
        self.settle(letter).await
    }

    /// Takes it out of the quarantine for good.
    pub async fn drop(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        self.settle(letter).await
    }

    /// Returns when the broker has back what was fetched and not settled, and what was settled is gone.
    pub async fn give_back(self) -> Result<(), Error> {
        if self.settled > 0 {
            // Its answer comes after all that was settled has reached the queue.
            let get = self.channel.basic_get(DEAD.into(), BasicGetOptions { no_ack: false });
            answered(&self.letters.config, "giving back", get).await?;
        }
        let Self { letters, channel, count, settled, .. } = self;
        answered(&letters.config, "giving back", channel.close(200, "OK".into())).await?;
        let opening = letters.connection.create_channel();
        let channel = answered(&letters.config, "opening a channel", opening).await?;
        let deadline = Instant::now() + GIVING_BACK;
        // Somebody else may hold some of them by now, so this ends in any case.
        while letters.count(&channel).await? < count - settled && Instant::now() < deadline {
            sleep(ASK_AGAIN).await;
        }
        answered(&letters.config, "closing a channel", channel.close(200, "OK".into())).await?;
        Ok(())
    }

    async fn settle(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        let ack = self.channel.basic_ack(letter.tag, BasicAckOptions { multiple: false });
        answered(&self.letters.config, "taking it out of the quarantine", ack).await?;
        self.settled += 1;
        // Which the broker uses for one more.
        self.room += 1;
        Ok(())
    }
}

/// Waits out a connection that is only being made.
async fn publish(outbox: &Outbox, letter: &DeadLetter, patience: Instant) -> Result<(), Error> {
    loop {
        let (routing_key, body) = (letter.routing_key.clone(), letter.body.clone());
        let headers = letter.trace.as_deref().map(traceparent::alone);
        let message = Message { exchange: TELEMETRY, routing_key, headers, body };
        match outbox.publish(message).await {
            Ok(()) => return Ok(()),
            Err(PublishError::Refused(why)) => return Err(Error::Refused(why)),
            Err(PublishError::Unavailable(_)) if Instant::now() < patience => {}
            Err(error) => return Err(Error::NotConfirmed(error)),
        }
    }
}

/// AMQP's number of what the broker said.
fn id(error: &crate::Error) -> Option<u16> {
    let crate::Error::Broker { source, .. } = error else { return None };
    match source.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}
