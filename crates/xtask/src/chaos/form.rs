//! The two forms of the suite: one for every change, one for a page of results.

use std::time::Duration;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) is_short: bool,
    pub(crate) hubs: u32,
    /// Of the swarm.
    pub(crate) connections: u32,
    /// Sockets of each hub.
    pub(crate) values: u32,
    /// Containers a second, so few that no core is busy all the time.
    pub(crate) rate: u32,
    /// Under load before a fault.
    pub(crate) before: Duration,
    /// Under load after healing.
    pub(crate) after: Duration,
    pub(crate) heartbeat_secs: u16,
    /// A node of a cluster that is not heard of for so long is down. RabbitMQ's default is 60.
    pub(crate) net_ticktime_secs: u16,
    /// How long a write-service waits for the store's answer.
    pub(crate) store_timeout: Duration,
}

pub(crate) const RECOVERY: Duration = Duration::from_secs(30);

impl Form {
    pub(crate) const SHORT: Self = Self {
        is_short: true,
        hubs: 300,
        connections: 4,
        values: 12,
        rate: 1_000,
        before: Duration::from_secs(1),
        after: Duration::from_secs(1),
        heartbeat_secs: 2,
        net_ticktime_secs: 6,
        store_timeout: Duration::from_secs(2),
    };
    pub(crate) const LONG: Self = Self {
        is_short: false,
        hubs: 1_000,
        connections: 8,
        values: 30,
        rate: 2_000,
        before: Duration::from_secs(10),
        after: Duration::from_secs(5),
        heartbeat_secs: 10,
        net_ticktime_secs: 30,
        store_timeout: Duration::from_secs(15),
    };

    pub(crate) fn pick<T>(&self, short: T, long: T) -> T {
        if self.is_short { short } else { long }
    }
}
