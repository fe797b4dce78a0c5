//! The read-service over HTTP, on SQLite or InfluxDB, the in-process live feed, and keys and clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bills;
mod costs;
mod coverage;
mod days;
mod expected;
mod export;
mod grants;
mod insight;
mod keys;
mod live;
mod long_ranges;
mod parameters;
mod remembered;
mod rights;
mod rollups;
mod server;
mod serving;
mod sockets;
mod ticks;
mod tokens;
mod usage;
mod viewers;
