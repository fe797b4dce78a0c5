//! Signs of life of the agent's two tasks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Each task counts its turns. Neither waits for long without one: a sensor tells something every second, and the uplink
/// looks after the spool every half a minute and gives up what nobody confirms.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    pub(crate) meter: Beats,
    pub(crate) uplink: Beats,
}

/// The turns of one task.
#[derive(Debug, Default)]
pub(crate) struct Beats {
    count: AtomicU64,
    ended: AtomicBool,
}

impl Beats {
    /// It has come around once more.
    pub(crate) fn beat(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// It has done all there was to do: nobody waits for a beat any more.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Whether it has turned since `known`, which is the count of an earlier look and that of this one afterwards.
    pub(crate) fn moved_on(&self, known: &mut u64) -> bool {
        let count = self.count.load(Ordering::Relaxed);
        let before = std::mem::replace(known, count);
        count != before || self.ended.load(Ordering::Relaxed)
    }
}
