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
/// What a hub says is text that somebody outside may make up: so many have to say the same, unless there are fewer at all.
const FEW: u64 = 3;
const OTHER: &str = "other";
/// The longest that is still a version, in bytes.
const MAX_VERSION: usize = 32;

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
        versions.sort_by_key(|(version, hubs)| (!is_version(version), std::cmp::Reverse(*hubs)));
        let online: u64 = versions.iter().map(|(_, hubs)| hubs).sum();
        // One that no hub has any more goes.
        self.versions.clear();
        for (place, (version, hubs)) in versions.into_iter().enumerate() {
            let is_shown = place < VERSIONS && is_version(version) && (hubs >= FEW || online < FEW);
            let version = if is_shown { version } else { OTHER }.to_owned();
            self.versions.get_or_create(&OfVersion { version }).inc_by(hubs.cast_signed());
        }
        self.holding.set(summary.holding.cast_signed());
        self.waiting.set(i64::try_from(summary.waiting).unwrap_or(i64::MAX));
        self.oldest.set(summary.oldest_waiting.unwrap_or_default());
        self.unsynchronised.set(summary.unsynchronised.cast_signed());
    }
}

/// Three numbers, and after a `-` or a `+` letters, digits, dots and dashes, as releases are named.
fn is_version(text: &str) -> bool {
    let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= MAX_VERSION
        && numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(versions: &[(&str, u64)]) -> Vec<(String, i64)> {
        let measures = Measures::default();
        let versions = versions.iter().map(|&(version, hubs)| (version.to_owned(), hubs)).collect();
        measures.show(&Summary { versions, ..Summary::default() });
        let mut registry = Registry::default();
        registry.register("versions", "Versions", measures.versions.clone());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let mut found: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("versions{version=\"")?.split_once("\"} "))
            .map(|(version, hubs)| (version.to_owned(), hubs.parse().unwrap()))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn a_version_has_a_label_only_where_a_few_hubs_say_it() {
        let said = [("1.2.3", 40), ("1.3.0-rc.1", 3), ("1.4.0", 2), ("9.9.9", 1)];
        let expected: [(&str, i64); 3] = [("1.2.3", 40), ("1.3.0-rc.1", 3), ("other", 3)];
        assert_eq!(shown(&said), expected.map(|(version, hubs)| (version.to_owned(), hubs)));
    }

    #[test]
    fn what_is_no_version_has_none_however_many_say_it() {
        let long = format!("1.2.{}", "3".repeat(40));
        for made_up in
            ["you-are-hacked", "1.2", "1.2.3.4", "1..3", "1.2.x", "1.2.3-<b>", "1.2.3~1", "", &long]
        {
            assert_eq!(shown(&[(made_up, 50)]), [("other".to_owned(), 50)], "{made_up}");
        }
        // Nor does it take a place from one that is.
        let mut said: Vec<_> = (0..30).map(|n| (format!("made-up-{n}"), 90)).collect();
        said.push(("1.2.3+build.7".to_owned(), 3));
        let said: Vec<_> = said.iter().map(|(version, hubs)| (version.as_str(), *hubs)).collect();
        assert_eq!(shown(&said), [("1.2.3+build.7".to_owned(), 3), ("other".to_owned(), 30 * 90)]);
    }

    #[test]
    fn a_fleet_of_one_or_two_shows_what_it_has() {
        let said = [("1.2.3", 1), ("1.2.4", 1)];
        assert_eq!(shown(&said), [("1.2.3".to_owned(), 1), ("1.2.4".to_owned(), 1)]);
    }
}
