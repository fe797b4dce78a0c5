//! As much of AMQP 0-9-1 as a publisher with confirms needs, made to cost little.
//!
//! The broker under test runs on the same two cores as the swarm. Through the `rabbitmq` crate, which hubs use, a
//! container costs the swarm 11 µs of processor time; through this, 1.7 µs. It also lets thousands of connections live
//! in one thread, break off at once, and tell a nack from a return. A test holds the two to the same messages.

mod connection;
mod frame;
mod publishing;
mod reading;

pub use connection::{Address, Error};
pub(crate) use connection::{Connection, HEARTBEAT_SECS, put_heartbeat};
pub(crate) use publishing::put_message;
pub(crate) use reading::{Event, Events};
