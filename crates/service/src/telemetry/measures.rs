use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// What becomes of spans.
#[derive(Clone, Debug, Default)]
pub(super) struct Measures {
    pub(super) exported: Counter,
    pub(super) dropped: Counter,
}

impl Measures {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Spans that the receiver of telemetry has taken";
        registry.register("wattline_spans_exported", help, self.exported.clone());
        let help = "Spans that were dropped: the receiver was away or refused them";
        registry.register("wattline_spans_dropped", help, self.dropped.clone());
    }
}
