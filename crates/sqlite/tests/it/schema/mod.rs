//! The schemas from every version to the newest, back by one, and under a program that is older than they are.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod ahead;
mod back;
mod forward;
mod lived;

use lived::{ACCOUNTS, Lived, MEASUREMENTS, accounts_suites, measurements_suites};
