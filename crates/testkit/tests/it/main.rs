//! The servers can be started, killed and started again.

mod servers;
