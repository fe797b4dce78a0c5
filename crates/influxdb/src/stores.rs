//! Which stores there are, when hubs are spread over several.

use std::time::Duration;

use domain::placement::{BadPlacement, Place, Placement};
use domain::rollup::UtcDay;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::config::{Api, Config};

/// What the only one is called.
const ALONE: &str = "influxdb";

/// One of several stores. What it does not say is as in the section around it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// What hubs are spread by. It keeps its name for ever, wherever it moves to.
    pub name: String,
    pub url: String,
    pub token: Option<SecretString>,
    pub username: Option<String>,
    pub password: Option<SecretString>,
    /// The first UTC day whose ticks it takes, such as `2026-12-01`; since ever when not set.
    pub since: Option<String>,
    /// The first UTC day whose ticks it takes no more. It goes on answering for those before.
    pub until: Option<String>,
}

impl StoreConfig {
    fn place(&self) -> Place {
        let day = |text: &Option<String>| text.as_deref().and_then(UtcDay::parse);
        Place { name: self.name.clone(), since: day(&self.since), until: day(&self.until) }
    }
}

impl Config {
    /// One InfluxDB each, with its name.
    pub fn each(&self) -> Vec<(String, Self)> {
        if self.stores.is_empty() {
            return vec![(ALONE.to_owned(), self.clone())];
        }
        self.stores.iter().map(|store| (store.name.clone(), self.of(store))).collect()
    }

    fn of(&self, store: &StoreConfig) -> Self {
        let has_login = store.token.is_some() || store.username.is_some();
        let own = |own: &Option<SecretString>, common: &Option<SecretString>| {
            if has_login { own.clone() } else { common.clone() }
        };
        let shares = u16::try_from(self.stores.len()).unwrap_or(u16::MAX).max(1);
        Self {
            url: store.url.clone(),
            token: own(&store.token, &self.token),
            username: if has_login { store.username.clone() } else { self.username.clone() },
            password: own(&store.password, &self.password),
            // Together they remember as much as one would.
            remembered_mib: if self.remembered_mib == 0 { 0 } else { (self.remembered_mib / shares).max(1) },
            stores: Vec::new(),
            ..self.clone()
        }
    }

    /// Which of [`each`](Self::each) has what.
    pub fn placement(&self) -> Result<Placement, BadPlacement> {
        if self.stores.is_empty() {
            return Placement::new(&[Place { name: ALONE.to_owned(), since: None, until: None }]);
        }
        Placement::new(&self.stores.iter().map(StoreConfig::place).collect::<Vec<_>>())
    }

    /// Those who are spoken to in plain text: the key of the setting, and the host.
    pub fn plain_text_hosts(&self) -> Vec<(String, String)> {
        let keys = (0..self.stores.len()).map(|n| format!("influxdb.stores[{n}].url"));
        let keys: Vec<String> =
            if self.stores.is_empty() { vec!["influxdb.url".to_owned()] } else { keys.collect() };
        let hosts = self.each().into_iter().map(|(_, config)| config.plain_text_host());
        keys.into_iter().zip(hosts).filter_map(|(key, host)| Some((key, host?))).collect()
    }

    pub(crate) fn validate_stores(&self, faults: &mut Vec<String>) {
        for (n, store) in self.stores.iter().enumerate() {
            let key = format!("influxdb.stores[{n}]");
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if store.name.is_empty() || store.name.len() > 64 || !store.name.chars().all(is_plain) {
                faults.push(format!("{key}.name: 1 to 64 letters, digits, `_`, `-` or `.`"));
            }
            for (day, text) in [("since", &store.since), ("until", &store.until)] {
                if text.as_deref().is_some_and(|text| UtcDay::parse(text).is_none()) {
                    faults.push(format!("{key}.{day}: must be a day such as 2026-12-01"));
                }
            }
            if store.password.is_some() && store.username.is_none() {
                faults.push(format!("{key}.password: needs {key}.username"));
            }
            let mut own = Vec::new();
            self.of(store).validate_connection(&mut own);
            faults.extend(own.into_iter().map(|fault| fault.replacen("influxdb", &key, 1)));
        }
        if let (false, Err(error)) = (self.stores.is_empty(), self.placement()) {
            faults.push(format!("influxdb.stores: {error}"));
        }
    }

    /// What each store has of its own.
    pub(crate) fn validate_connection(&self, faults: &mut Vec<String>) {
        if let Err(reason) = self.base_url() {
            faults.push(format!("influxdb.url: {reason}"));
        }
        if self.api == Api::V2 && self.token.as_ref().is_none_or(|token| token.expose_secret().is_empty()) {
            faults.push("influxdb.token: must be set for the v2 API".to_owned());
        }
        if self.username.is_some() != self.password.is_some() {
            faults.push("influxdb.username: needs influxdb.password, and the other way round".to_owned());
        }
        if self.username.is_some() && self.token.is_some() {
            faults.push("influxdb.token: choose either the token or username and password".to_owned());
        }
    }

    pub(crate) const fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_millis)
    }

    pub(crate) const fn query_timeout(&self) -> Duration {
        Duration::from_millis(self.query_timeout_millis)
    }
}

#[cfg(test)]
mod tests {
    use domain::HubId;

    use super::*;

    fn two() -> Config {
        toml_of(
            r#"{"api": "v1", "username": "me", "password": "hush", "remembered_mib": 9, "stores": [
                {"name": "a", "url": "http://a.example:8086"},
                {"name": "b", "url": "https://b.example", "token": "own", "since": "2026-12-01"}]}"#,
        )
    }

    fn toml_of(text: &str) -> Config {
        serde_json::from_str(text).unwrap()
    }

    fn faults(config: &Config) -> Vec<String> {
        let mut faults = Vec::new();
        config.validate(&mut faults);
        faults
    }

    #[test]
    fn a_store_says_what_it_has_of_its_own() {
        let config = two();
        assert!(faults(&config).is_empty());
        let each = config.each();
        let (a, b) = (&each[0].1, &each[1].1);
        assert_eq!(
            (a.url.as_str(), a.username.as_deref(), a.remembered_mib),
            ("http://a.example:8086", Some("me"), 4)
        );
        assert_eq!(
            (b.url.as_str(), b.username.as_deref(), b.token.is_some()),
            ("https://b.example", None, true)
        );
        assert_eq!(
            config.plain_text_hosts(),
            [("influxdb.stores[0].url".to_owned(), "a.example".to_owned())]
        );
        assert_eq!(config.placement().unwrap().len(), 2);
    }

    #[test]
    fn one_alone_is_what_it_was() {
        let config = Config::default();
        assert_eq!(config.each().len(), 1);
        assert_eq!(config.placement().unwrap().of(HubId::from_bytes([1; 16]), UtcDay(0)), 0);
        assert_eq!(config.plain_text_hosts(), [("influxdb.url".to_owned(), "127.0.0.1".to_owned())]);
    }

    #[test]
    fn every_fault_of_a_store_is_named() {
        let config = toml_of(
            r#"{"stores": [{"name": "a b", "url": "x", "since": "tomorrow"}, {"name": "c", "url": "http://c", "token": "t"}]}"#,
        );
        let faults = faults(&config);
        let keys: Vec<&str> = faults.iter().map(|fault| fault.split_once(": ").unwrap().0).collect();
        assert_eq!(
            keys,
            [
                "influxdb.stores[0].name",
                "influxdb.stores[0].since",
                "influxdb.stores[0].url",
                "influxdb.stores[0].token"
            ]
        );
        let nobody =
            toml_of(r#"{"api": "v1", "stores": [{"name": "a", "url": "http://a", "since": "2026-12-01"}]}"#);
        let mut said = Vec::new();
        nobody.validate(&mut said);
        assert_eq!(said, ["influxdb.stores: no store would take ticks of all days"]);
    }
}
