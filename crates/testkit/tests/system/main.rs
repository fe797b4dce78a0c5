//! All of Wattline on the real servers, every binary a process of its own.
//!
//! The binaries must be there: `cargo build --workspace --bins` (the test command does it).

mod alerts;
mod exact;
mod live;
mod nothing_lost;
mod recorded_home;
mod tls;
