//! Plugs that speak MQTT: what they say ([`Plug`]), and the connection to the broker around it.

mod client;
pub mod discover;
mod fault;
mod listening;
mod payload;
mod plug;
pub mod shelly1;
pub mod shelly2;
pub mod tasmota;
pub mod zigbee2mqtt;

pub use fault::Fault;
pub use listening::listen;
pub use plug::Plug;

use crate::config::{Brokers, Entry};
use crate::outbox::Outbox;

/// Starts the one connection that all plugs share, if there are any.
pub(crate) fn start(entries: &[Entry], broker: &Brokers, outbox: &Outbox) {
    let plugs: Vec<(usize, Plug)> =
        entries.iter().enumerate().filter_map(|(place, entry)| Some((place, Plug::of(entry)?))).collect();
    if let (false, Some(address)) = (plugs.is_empty(), broker.address()) {
        tokio::spawn(client::run(address, broker.clone(), plugs, outbox.clone()));
    }
}
