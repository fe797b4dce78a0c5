//! Who is bound to whom. Declaring is idempotent; a queue that exists with other limits is an error that says so.
//!
//! ```text
//! telemetry (topic) ── hub.* ──> telemetry.shards (consistent hash of the routing key)
//!                                  └──> telemetry.0 … telemetry.n−1 (quorum queues)
//!                                          └── delivery limit ──> telemetry.dead (fanout) ──> telemetry.dead
//! ```

use domain::HubId;
use lapin::options::{ExchangeBindOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ExchangeKind};
use tokio::time::timeout;

use crate::connection::{answered, close, connect};
use crate::{Config, Error};

pub(crate) const TELEMETRY: &str = "telemetry";
pub(crate) const DEAD: &str = "telemetry.dead";
const SHARDS: &str = "telemetry.shards";
const ANY_HUB: &str = "hub.*";
pub(crate) const ANY_PRESENCE: &str = "presence.*";
/// There is no number for "without limit" that every version takes.
const NEVER: i64 = 1_000_000_000;

pub(crate) fn queue(shard: u16) -> String {
    format!("telemetry.{shard}")
}

pub(crate) fn routing_key(hub: HubId) -> String {
    format!("hub.{hub}")
}

/// Of how a hub is. The shards are bound to what was measured only, so nobody stores it.
pub(crate) fn presence_key(hub: HubId) -> String {
    format!("presence.{hub}")
}

/// What a routing key says about what comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Measured(HubId),
    Presence(HubId),
}

pub(crate) fn subject_of(routing_key: &str) -> Option<Subject> {
    let presence = || Some(Subject::Presence(routing_key.strip_prefix("presence.")?.parse().ok()?));
    hub_of(routing_key).map(Subject::Measured).or_else(presence)
}

pub(crate) fn hub_of(routing_key: &str) -> Option<HubId> {
    routing_key.strip_prefix("hub.")?.parse().ok()
}

/// Makes all exchanges and queues, over a connection of its own. A source does so too when it connects;
/// publishers never do, for a hub may only publish.
pub async fn declare(config: &Config) -> Result<(), Error> {
    let connection = connect(config, "wattline topology").await?;
    let declared = declare_on(config, &connection).await;
    close(&connection).await;
    declared
}

pub(crate) async fn declare_on(config: &Config, connection: &Connection) -> Result<(), Error> {
    // A channel of its own, since a refusal closes it.
    let channel = answered(config, "opening a channel", connection.create_channel()).await?;
    let limit = config.connect_timeout();
    timeout(limit, declare_all(config, &channel))
        .await
        .map_err(|_| Error::TimedOut { operation: "declaring the topology", limit })??;
    answered(config, "closing a channel", channel.close(200, "OK".into())).await
}

async fn declare_all(config: &Config, channel: &Channel) -> Result<(), Error> {
    exchange(channel, SHARDS, ExchangeKind::Custom("x-consistent-hash".to_owned())).await?;
    exchange(channel, DEAD, ExchangeKind::Fanout).await?;
    for shard in 0..config.queues {
        let queue = queue(shard);
        declare_queue(channel, &queue, shard_arguments(config)).await?;
        // The weight of a queue on the hash ring, as text.
        bind_queue(channel, &queue, SHARDS, "1").await?;
    }
    exchange(channel, TELEMETRY, ExchangeKind::Topic).await?;
    let options = ExchangeBindOptions::default();
    channel
        .exchange_bind(SHARDS.into(), TELEMETRY.into(), ANY_HUB.into(), options, FieldTable::default())
        .await
        .map_err(declaring(format!("the binding of {TELEMETRY} to {SHARDS}")))?;
    // Last, for its presence tells the live feed that all the rest is there.
    declare_queue(channel, DEAD, dead_arguments(config)).await?;
    bind_queue(channel, DEAD, DEAD, "").await
}

/// An error unless the topology is complete. Where a live queue were bound before the shards are, a container
/// could reach a viewer only, be confirmed and never be stored.
pub(crate) async fn check(config: &Config, channel: &Channel) -> Result<(), Error> {
    let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
    let look = channel.queue_declare(DEAD.into(), options, FieldTable::default());
    answered(config, "looking for the topology", look).await.map(drop)
}

fn declaring(what: String) -> impl FnOnce(lapin::Error) -> Error {
    move |source| Error::Declare { what, source }
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> Result<(), Error> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(name.into(), kind, options, FieldTable::default())
        .await
        .map_err(declaring(format!("exchange {name}")))
}

async fn declare_queue(channel: &Channel, name: &str, arguments: FieldTable) -> Result<(), Error> {
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel
        .queue_declare(name.into(), options, arguments)
        .await
        .map(drop)
        .map_err(declaring(format!("queue {name}")))
}

async fn bind_queue(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<(), Error> {
    channel
        .queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(declaring(format!("the binding of {exchange} to {queue}")))
}

fn shard_arguments(config: &Config) -> FieldTable {
    let mut arguments = quorum(config.max_queue_length, config.max_queue_bytes);
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(config.delivery_limit.into()));
    arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString(DEAD.into()));
    arguments.insert("x-dead-letter-strategy".into(), AMQPValue::LongString("at-least-once".into()));
    arguments
}

fn dead_arguments(config: &Config) -> FieldTable {
    let mut arguments = quorum(config.max_dead_letters, config.max_dead_letter_bytes);
    // Looking at them counts as a delivery each time, and beyond a limit, which newer brokers set by themselves, they
    // would be dropped.
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(NEVER));
    arguments
}

fn quorum(max_length: u32, max_bytes: u64) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(max_length.into()));
    // Beyond what has a sign there is no disk either.
    let max_bytes = i64::try_from(max_bytes).unwrap_or(i64::MAX);
    arguments.insert("x-max-length-bytes".into(), AMQPValue::LongLongInt(max_bytes));
    // The default drops the oldest without a word.
    arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_key_names_its_hub() {
        let hub = HubId::from_bytes([7; 16]);
        assert_eq!(hub_of(&routing_key(hub)), Some(hub));
        assert_eq!(hub_of(&presence_key(hub)), None);
        assert_eq!(subject_of(&routing_key(hub)), Some(Subject::Measured(hub)));
        assert_eq!(subject_of(&presence_key(hub)), Some(Subject::Presence(hub)));
        assert_eq!(subject_of("presence.kitchen"), None);
        assert_eq!(hub_of("hub.kitchen"), None);
        assert_eq!(hub_of("07070707-0707-0707-0707-070707070707"), None);
    }
}
