//! The agent, from its sensors to its publisher.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod binary;
mod meters;
mod pacing;
mod pairing;
mod recorded_day;
mod restart;
mod sample_config;
mod spool;
mod support;
mod traces;
mod uplink;
