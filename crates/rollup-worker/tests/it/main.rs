//! The rollup-worker, pass by pass, on SQLite, on real servers, and on a store in memory that fails where it is told to.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod catching_up;
mod erasing;
mod forgetting;
mod giving_up;
mod late;
mod live;
mod memory;
mod outages;
mod parts;
mod property;
mod serving;
mod two_homes;
mod world;
