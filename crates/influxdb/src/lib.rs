//! Adapter: measurements in InfluxDB 1.x, 2.x and later. Line protocol in, InfluxQL out, one line per hub and tick.
//!
//! It must not know where containers come from, who may see them, or what a household is. [`Writer`], [`Reader`],
//! [`Rollups`] and [`Eraser`] are apart because not every service needs each. Building them does no IO; [`prepare`] makes the
//! databases and may be called again and again. Each is of one InfluxDB or of several, over which hubs are spread.

mod answer;
mod blame;
mod bodies;
mod cell;
mod config;
mod connection;
mod digits;
mod doors;
mod erasure;
mod inlet;
pub mod line;
mod query;
mod retention;
mod rollups;
mod setup;
mod spread;
mod stores;
mod table;
mod write;

pub use config::{Api, Config};
pub use connection::BuildError;
pub use retention::{Held, Policy, Retention};
pub use setup::prepare;
pub use spread::Spread;
pub use stores::StoreConfig;

/// The write side.
pub type Writer = Spread<write::Writer>;
/// The read side.
pub type Reader = Spread<query::Reader>;
/// The rollups, and the marks of stale days.
pub type Rollups = Spread<rollups::Rollups>;
/// Who erases.
pub type Eraser = Spread<erasure::Eraser>;
