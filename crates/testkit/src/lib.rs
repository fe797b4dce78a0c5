//! For tests only: the real RabbitMQ, InfluxDB and PostgreSQL on free ports, fakes for what cannot be real, and
//! one contract suite per port of `domain`.
//!
//! It must not know any adapter or service: whoever runs a suite passes the adapter in.

pub mod certificates;
pub mod client;
pub mod clock;
pub mod containers;
pub mod emulated;
pub mod faults;
pub mod plain_text;
pub mod provider;
pub mod reference;
pub mod servers;
pub mod suites;
pub mod system;
pub mod traces;
pub mod wait;
pub mod written;

pub use clock::FakeClock;
