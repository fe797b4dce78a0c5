//! The fleet in numbers.

use std::collections::BTreeMap;

use domain::UtcMillis;
use serde::{Deserialize, Serialize};

use crate::fleet::{Seen, State};

/// How all hubs are. Times are in Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Since when it has been listened to them: who was silent since is not known.
    pub since: i64,
    pub hubs: u64,
    pub states: BTreeMap<State, u64>,
    /// Hubs of each version of the agent that are online.
    pub versions: BTreeMap<String, u64>,
    /// Hubs that have containers in their spools, and how many these are.
    pub holding: u64,
    pub waiting: u64,
    /// Start of the tick that has waited longest.
    pub oldest_waiting: Option<i64>,
    /// Hubs whose clocks nobody sets.
    pub unsynchronised: u64,
}

impl Summary {
    pub(crate) fn of<'a>(hubs: impl Iterator<Item = &'a Seen>, since: UtcMillis, now: UtcMillis) -> Self {
        let mut summary = Self { since: since.secs(), ..Self::default() };
        // One look-up a version and not one a hub.
        let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
        for seen in hubs {
            summary.hubs += 1;
            let state = seen.state(now);
            *summary.states.entry(state).or_default() += 1;
            let Some(told) = &seen.about else { continue };
            if state == State::Online {
                *versions.entry(&*told.version).or_default() += 1;
            }
            summary.holding += u64::from(told.waiting > 0);
            summary.waiting = summary.waiting.saturating_add(told.waiting);
            summary.unsynchronised += u64::from(told.clock_synchronised == Some(false));
            if let Some(oldest) = told.oldest_waiting.map(UtcMillis::secs) {
                summary.oldest_waiting =
                    Some(summary.oldest_waiting.map_or(oldest, |known| known.min(oldest)));
            }
        }
        summary.versions = versions.into_iter().map(|(version, hubs)| (version.to_owned(), hubs)).collect();
        summary
    }
}
