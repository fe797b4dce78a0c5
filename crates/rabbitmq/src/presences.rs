//! What every hub says of itself, for whoever keeps an eye on all of them.

use std::time::Duration;

use domain::live::PresenceStream;
use domain::presence::Presence;
use futures_util::StreamExt as _;
use futures_util::stream;
use lapin::options::QueueBindOptions;
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use tokio::sync::mpsc;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::connection::{Retry, answered, close, connect};
use crate::topology::{ANY_PRESENCE, Subject, TELEMETRY, check, subject_of};
use crate::transient::{self, Bounds};
use crate::{Config, Error};

const NAME: &str = "wattline fleet";
/// Presences that wait in the broker: what two million hubs say in ten seconds.
const BOUNDS: Bounds = Bounds { length: 200_000, bytes: 64 << 20 };
const PREFETCH: u16 = 1_000;
/// Acknowledged together. Fewer than are fetched, so that the rest goes on coming.
const TOGETHER: u16 = 100;
/// Handed over and not looked at.
const INBOX: usize = 1_000;

/// Connects in the background, and again whenever the connection is lost; fails only on a URL that is none. Must be called
/// within a tokio runtime. A presence may get lost, as hubs say it again. The connection ends when the stream is dropped.
pub fn presences(config: Config) -> Result<PresenceStream, Error> {
    config.uris().map_err(Error::Url)?;
    let (news, inbox) = mpsc::channel(INBOX);
    let stop = CancellationToken::new();
    tokio::spawn(Task { config, news }.run(stop.clone()));
    let until_dropped = stop.drop_guard();
    let next = move |(mut inbox, until_dropped): (mpsc::Receiver<Presence>, _)| async move {
        Some((inbox.recv().await?, (inbox, until_dropped)))
    };
    Ok(Box::pin(stream::unfold((inbox, until_dropped), next)))
}

struct Task {
    config: Config,
    news: mpsc::Sender<Presence>,
}

impl Task {
    async fn run(self, stop: CancellationToken) {
        let mut retry = Retry::new(NAME, &self.config);
        while let Err(error) = self.session(&mut retry, &stop).await {
            if stop.run_until_cancelled(retry.failed(&error)).await.is_none() {
                return;
            }
        }
    }

    /// Until the connection is lost, or `Ok` when it is time to stop.
    async fn session(&self, retry: &mut Retry, stop: &CancellationToken) -> Result<(), Error> {
        let Some(opened) = stop.run_until_cancelled(self.open()).await else { return Ok(()) };
        let (connection, channel, mut consumer) = opened?;
        retry.connected();
        let mut every_second = interval(Duration::from_secs(1));
        let mut unacknowledged = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                delivery = consumer.next() => {
                    let lost = || Error::ConsumerEnded { queue: NAME.to_owned() };
                    let delivery = delivery.ok_or_else(lost)?.map_err(Error::broker("consuming"))?;
                    if let Some(presence) = presence_of(delivery.routing_key.as_str(), &delivery.data)
                        && self.news.send(presence).await.is_err()
                    {
                        break;
                    }
                    unacknowledged += 1;
                    if unacknowledged == TOGETHER {
                        unacknowledged = 0;
                        transient::acknowledge(&self.config, &channel, delivery.delivery_tag, true).await?;
                    }
                }
                _ = every_second.tick() => {
                    if !connection.status().connected() || !channel.status().connected() {
                        return Err(Error::Lost);
                    }
                }
            }
        }
        close(&connection).await;
        Ok(())
    }

    async fn open(&self) -> Result<(Connection, Channel, Consumer), Error> {
        let config = &self.config;
        let connection = connect(config, NAME).await?;
        let channel = answered(config, "opening a channel", connection.create_channel()).await?;
        check(config, &channel).await?;
        let queue = transient::declare(config, &channel, "declaring the fleet's queue", &BOUNDS).await?;
        let bind = channel.queue_bind(
            queue.clone(),
            TELEMETRY.into(),
            ANY_PRESENCE.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        answered(config, "binding the fleet", bind).await?;
        let consumer = transient::consume(config, &channel, queue, "fleet", PREFETCH).await?;
        Ok((connection, channel, consumer))
    }
}

/// `None` where it is not one of the hub whose key it came under.
fn presence_of(routing_key: &str, body: &[u8]) -> Option<Presence> {
    let Some(Subject::Presence(hub)) = subject_of(routing_key) else { return None };
    match wire::decode_presence(body) {
        Ok(presence) if presence.hub == hub => Some(presence),
        Ok(presence) => {
            tracing::debug!(%hub, named = %presence.hub, "a presence names another hub");
            None
        }
        Err(error) => {
            tracing::debug!(%hub, %error, "a presence cannot be read");
            None
        }
    }
}
