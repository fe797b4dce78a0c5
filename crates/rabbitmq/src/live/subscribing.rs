//! The task behind a live feed: owns the connection, its queue and the queue's bindings.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::HubId;
use domain::live::News;
use futures_util::StreamExt;
use lapin::options::QueueBindOptions;
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::Viewers;
use crate::connection::{Retry, answered, close, connect};
use crate::topology::{Subject, TELEMETRY, check, presence_key, routing_key, subject_of};
use crate::transient::{self, Bounds};
use crate::{Config, Error};

const NAME: &str = "wattline live";
/// Containers that wait for us in the broker, and those on their way.
const BOUNDS: Bounds = Bounds { length: 10_000, bytes: 64 << 20 };
/// 64 MiB of the largest containers.
const PREFETCH: u16 = 64;

pub(super) struct Task {
    config: Config,
    viewers: Arc<Viewers>,
    bound: HashSet<HubId>,
}

struct Session {
    connection: Connection,
    channel: Channel,
    queue: ShortString,
    consumer: Consumer,
}

impl Task {
    pub(super) fn new(config: Config, viewers: Arc<Viewers>) -> Self {
        Self { config, viewers, bound: HashSet::new() }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut retry = Retry::new(NAME, &self.config);
        while let Err(error) = self.session(&mut retry, &stop).await {
            for hub in self.bound.drain() {
                self.viewers.set_bound(hub, false);
            }
            if stop.run_until_cancelled(retry.failed(&error)).await.is_none() {
                return;
            }
        }
    }

    /// Until the connection is lost, or `Ok` when it is time to stop.
    async fn session(&mut self, retry: &mut Retry, stop: &CancellationToken) -> Result<(), Error> {
        let Some(opened) = stop.run_until_cancelled(self.open()).await else { return Ok(()) };
        let mut session = opened?;
        retry.connected();
        self.follow(&mut session, stop).await?;
        close(&session.connection).await;
        Ok(())
    }

    async fn follow(&mut self, session: &mut Session, stop: &CancellationToken) -> Result<(), Error> {
        let mut every_second = interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.viewers.changed.notified() => {}
                delivery = session.consumer.next() => {
                    let queue = || session.queue.as_str().to_owned();
                    let delivery = delivery.ok_or_else(|| Error::ConsumerEnded { queue: queue() })?;
                    let delivery = delivery.map_err(Error::broker("consuming"))?;
                    self.seen(&session.channel, delivery).await?;
                    continue;
                }
                _ = every_second.tick() => {
                    if !session.connection.status().connected() || !session.channel.status().connected() {
                        return Err(Error::Lost);
                    }
                }
            }
            self.rebind(session).await?;
        }
    }

    async fn seen(&self, channel: &Channel, delivery: lapin::message::Delivery) -> Result<(), Error> {
        let tag = delivery.delivery_tag;
        match news_of(delivery.routing_key.as_str(), &delivery.data) {
            Ok(news) => self.viewers.show(news),
            Err(reason) => tracing::debug!(reason, key = delivery.routing_key.as_str(), "not shown"),
        }
        transient::acknowledge(&self.config, channel, tag, false).await
    }

    /// Binds what is watched and unbinds what is not.
    async fn rebind(&mut self, session: &Session) -> Result<(), Error> {
        let watched = self.viewers.watched();
        for &hub in &watched {
            if !self.bound.contains(&hub) {
                for key in [presence_key(hub), routing_key(hub)] {
                    let bind = session.channel.queue_bind(
                        session.queue.clone(),
                        TELEMETRY.into(),
                        key.into(),
                        QueueBindOptions::default(),
                        FieldTable::default(),
                    );
                    answered(&self.config, "binding a hub", bind).await?;
                }
                self.bound.insert(hub);
            }
            // Even where it was bound before: these viewers may be new.
            self.viewers.set_bound(hub, true);
        }
        let unwatched: Vec<HubId> = self.bound.difference(&watched).copied().collect();
        for hub in unwatched {
            for key in [presence_key(hub), routing_key(hub)] {
                let unbind = session.channel.queue_unbind(
                    session.queue.clone(),
                    TELEMETRY.into(),
                    key.into(),
                    FieldTable::default(),
                );
                answered(&self.config, "unbinding a hub", unbind).await?;
            }
            self.bound.remove(&hub);
            // Whoever came meanwhile waits for the next round.
            self.viewers.set_bound(hub, false);
        }
        Ok(())
    }

    async fn open(&self) -> Result<Session, Error> {
        let config = &self.config;
        let connection = connect(config, NAME).await?;
        let channel = answered(config, "opening a channel", connection.create_channel()).await?;
        check(config, &channel).await?;
        let queue = transient::declare(config, &channel, "declaring the live queue", &BOUNDS).await?;
        let consumer = transient::consume(config, &channel, queue.clone(), "live", PREFETCH).await?;
        Ok(Session { connection, channel, queue, consumer })
    }
}

/// What a hub has published under this key.
fn news_of(routing_key: &str, body: &[u8]) -> Result<News, String> {
    let (hub, news) = match subject_of(routing_key).ok_or("its key names no hub")? {
        Subject::Measured(hub) => {
            let container = wire::decode(body).map_err(|error| error.to_string())?;
            (hub, News::Measured(Arc::new(container)))
        }
        Subject::Presence(hub) => {
            let presence = wire::decode_presence(body).map_err(|error| error.to_string())?;
            (hub, News::Presence(Arc::new(presence)))
        }
    };
    if news.hub() == hub { Ok(news) } else { Err(format!("it names another hub, {}", news.hub())) }
}
