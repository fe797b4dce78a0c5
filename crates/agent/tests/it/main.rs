//! The agent, from its sensors to its publisher.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod binary;
mod catch_up;
mod changes;
mod compression;
mod full_disk;
mod hub;
mod kills;
mod meters;
mod pacing;
mod pairing;
mod recorded_day;
mod restart;
mod sample_config;
mod setup;
mod spool;
mod spool_boots;
mod spool_disk;
mod spool_migration;
mod spool_room;
mod spool_torn;
mod status;
mod support;
mod systemd;
mod traces;
mod uplink;
