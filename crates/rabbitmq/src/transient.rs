//! Queues of one process alone, for news: bounded, gone with their connection, and the oldest goes first, since whoever
//! listens would rather hear now than then.

use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::time::timeout;

use crate::connection::answered;
use crate::{Config, Error};

/// Messages that wait in the broker.
pub(crate) struct Bounds {
    pub(crate) length: i64,
    pub(crate) bytes: i64,
}

/// Gives the name that the broker made up for it.
pub(crate) async fn declare(
    config: &Config,
    channel: &Channel,
    operation: &'static str,
    bounds: &Bounds,
) -> Result<ShortString, Error> {
    let options =
        QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("classic".into()));
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(bounds.length));
    arguments.insert("x-max-length-bytes".into(), AMQPValue::LongLongInt(bounds.bytes));
    arguments.insert("x-overflow".into(), AMQPValue::LongString("drop-head".into()));
    let declare = channel.queue_declare("".into(), options, arguments);
    Ok(answered(config, operation, declare).await?.name().clone())
}

/// At most `prefetch` at a time that are not acknowledged.
pub(crate) async fn consume(
    config: &Config,
    channel: &Channel,
    queue: ShortString,
    tag: &str,
    prefetch: u16,
) -> Result<Consumer, Error> {
    let qos = channel.basic_qos(prefetch, BasicQosOptions { global: false });
    answered(config, "setting the prefetch", qos).await?;
    let options = BasicConsumeOptions { exclusive: true, ..BasicConsumeOptions::default() };
    let consume = channel.basic_consume(queue, tag.into(), options, FieldTable::default());
    answered(config, "consuming", consume).await
}

/// This one, and with `multiple` all before it.
pub(crate) async fn acknowledge(
    config: &Config,
    channel: &Channel,
    tag: u64,
    multiple: bool,
) -> Result<(), Error> {
    let limit = config.confirm_timeout();
    timeout(limit, channel.basic_ack(tag, BasicAckOptions { multiple }))
        .await
        .map_err(|_| Error::TimedOut { operation: "acknowledging", limit })?
        .map_err(Error::broker("acknowledging"))
}
