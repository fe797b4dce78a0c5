//! Load for Wattline that is like the real thing, and the proof that nothing of it was lost.
//!
//! A swarm of simulated hubs publishes as hubs do and keeps a ledger of what the broker confirmed; `verify` holds the
//! ledger against the store. Everything follows from a seed, so values are told again rather than kept. The rest
//! drives one part at a time: the transport in, the store, the codec.
//!
//! It must not know how the services work: it sees what hubs, operators and readers see.

pub mod amqp;
mod body;
mod chance;
pub mod connections;
pub mod drain;
mod item;
mod latency;
pub mod ledger;
pub mod poison;
pub mod population;
pub mod process;
pub mod progress;
pub mod scenario;
pub mod sizes;
pub mod store;
mod summary;
pub mod swarm;
pub mod verify;

pub use body::container;
pub use item::{Item, Kind};
pub use population::Population;
pub use summary::SwarmSummary;
