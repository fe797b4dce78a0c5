use std::time::Duration;

use rumqttc::{Event, Packet};
use tokio::time::timeout;

use super::client::{self, filters, noted, sentence};
use super::discover::{Found, classify};
use crate::config::Brokers;

/// A list of all Zigbee devices may be long.
const MOST_BYTES: usize = 8 << 20;
/// No home has more.
const MOST_FOUND: usize = 1_000;

/// Why nothing can be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("mqtt.url: not like mqtt://localhost:1883")]
    Address,
    #[error("{0}")]
    Broker(String),
}

/// Listens on the broker for so long, and gives what measures there, in order.
pub async fn listen(broker: &Brokers, time: Duration) -> Result<Vec<Found>, ListenError> {
    let address = broker.address().ok_or(ListenError::Address)?;
    let (client, mut events) = client::open(&address, broker, MOST_BYTES);
    let mut found = Vec::new();
    let listening = async {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    noted(client.try_subscribe_many(filters(["#".to_owned()])));
                }
                Ok(Event::Incoming(Packet::Publish(message))) => {
                    for plug in classify(&message.topic, &message.payload) {
                        if !found.contains(&plug) && found.len() < MOST_FOUND {
                            found.push(plug);
                        }
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let place = format!("{}:{}", address.host, address.port);
                    return ListenError::Broker(sentence(&place, &error));
                }
            }
        }
    };
    if let Ok(error) = timeout(time, listening).await {
        return Err(error);
    }
    found.sort();
    Ok(found)
}
