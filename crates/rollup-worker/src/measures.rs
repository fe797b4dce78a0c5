//! What operators see of the rollups. `docs/metrics.md` describes every name.

use domain::UtcMillis;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::worker::Pass;

/// Clones count into the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measures {
    hubs: Counter,
    days: Counter,
    erasures: Counter,
    failures: Counter,
    complete_until: Gauge,
    erased_until: Gauge,
}

impl Measures {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let measures = Self::default();
        let mut counter = |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        counter("wattline_rollup_hubs", "Hubs brought up to an hour", &measures.hubs);
        counter("wattline_rollup_late_days", "Days of hubs rolled up again for late ticks", &measures.days);
        let help = "Households that are gone and whose measurements were erased";
        counter("wattline_rollup_erasures", help, &measures.erasures);
        counter("wattline_rollup_failures", "Steps that failed and are tried again", &measures.failures);
        let help = "Up to when everything of this part is rolled up, in seconds since the Unix epoch; 0 before the first pass";
        let until = measures.complete_until.clone();
        registry.register("wattline_rollup_complete_until_timestamp_seconds", help, until);
        let help = "Up to when everything of this part that was to be erased is, in seconds since the Unix epoch; 0 before the first pass";
        let until = measures.erased_until.clone();
        registry.register("wattline_rollup_erased_until_timestamp_seconds", help, until);
        measures
    }

    /// A pass that was to bring everything up to `limit`.
    pub(crate) fn passed(&self, pass: &Pass, is_complete: bool, limit: UtcMillis) {
        self.hubs.inc_by(pass.hubs as u64);
        self.days.inc_by(pass.days as u64);
        self.erasures.inc_by(pass.erasures as u64);
        self.failures.inc_by(pass.failures as u64);
        if is_complete {
            self.complete_until.set(limit.secs());
        }
        if let Some(until) = pass.erased_until {
            self.erased_until.set(until.secs());
        }
    }
}
