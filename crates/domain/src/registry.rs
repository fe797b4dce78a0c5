//! Port: what a household says about its home, beyond who lives there: prices, a budget, which plug carries on for
//! which.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountsError, Household, SocketLabel};
use crate::alerts::AlertSettings;
use crate::calendar::QUARTER_HOUR_MILLIS;
use crate::ids::{HouseholdId, HubId, PersonId, SocketNumber};
use crate::tariff::{self, Fault, Nano, Tariff};
use crate::time::UtcMillis;

/// A socket of a household: its hub, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SocketKey {
    pub hub: HubId,
    pub socket: SocketNumber,
}

/// What one socket measured is shown as another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    pub hub: HubId,
    pub socket: SocketNumber,
    pub into_hub: HubId,
    pub into_socket: SocketNumber,
    /// In Unix seconds, a whole quarter hour: what was measured before, when a plug was replaced. Without it
    /// everything, when two are one.
    #[serde(default)]
    pub until: Option<i64>,
}

impl Succession {
    pub const fn source(&self) -> SocketKey {
        SocketKey { hub: self.hub, socket: self.socket }
    }

    pub const fn target(&self) -> SocketKey {
        SocketKey { hub: self.into_hub, socket: self.into_socket }
    }

    /// Whether what was measured at `at` goes over.
    pub fn holds(&self, at: UtcMillis) -> bool {
        self.until.is_none_or(|until| at < UtcMillis::from_secs(until))
    }
}

/// An ISO 4217 code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the code of a currency, such as EUR")]
pub struct BadCurrency(pub String);

impl Currency {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self("EUR".to_owned())
    }
}

impl TryFrom<String> for Currency {
    type Error = BadCurrency;

    fn try_from(code: String) -> Result<Self, BadCurrency> {
        let fits = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if fits { Ok(Self(code)) } else { Err(BadCurrency(code)) }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0
    }
}

/// What can be set for a home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HomeSettings {
    pub currency: Currency,
    /// For a month.
    #[serde(rename = "budget_n")]
    pub budget: Option<Nano>,
    /// In any order; each holds from its day until that of the next.
    pub tariffs: Vec<Tariff>,
    pub successions: Vec<Succession>,
    pub alerts: AlertSettings,
}

const MAX_SUCCESSIONS: usize = 500;
const MAX_BUDGET: i64 = 1_000_000 * Nano::ONE.0;

impl HomeSettings {
    /// The first thing that makes no sense.
    pub fn check(&self) -> Result<(), Fault> {
        if self.budget.is_some_and(|budget| !(1..=MAX_BUDGET).contains(&budget.0)) {
            return Err(Fault::new("budget_n", "A budget is more than 0 and at most 1,000,000."));
        }
        tariff::check(&self.tariffs)?;
        self.alerts.check()?;
        if self.successions.len() > MAX_SUCCESSIONS {
            let detail = format!("There are at most {MAX_SUCCESSIONS} successions.");
            return Err(Fault::new("successions", detail));
        }
        for (n, succession) in self.successions.iter().enumerate() {
            let fault =
                |field: &str, detail: &str| Err(Fault::new(format!("successions[{n}].{field}"), detail));
            let quarter_secs = QUARTER_HOUR_MILLIS / 1_000;
            if succession.until.is_some_and(|until| until <= 0 || until % quarter_secs != 0) {
                return fault("until", "It must be a whole quarter of an hour after 1970.");
            }
            if self.successions[..n].iter().any(|other| other.source() == succession.source()) {
                return fault("socket", "This socket is already carried on by another one.");
            }
            if self.leads_back(succession) {
                return fault("into_socket", "These sockets carry each other on in a circle.");
            }
        }
        Ok(())
    }

    fn leads_back(&self, succession: &Succession) -> bool {
        let mut at = succession.target();
        for _ in 0..=self.successions.len() {
            if at == succession.source() {
                return true;
            }
            match self.successions.iter().find(|next| next.source() == at) {
                Some(next) => at = next.target(),
                None => return false,
            }
        }
        true
    }

    /// Whose history a measurement is part of.
    pub fn owner(&self, measured: SocketKey, at: UtcMillis) -> SocketKey {
        let mut key = measured;
        // As many steps as there are successions: more would be a circle, which `check` refuses.
        for _ in 0..self.successions.len() {
            match self.successions.iter().find(|next| next.source() == key && next.holds(at)) {
                Some(next) => key = next.target(),
                None => break,
            }
        }
        key
    }
}

/// Settings with the number of times that they were changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredSettings {
    /// 0 when they never were.
    pub revision: i64,
    pub settings: HomeSettings,
}

/// A socket's label with the hub that it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeSocket {
    pub hub: HubId,
    pub label: SocketLabel,
}

/// Every method is one transaction.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// The defaults when none were ever set, also for an unknown household.
    async fn settings(&self, household: HouseholdId) -> Result<StoredSettings, AccountsError>;

    /// As whoever runs the service. Replaces the settings when their revision still is `expected`. The new revision; `None`
    /// when somebody else was quicker. [`AccountsError::Refused`] for an unknown household.
    async fn put_settings(
        &self,
        household: HouseholdId,
        expected: i64,
        settings: &HomeSettings,
    ) -> Result<Option<i64>, AccountsError>;

    /// As somebody in the household: like [`Self::put_settings`], and its name and zone with them.
    /// [`SettingsChanged`](crate::audit::Action::SettingsChanged) is written down.
    async fn change_settings(
        &self,
        household: &Household,
        expected: i64,
        settings: &HomeSettings,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<Option<i64>, AccountsError>;

    /// The labels of all sockets of the household, by hub and number.
    async fn home_sockets(&self, household: HouseholdId) -> Result<Vec<HomeSocket>, AccountsError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> SocketKey {
        SocketKey { hub: HubId::from_bytes([1; 16]), socket: SocketNumber::new(number).unwrap() }
    }

    fn carried_on(from: u8, into: u8, until: Option<i64>) -> Succession {
        let (from, into) = (key(from), key(into));
        Succession { hub: from.hub, socket: from.socket, into_hub: into.hub, into_socket: into.socket, until }
    }

    fn settings(successions: Vec<Succession>) -> HomeSettings {
        HomeSettings { successions, ..HomeSettings::default() }
    }

    #[test]
    fn history_goes_over_to_the_new_plug_and_the_old_one_starts_anew() {
        let home = settings(vec![carried_on(0, 1, Some(9_000)), carried_on(1, 2, None)]);
        assert_eq!(home.check(), Ok(()));
        assert_eq!(home.owner(key(0), UtcMillis::from_secs(8_999)), key(2));
        assert_eq!(home.owner(key(0), UtcMillis::from_secs(9_000)), key(0));
        assert_eq!(home.owner(key(1), UtcMillis::from_secs(9_000)), key(2));
        assert_eq!(home.owner(key(2), UtcMillis(0)), key(2));
    }

    #[test]
    fn circles_forks_and_odd_times_are_refused() {
        let field = |successions| settings(successions).check().unwrap_err().field;
        assert_eq!(field(vec![carried_on(0, 0, None)]), "successions[0].into_socket");
        assert_eq!(field(vec![carried_on(0, 1, None), carried_on(1, 0, None)]), "successions[0].into_socket");
        assert_eq!(field(vec![carried_on(0, 1, None), carried_on(0, 2, None)]), "successions[1].socket");
        assert_eq!(field(vec![carried_on(0, 1, Some(901))]), "successions[0].until");
    }

    #[test]
    fn settings_come_back_from_json() {
        let home = settings(vec![carried_on(0, 1, Some(9_000))]);
        let text = serde_json::to_string(&home).unwrap();
        assert_eq!(serde_json::from_str::<HomeSettings>(&text).unwrap(), home);
        assert_eq!(serde_json::from_str::<HomeSettings>("{}").unwrap(), HomeSettings::default());
    }
}
