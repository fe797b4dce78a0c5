//! The agent, from its sensors to its publisher.

mod pacing;
mod recorded_day;
mod restart;
mod sample_config;
mod spool;
mod support;
mod traces;
mod uplink;
