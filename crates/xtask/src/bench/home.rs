//! A home that is made up, with days of ticks of 10 s behind it.

use std::path::Path;

use testkit::system::SystemSetup;

pub(super) const SOCKETS: u8 = 30;
pub(super) const ZONE: &str = "Europe/Berlin";

/// Across the real servers.
pub(super) fn setup(binaries: &Path, days: u32) -> SystemSetup {
    SystemSetup {
        binaries: binaries.to_owned(),
        folder: None,
        port: None,
        agent: format!(
            "ticks_per_container = 600\n[agent.sensor.simulated]\nsockets = {SOCKETS}\nzone = \"{ZONE}\"\n\
             history_hours = {}\n",
            days * 24
        ),
        sockets: Vec::new(),
    }
}
