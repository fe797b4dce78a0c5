//! The fleet for Prometheus. `docs/metrics.md` describes every name.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::fleet::State;
use crate::summary::Summary;

/// Versions with a label of their own, the most frequent ones.
const VERSIONS: usize = 20;
const OTHER: &str = "other";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVersion {
    version: String,
}

/// Clones show the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measures {
    presences: Counter,
    left_out: Counter,
    hubs: Family<InState, Gauge>,
    versions: Family<OfVersion, Gauge>,
    holding: Gauge,
    waiting: Gauge,
    oldest: Gauge,
    unsynchronised: Gauge,
}

impl Measures {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let measures = Self::default();
        registry.register(
            "wattline_fleet_presences",
            "What hubs said of themselves",
            measures.presences.clone(),
        );
        let help = "What was said of hubs for which there is no room";
        registry.register("wattline_fleet_left_out", help, measures.left_out.clone());
        registry.register("wattline_fleet_hubs", "Hubs, by whether they are there", measures.hubs.clone());
        let help = "Hubs that are online, by the version of the agent";
        registry.register("wattline_fleet_hubs_by_version", help, measures.versions.clone());
        let mut gauge = |name, help, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("wattline_fleet_holding_hubs", "Hubs that have containers in their spools", &measures.holding);
        gauge("wattline_fleet_waiting_containers", "Containers in all spools", &measures.waiting);
        let help = "Start of the tick that has waited longest in any spool, in seconds since the Unix epoch; 0 when none waits";
        gauge("wattline_fleet_oldest_waiting_timestamp_seconds", help, &measures.oldest);
        let help = "Hubs whose clocks nobody sets";
        gauge("wattline_fleet_unsynchronised_hubs", help, &measures.unsynchronised);
        measures
    }

    pub(crate) fn heard(&self, presences: usize) {
        self.presences.inc_by(presences as u64);
    }

    pub(crate) fn left_out(&self, presences: usize) {
        self.left_out.inc_by(presences as u64);
    }

    pub(crate) fn show(&self, summary: &Summary) {
        for state in State::ALL {
            let hubs = summary.states.get(&state).copied().unwrap_or_default();
            self.hubs.get_or_create(&InState { state: state.as_str() }).set(hubs.cast_signed());
        }
        let mut versions: Vec<(&str, u64)> =
            summary.versions.iter().map(|(version, hubs)| (version.as_str(), *hubs)).collect();
        versions.sort_by_key(|(_, hubs)| std::cmp::Reverse(*hubs));
        // One that no hub has any more goes.
        self.versions.clear();
        for (place, (version, hubs)) in versions.into_iter().enumerate() {
            let version = if place < VERSIONS { version } else { OTHER }.to_owned();
            self.versions.get_or_create(&OfVersion { version }).inc_by(hubs.cast_signed());
        }
        self.holding.set(summary.holding.cast_signed());
        self.waiting.set(i64::try_from(summary.waiting).unwrap_or(i64::MAX));
        self.oldest.set(summary.oldest_waiting.unwrap_or_default());
        self.unsynchronised.set(summary.unsynchronised.cast_signed());
    }
}
