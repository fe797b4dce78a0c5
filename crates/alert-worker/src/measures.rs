//! What operators see of the watch over homes. `docs/metrics.md` describes every name.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use domain::UtcMillis;
use domain::alerts::Channel;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::worker::Pass;

pub(crate) const SENT: &str = "sent";
pub(crate) const AGAIN: &str = "again";
pub(crate) const GIVEN_UP: &str = "given_up";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    channel: &'static str,
    outcome: &'static str,
}

/// Of the watch. Clones count into the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measures {
    active_hubs: Gauge,
    blind: Gauge,
    households: Counter,
    raised: Counter,
    failures: Counter,
    pass_seconds: Counter<f64, AtomicU64>,
    last_pass: Gauge,
}

impl Measures {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let measures = Self::default();
        let mut gauge = |name, help, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge(
            "wattline_hubs_active",
            "Hubs whose measurements came lately, of all homes",
            &measures.active_hubs,
        );
        let help = "1 while so many hubs fell silent at once that nobody is told of it";
        gauge("wattline_alert_worker_blind", help, &measures.blind);
        let help = "When all homes of this part were last looked at without a failure, in seconds since the Unix epoch";
        gauge("wattline_alert_last_pass_timestamp_seconds", help, &measures.last_pass);
        let mut counter = |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        counter("wattline_alert_households", "Homes looked at", &measures.households);
        counter("wattline_alert_raised", "Alerts that are new", &measures.raised);
        counter("wattline_alert_failures", "Homes that could not be looked at", &measures.failures);
        let help = "Time spent looking at homes";
        registry.register("wattline_alert_pass_seconds", help, measures.pass_seconds.clone());
        measures
    }

    pub(crate) fn fleet(&self, active: usize, is_blind: bool) {
        self.active_hubs.set(i64::try_from(active).unwrap_or(i64::MAX));
        self.blind.set(is_blind.into());
    }

    pub(crate) fn passed(&self, pass: &Pass, took: Duration, now: UtcMillis) {
        self.households.inc_by(pass.households as u64);
        self.raised.inc_by(pass.raised as u64);
        self.failures.inc_by(pass.failures as u64);
        self.pass_seconds.inc_by(took.as_secs_f64());
        if pass.failures == 0 {
            self.last_pass.set(now.secs());
        }
    }
}

/// Of letters. Clones count into the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct LetterMeasures {
    letters: Family<Sent, Counter>,
}

impl LetterMeasures {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let measures = Self::default();
        // There from the start, at 0: else the first one would look like no rise.
        for channel in [Channel::Email, Channel::Webhook] {
            for outcome in [SENT, AGAIN, GIVEN_UP] {
                drop(measures.letters.get_or_create(&Sent { channel: channel.as_str(), outcome }));
            }
        }
        let help = "Letters: sent, tried again later, or given up";
        registry.register("wattline_alert_letters", help, measures.letters.clone());
        measures
    }

    pub(crate) fn count(&self, channel: Channel, outcome: &'static str) {
        self.letters.get_or_create(&Sent { channel: channel.as_str(), outcome }).inc();
    }
}
