//! The transport against its contract, and what it does alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod dead_letters;
mod giving_up;
mod suites;
