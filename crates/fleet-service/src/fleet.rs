//! Every hub, as it was last heard of.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::presence::{Presence, SILENCE};
use domain::{HubId, UtcMillis};
use serde::{Deserialize, Serialize};

use crate::FleetConfig;
use crate::summary::Summary;

/// Versions that are told apart. Hubs choose what they say, so there is an end to it.
const MAX_VERSIONS: usize = 200;
const OTHER: &str = "other";

/// Whether a hub is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It publishes what it measures.
    Online,
    /// It said that it stops, or the broker that it is gone.
    Offline,
    /// It was not heard of for longer than it would be silent by itself.
    Silent,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Online, Self::Offline, Self::Silent];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Silent => "silent",
        }
    }
}

/// What is known of a hub. The broker's word that it is gone leaves what it said of itself.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) heard: UtcMillis,
    online: bool,
    pub(crate) about: Option<Told>,
}

#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) version: Arc<str>,
    pub(crate) started: UtcMillis,
    pub(crate) waiting: u64,
    pub(crate) oldest_waiting: Option<UtcMillis>,
    pub(crate) clock_synchronised: Option<bool>,
}

impl Seen {
    pub(crate) fn state(&self, now: UtcMillis) -> State {
        let silence = i64::try_from(SILENCE.as_millis()).unwrap_or(i64::MAX);
        if !self.online {
            State::Offline
        } else if now.millis_since(self.heard) >= silence {
            State::Silent
        } else {
            State::Online
        }
    }
}

/// All hubs that were heard of.
#[derive(Debug)]
pub struct Fleet {
    config: FleetConfig,
    since: UtcMillis,
    hubs: BTreeMap<HubId, Seen>,
    versions: BTreeSet<Arc<str>>,
}

impl Fleet {
    /// Nobody is known at first. `now` is since when it listens.
    pub const fn new(config: FleetConfig, now: UtcMillis) -> Self {
        Self { config, since: now, hubs: BTreeMap::new(), versions: BTreeSet::new() }
    }

    /// `false` when there is no room for another hub.
    pub fn hear(&mut self, presence: &Presence, now: UtcMillis) -> bool {
        let told = presence.about.as_ref().map(|about| {
            let running = i64::try_from(about.running_secs).unwrap_or(i64::MAX).saturating_mul(1_000);
            Told {
                version: self.version(&about.version),
                started: UtcMillis(now.0.saturating_sub(running)),
                waiting: about.waiting,
                oldest_waiting: about.oldest_waiting,
                clock_synchronised: about.clock_synchronised,
            }
        });
        if let Some(seen) = self.hubs.get_mut(&presence.hub) {
            seen.heard = now;
            seen.online = presence.online;
            seen.about = told.or_else(|| seen.about.take());
            return true;
        }
        if self.hubs.len() >= self.config.max_hubs {
            return false;
        }
        self.hubs.insert(presence.hub, Seen { heard: now, online: presence.online, about: told });
        true
    }

    /// One text for all hubs that say the same.
    fn version(&mut self, version: &str) -> Arc<str> {
        if let Some(known) = self.versions.get(version) {
            return Arc::clone(known);
        }
        if self.versions.len() >= MAX_VERSIONS {
            self.versions.retain(|version| Arc::strong_count(version) > 1);
        }
        let version: Arc<str> = if self.versions.len() < MAX_VERSIONS { version } else { OTHER }.into();
        self.versions.insert(Arc::clone(&version));
        version
    }

    /// Who was not heard of for days.
    pub fn forget(&mut self, now: UtcMillis) {
        let after = self.config.forget_millis();
        self.hubs.retain(|_, seen| now.millis_since(seen.heard) < after);
    }

    /// The fleet in numbers.
    pub fn summary(&self, now: UtcMillis) -> Summary {
        Summary::of(self.hubs.values(), self.since, now)
    }

    /// In the order of their ids, from the one after `after` on.
    pub(crate) fn from(&self, after: Option<HubId>) -> impl Iterator<Item = (HubId, &Seen)> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.hubs.range((begin, Bound::Unbounded)).map(|(hub, seen)| (*hub, seen))
    }
}

pub(crate) fn lock(fleet: &Mutex<Fleet>) -> MutexGuard<'_, Fleet> {
    fleet.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use domain::presence::About;

    use super::*;

    const NOW: UtcMillis = UtcMillis::from_secs(1_800_000_000);

    fn hub(number: u8) -> HubId {
        HubId::from_bytes([number; 16])
    }

    fn presence(number: u8, version: &str) -> Presence {
        let about = About {
            version: version.to_owned(),
            running_secs: 60,
            waiting: 2,
            oldest_waiting: None,
            clock_synchronised: None,
        };
        Presence { hub: hub(number), online: true, about: Some(about) }
    }

    #[test]
    fn memory_is_bounded_by_hubs_and_by_versions() {
        let mut fleet = Fleet::new(FleetConfig { max_hubs: 2, ..FleetConfig::default() }, NOW);
        assert!(fleet.hear(&presence(1, "1"), NOW));
        assert!(fleet.hear(&presence(2, "1"), NOW));
        assert!(!fleet.hear(&presence(3, "1"), NOW));
        // Who is known may say something new.
        assert!(fleet.hear(&presence(2, "2"), NOW));
        for version in 0..1_000 {
            fleet.hear(&presence(1, &format!("made up {version}")), NOW);
        }
        assert!(fleet.versions.len() <= MAX_VERSIONS, "{}", fleet.versions.len());
        assert_eq!(fleet.summary(NOW).hubs, 2);
    }

    #[test]
    fn who_is_silent_is_neither_there_nor_said_to_be_gone_and_is_forgotten_some_day() {
        let mut fleet = Fleet::new(FleetConfig::default(), NOW);
        fleet.hear(&presence(1, "1"), NOW);
        fleet.hear(&presence(2, "1"), NOW);
        fleet.hear(&Presence::gone(hub(2)), NOW);
        let states =
            |fleet: &Fleet, now| fleet.from(None).map(|(_, seen)| seen.state(now)).collect::<Vec<_>>();
        assert_eq!(states(&fleet, NOW), [State::Online, State::Offline]);
        let later = NOW.plus_millis(6 * 60_000);
        assert_eq!(states(&fleet, later), [State::Silent, State::Offline]);
        // What it said of itself is still known.
        assert!(fleet.from(Some(hub(1))).all(|(_, seen)| seen.about.is_some()));
        fleet.forget(NOW.plus_millis(30 * 86_400_000 - 1));
        assert_eq!(fleet.summary(later).hubs, 2);
        fleet.forget(NOW.plus_millis(30 * 86_400_000));
        assert_eq!(fleet.summary(later).hubs, 0);
    }
}
