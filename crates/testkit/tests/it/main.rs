//! The servers can be started, killed and started again.

mod cluster;
mod servers;
