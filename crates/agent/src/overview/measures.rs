//! The overview for Prometheus, at `/metrics` of the hub's own page. `docs/metrics.md` describes every name.

use std::sync::atomic::Ordering;

use domain::UtcMillis;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{ClockView, LinkState, Overview};

/// As the last overview had it.
#[derive(Clone, Debug, Default)]
pub(super) struct Measures {
    waiting: Gauge,
    bytes: Gauge,
    max_bytes: Gauge,
    oldest: Gauge,
    confirmed: Counter,
    uplink: Gauge,
    clock: Gauge,
    measured_until: Gauge,
    sockets: Gauge,
    troubled: Gauge,
}

impl Measures {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let measures = Self::default();
        let mut gauge = |name, help, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("wattline_agent_spool_containers", "Containers that wait on the disk", &measures.waiting);
        gauge("wattline_agent_spool_bytes", "Their bytes", &measures.bytes);
        gauge("wattline_agent_spool_max_bytes", "Bytes that may wait", &measures.max_bytes);
        let help =
            "First tick of what has waited longest, in seconds since the Unix epoch; 0 when nothing waits";
        gauge("wattline_agent_spool_oldest_timestamp_seconds", help, &measures.oldest);
        gauge("wattline_agent_uplink_up", "1 when what was published last was confirmed", &measures.uplink);
        gauge("wattline_agent_clock_known", "1 when the time is known", &measures.clock);
        let help = "End of the latest tick, in seconds since the Unix epoch";
        gauge("wattline_agent_measured_until_timestamp_seconds", help, &measures.measured_until);
        gauge("wattline_agent_sockets", "Sockets that are measured", &measures.sockets);
        gauge("wattline_agent_sockets_troubled", "Sockets of which nothing is read", &measures.troubled);
        let help = "Containers that the broker has confirmed";
        registry.register("wattline_agent_containers_confirmed", help, measures.confirmed.clone());
        measures
    }

    pub(super) fn show(&self, overview: &Overview) {
        let seconds = |at: Option<UtcMillis>| at.map_or(0, UtcMillis::secs);
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let spool = &overview.spool;
        self.waiting.set(spool.waiting.cast_signed());
        self.bytes.set(spool.bytes.cast_signed());
        self.max_bytes.set(spool.max_bytes.cast_signed());
        self.oldest.set(seconds(spool.oldest));
        self.confirmed.inner().store(overview.uplink.confirmed, Ordering::Relaxed);
        self.uplink.set((overview.uplink.state == LinkState::Up).into());
        self.clock.set((overview.clock != ClockView::NotSynchronised).into());
        self.measured_until.set(seconds(overview.measured_until));
        self.sockets.set(count(overview.sockets.len()));
        self.troubled.set(count(overview.sockets.iter().filter(|socket| socket.trouble.is_some()).count()));
    }
}
