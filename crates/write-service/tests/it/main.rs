//! The write-service: its pipeline on fakes that fail in every way, and all of it on real servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod dead_letters_command;
mod end_to_end;
mod fakes;
mod followed;
mod health;
mod late;
mod order;
mod outages;
mod prepared;
mod refusals;
mod stale;
mod stopping;
