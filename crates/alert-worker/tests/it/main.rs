//! The worker on SQLite, with a clock that is set, a real mail server and a webhook that listens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fleet;
mod hubs;
mod letters;
mod sockets;
mod world;
