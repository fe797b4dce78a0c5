//! One contract suite per port. An adapter passes when every case does; a case fails like a test does, by panic.
#![expect(clippy::unwrap_used, reason = "a suite is a test, only that it lives in a library")]

pub mod accounts;
pub mod alerts;
pub mod audit;
pub mod deeds;
pub mod deletions;
pub mod erasure;
pub mod footholds;
pub mod hubs;
pub mod identities;
pub mod live;
pub mod measurements;
pub mod members;
mod people;
pub mod personal_tokens;
pub mod registry;
pub mod rollups;
pub mod second_factors;
pub mod tickets;
pub mod transport;
