//! The read-service over HTTP, on SQLite, the in-process live feed, and keys and clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod days;
mod expected;
mod grants;
mod keys;
mod live;
mod parameters;
mod server;
mod serving;
mod tokens;
mod usage;
