//! Back-ups out of one store into another, and the program itself against real servers.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod accounts;
mod program;
mod roundtrip;
mod stores;
