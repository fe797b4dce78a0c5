//! What a household is told without having asked.
//!
//! Whoever watches finds out what holds now ([`Finding`]); an alert begins when something is found that was not there
//! before, and ends when it is found no more. The same thing is one alert for as long as it lasts, and a while longer,
//! so that something on the edge does not tell the same again and again.

mod settings;
mod store;
mod unusual;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use settings::{AlertSettings, LeftOn, Mute};
pub use store::{Alerts, Channel, Letter, LetterId, Outcome, Watched};
pub use unusual::{Usual, judge_unusual};

use crate::energy::{Joules, Milliwatts};
use crate::ids::{HouseholdId, HubId, SocketNumber, uuid_id};
use crate::tariff::Nano;
use crate::time::UtcMillis;

uuid_id!(
    /// Which alert.
    AlertId
);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Nothing comes from a hub any more.
    HubOffline,
    /// Nothing comes from a socket any more, though its hub measures others.
    SocketSilent,
    /// A socket draws power for longer than it should.
    LeftOn,
    /// A socket used far more or far less in an hour than it ever does at that time of day.
    Unusual,
    /// The running month will cost more than the budget.
    Budget,
}

impl AlertKind {
    pub const ALL: [Self; 5] =
        [Self::HubOffline, Self::SocketSilent, Self::LeftOn, Self::Unusual, Self::Budget];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HubOffline => "hub_offline",
            Self::SocketSilent => "socket_silent",
            Self::LeftOn => "left_on",
            Self::Unusual => "unusual",
            Self::Budget => "budget",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of alert")]
pub struct UnknownKind(pub String);

impl FromStr for AlertKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// What it is about. In a household at most one alert with the same key is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertKey {
    pub kind: AlertKind,
    /// `None` when it is about the whole home.
    pub hub: Option<HubId>,
    /// `None` when it is about the whole hub.
    pub socket: Option<SocketNumber>,
}

impl AlertKey {
    pub const fn home(kind: AlertKind) -> Self {
        Self { kind, hub: None, socket: None }
    }

    pub const fn hub(kind: AlertKind, hub: HubId) -> Self {
        Self { kind, hub: Some(hub), socket: None }
    }

    pub const fn socket(kind: AlertKind, hub: HubId, socket: SocketNumber) -> Self {
        Self { kind, hub: Some(hub), socket: Some(socket) }
    }
}

/// The figures with which it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Left on: the mean power for as long as it has been on.
    #[serde(rename = "power_mw", skip_serializing_if = "Option::is_none")]
    pub power: Option<Milliwatts>,
    /// Unusual: what was used in the hour.
    #[serde(rename = "energy_j", skip_serializing_if = "Option::is_none")]
    pub energy: Option<Joules>,
    /// Unusual: the median of the same hour of the past weeks.
    #[serde(rename = "usual_j", skip_serializing_if = "Option::is_none")]
    pub usual: Option<Joules>,
    /// Budget: what the month is expected to cost.
    #[serde(rename = "expected_n", skip_serializing_if = "Option::is_none")]
    pub expected: Option<Nano>,
    /// Budget: what it may cost.
    #[serde(rename = "budget_n", skip_serializing_if = "Option::is_none")]
    pub budget: Option<Nano>,
}

/// Something that holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub key: AlertKey,
    /// Since when it holds.
    pub began: UtcMillis,
    pub facts: Facts,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub id: AlertId,
    pub household: HouseholdId,
    pub key: AlertKey,
    /// Since when it holds.
    pub began: UtcMillis,
    /// When it was noticed.
    pub raised: UtcMillis,
    /// When it was found no more. `None` while it is open.
    pub ended: Option<UtcMillis>,
    /// When somebody said that they have seen it.
    pub acknowledged: Option<UtcMillis>,
    pub facts: Facts,
}

/// What is found again so soon after it ended is the same alert.
pub const SAME_ALERT_MILLIS: i64 = 6 * 3_600_000;

impl Alert {
    /// Whether `finding` at `now` is this alert again, though it had ended.
    pub fn comes_back_as(&self, finding: &Finding, now: UtcMillis) -> bool {
        let Some(ended) = self.ended else { return false };
        self.key == finding.key
            && match self.key.kind {
                // A month is told once, however often the forecast goes to and fro.
                AlertKind::Budget => self.began == finding.began,
                _ => now.millis_since(ended) < SAME_ALERT_MILLIS,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn ended(kind: AlertKind, began: i64, ended: i64) -> Alert {
        Alert {
            id: AlertId::from_bytes([1; 16]),
            household: HouseholdId::from_bytes([2; 16]),
            key: AlertKey::home(kind),
            began: UtcMillis(began),
            raised: UtcMillis(began),
            ended: Some(UtcMillis(ended)),
            acknowledged: None,
            facts: Facts::default(),
        }
    }

    fn found(kind: AlertKind, began: i64) -> Finding {
        Finding { key: AlertKey::home(kind), began: UtcMillis(began), facts: Facts::default() }
    }

    #[test]
    fn what_comes_back_soon_is_the_same_alert() {
        let alert = ended(AlertKind::HubOffline, 0, HOUR);
        let again = found(AlertKind::HubOffline, 2 * HOUR);
        assert!(alert.comes_back_as(&again, UtcMillis(7 * HOUR - 1)));
        assert!(!alert.comes_back_as(&again, UtcMillis(7 * HOUR)));
        assert!(!alert.comes_back_as(&found(AlertKind::LeftOn, 2 * HOUR), UtcMillis(3 * HOUR)));
        let open = Alert { ended: None, ..alert };
        assert!(!open.comes_back_as(&again, UtcMillis(3 * HOUR)));
    }

    #[test]
    fn a_month_is_told_once() {
        let alert = ended(AlertKind::Budget, 0, HOUR);
        assert!(alert.comes_back_as(&found(AlertKind::Budget, 0), UtcMillis(400 * HOUR)));
        assert!(!alert.comes_back_as(&found(AlertKind::Budget, HOUR), UtcMillis(2 * HOUR)));
    }

    #[test]
    fn kinds_come_back_from_their_names() {
        for kind in AlertKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert!("other".parse::<AlertKind>().is_err());
    }
}
