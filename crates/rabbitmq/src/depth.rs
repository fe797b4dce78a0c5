//! How much waits in the queues, and whether anybody takes it.

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;

use crate::connection::{answered, close, connect};
use crate::topology::{DEAD, queue};
use crate::{Config, Error};

/// One queue, as the broker answers a passive declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depth {
    pub queue: String,
    /// Messages that were delivered to nobody yet; those that were delivered and not settled are not among them.
    pub ready: u32,
    pub consumers: u32,
}

/// Of every shard, then of the dead letters, over a connection of its own. An error when one of them is not there.
pub async fn depths(config: &Config) -> Result<Vec<Depth>, Error> {
    let connection = connect(config, "wattline depths").await?;
    let channel = answered(config, "opening a channel", connection.create_channel()).await?;
    let mut depths = Vec::new();
    for name in (0..config.queues).map(queue).chain([DEAD.to_owned()]) {
        let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
        let look = channel.queue_declare(name.as_str().into(), options, FieldTable::default());
        let found = answered(config, "looking at a queue", look).await?;
        depths.push(Depth { queue: name, ready: found.message_count(), consumers: found.consumer_count() });
    }
    close(&connection).await;
    Ok(depths)
}
