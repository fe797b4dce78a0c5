//! Adapter: measurements in InfluxDB 1.x, 2.x and later. Line protocol in, InfluxQL out, one line per hub and tick.
//!
//! It must not know where containers come from, who may see them, or what a household is. [`Writer`], [`Reader`],
//! [`Rollups`] and [`Eraser`] are apart because not every service needs each. Building them does no IO; [`prepare`] makes the
//! databases and may be called again and again.

mod answer;
mod blame;
mod bodies;
mod cell;
mod config;
mod connection;
mod digits;
mod erasure;
mod inlet;
pub mod line;
mod query;
mod rollups;
mod setup;
mod table;
mod write;

pub use config::{Api, Config};
pub use connection::BuildError;
pub use erasure::Eraser;
pub use query::Reader;
pub use rollups::Rollups;
pub use setup::prepare;
pub use write::Writer;
