//! MQTT 5 as transport out: for hubs whose line lets AMQP not through, and for brokers that are not RabbitMQ.
//!
//! The packets are those of rumqttc, which the agent has for its plugs anyway; its event loop is not used, since it keeps
//! what is unacknowledged for the next connection. Here that is the spool's, and a connection that is lost takes
//! nothing with it.
//!
//! It must not know what is in a container, what becomes of it, or any other adapter.

mod config;
mod connection;
mod error;
mod packets;
mod publisher;
mod retry;
mod session;
mod task;
mod tls;

pub use config::Config;
pub use error::Error;
pub use publisher::Publisher;
