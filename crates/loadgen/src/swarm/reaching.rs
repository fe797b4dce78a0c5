//! Whether there is a broker to publish to, and whether it has what hubs publish to.

use std::time::Duration;

use super::SwarmError;
use crate::amqp::{Address, Connection};

const LIMIT: Duration = Duration::from_secs(10);
/// Made last, so its presence tells that the topology is complete.
const DEAD_LETTERS: &str = "telemetry.dead";

/// Hubs never make queues. Where nobody else has done so yet, the defaults are made, so that a swarm can fill them.
pub(super) async fn reach(url: &str) -> Result<Address, SwarmError> {
    let address: Address = url.parse().map_err(SwarmError::Url)?;
    let ask = async { Connection::open(&address, LIMIT).await?.queue_length(DEAD_LETTERS, LIMIT).await };
    let unreachable = |source| SwarmError::Unreachable { address: address.to_string(), source };
    if ask.await.map_err(unreachable)?.is_none() {
        let config = rabbitmq::Config { url: url.into(), ..rabbitmq::Config::default() };
        rabbitmq::declare_topology(&config).await.map_err(SwarmError::Topology)?;
    }
    Ok(address)
}
