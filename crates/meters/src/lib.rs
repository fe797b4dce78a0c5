//! The meters of a hub, behind the one sensor port: plugs that speak MQTT, and what is wired to a Raspberry Pi.
//!
//! It knows `domain` only: what a reading is worth is decided there ([`domain::metering`]). A driver is pure, bytes in and
//! readings out, with a thin thread or task around it; [`Home`] merges them into the sockets of the hub.

mod absence;
mod calibrate;
pub mod config;
mod health;
mod home;
mod mark;
pub mod mqtt;
mod nature;
mod outbox;
mod quantity;
pub mod wired;

use std::sync::Arc;

use domain::Clock;
use domain::ticker::Counted;

pub use calibrate::{CalibrateError, Calibration, calibrate};
pub use config::{Brokers, Entry};
pub use health::{Condition, Health, MeterState, Unbooked};
pub use home::Home;

/// Starts every configured meter. Must be called within a tokio runtime. None of them keeps the others from starting:
/// what is wrong with one is its state in `health`.
pub fn open(
    entries: &[Entry],
    broker: &Brokers,
    counted: &[Counted],
    hold: std::time::Duration,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
) -> Home {
    let (outbox, inbox) = outbox::channel();
    health.begin(entries);
    mqtt::start(entries, broker, &outbox);
    wired::start(entries, &outbox);
    Home::new(entries, counted, hold, clock, health, inbox)
}
