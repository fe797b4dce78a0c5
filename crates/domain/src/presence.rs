//! Whether a hub is there, and how it is. Not a measurement: nobody stores it, and it may get lost.

use std::time::Duration;

use crate::ids::HubId;
use crate::time::UtcMillis;

/// How often a hub that is there says so.
pub const EVERY: Duration = Duration::from_mins(2);

/// A hub that was not heard of for so long is as good as gone.
pub const SILENCE: Duration = Duration::from_mins(6);

/// What a hub says of itself, or the transport of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    pub hub: HubId,
    /// Whether it publishes what it measures. One that is not online may still measure.
    pub online: bool,
    /// `None` where the transport speaks for a hub that is gone.
    pub about: Option<About>,
}

/// How a hub is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Of the agent.
    pub version: String,
    /// Since the agent was started, in seconds. Not when: its clock may not be set yet.
    pub running_secs: u64,
    /// Containers in its spool.
    pub waiting: u64,
    /// Where the tick starts that has waited longest.
    pub oldest_waiting: Option<UtcMillis>,
    /// Whether its clock is set by somebody who knows the time; `None` when it does not know that.
    pub clock_synchronised: Option<bool>,
}

impl Presence {
    /// Of a hub that can no longer say so itself.
    pub const fn gone(hub: HubId) -> Self {
        Self { hub, online: false, about: None }
    }
}
