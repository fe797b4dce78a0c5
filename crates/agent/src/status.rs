use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};

use domain::UtcMillis;

use crate::pulse::Pulse;
use crate::seen::Seen;

/// What the agent is doing, for whoever wants to show it. Shared in an `Arc`.
#[derive(Debug, Default)]
pub struct Status {
    readings: AtomicU64,
    refused: AtomicU64,
    skipped_rows: AtomicU64,
    ticks: AtomicU64,
    values: AtomicU64,
    containers: AtomicU64,
    confirmed: AtomicU64,
    spool_depth: AtomicU64,
    thinned_millis: AtomicI64,
    dropped_millis: AtomicI64,
    measured_from: AtomicI64,
    measured_until: AtomicI64,
    uplink: AtomicU8,
    stalled: AtomicBool,
    meters: Arc<meters::Health>,
    seen: Seen,
    pulse: Pulse,
}

/// Counts since the start of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Readings the sensor gave.
    pub readings: u64,
    /// Readings that came late or are not plausible.
    pub refused: u64,
    /// Rows of a trace that could not be used.
    pub skipped_rows: u64,
    pub ticks: u64,
    /// Measurements: (socket, tick, energy).
    pub values: u64,
    /// Safe in the spool; some of them are put together later.
    pub containers: u64,
    /// Safe behind the transport.
    pub confirmed: u64,
    /// Containers waiting.
    pub spool_depth: u64,
    /// What became one-minute ticks, as the spool was nearly full.
    pub thinned_millis: i64,
    /// What was dropped, as it was full.
    pub dropped_millis: i64,
    /// The end of the first tick; `None` before it.
    pub measured_from: Option<UtcMillis>,
    /// The end of the latest tick; `None` before the first.
    pub measured_until: Option<UtcMillis>,
    pub uplink: UplinkState,
    /// The spool or its disk is full, and measuring waits.
    pub stalled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UplinkState {
    /// Nothing was published yet.
    Untried,
    Up,
    Down,
}

impl Status {
    pub fn snapshot(&self) -> Snapshot {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let ticks = get(&self.ticks);
        Snapshot {
            readings: get(&self.readings),
            refused: get(&self.refused),
            skipped_rows: get(&self.skipped_rows),
            ticks,
            values: get(&self.values),
            containers: get(&self.containers),
            confirmed: get(&self.confirmed),
            spool_depth: get(&self.spool_depth),
            thinned_millis: self.thinned_millis.load(Ordering::Relaxed),
            dropped_millis: self.dropped_millis.load(Ordering::Relaxed),
            measured_from: (ticks > 0).then(|| UtcMillis(self.measured_from.load(Ordering::Relaxed))),
            measured_until: (ticks > 0).then(|| UtcMillis(self.measured_until.load(Ordering::Relaxed))),
            uplink: match self.uplink.load(Ordering::Relaxed) {
                0 => UplinkState::Untried,
                1 => UplinkState::Up,
                _ => UplinkState::Down,
            },
            stalled: self.stalled.load(Ordering::Relaxed),
        }
    }

    /// How each meter of `[[agent.sensors]]` is.
    pub const fn meters(&self) -> &Arc<meters::Health> {
        &self.meters
    }

    /// Keeps the latest thing that went wrong.
    pub fn set_error(&self, sentence: String) {
        self.seen.set_error(sentence);
    }

    pub(crate) const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Whether its tasks turn.
    pub(crate) const fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    pub(crate) fn add_readings(&self, count: u64) {
        self.readings.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn add_refused(&self) -> u64 {
        self.refused.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn add_skipped_row(&self) {
        self.skipped_rows.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_tick(&self, values: usize, end: UtcMillis) {
        self.measured_until.store(end.0, Ordering::Relaxed);
        self.values.fetch_add(values as u64, Ordering::Relaxed);
        if self.ticks.load(Ordering::Relaxed) == 0 {
            self.measured_from.store(end.0, Ordering::Relaxed);
        }
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    /// Of the past, so the end of what is measured stays.
    pub(crate) fn add_late_tick(&self, values: usize) {
        self.values.fetch_add(values as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_containers(&self, count: u64) {
        self.containers.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn add_confirmed(&self, count: usize) {
        self.confirmed.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn set_spool_depth(&self, depth: u64) {
        self.spool_depth.store(depth, Ordering::Relaxed);
    }

    pub(crate) fn add_thinned(&self, millis: i64) {
        self.thinned_millis.fetch_add(millis, Ordering::Relaxed);
    }

    pub(crate) fn add_dropped(&self, millis: i64) {
        self.dropped_millis.fetch_add(millis, Ordering::Relaxed);
    }

    pub(crate) fn set_uplink(&self, state: UplinkState) {
        let code = match state {
            UplinkState::Untried => 0,
            UplinkState::Up => 1,
            UplinkState::Down => 2,
        };
        self.uplink.store(code, Ordering::Relaxed);
    }

    pub(crate) fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
    }
}
