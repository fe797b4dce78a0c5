//! The read-service over HTTP, on SQLite, the in-process live feed, and keys and clock of the test's own.

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
