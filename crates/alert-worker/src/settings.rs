//! All that can be set of the binary.

use std::net::SocketAddr;
use std::sync::Arc;

use alert_worker::config::DEFAULT_LISTEN;
use alert_worker::{AlertConfig, Deps};
use anyhow::Context as _;
use domain::Clock;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where health is served.
    pub(crate) listen: SocketAddr,
    pub(crate) alerts: AlertConfig,
    pub(crate) influxdb: influxdb::Config,
    pub(crate) accounts: AccountsSettings,
}

/// Where households and their alerts are.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AccountsSettings {
    /// The auth-service's database.
    pub(crate) postgres_url: Option<SecretString>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            alerts: AlertConfig::default(),
            influxdb: influxdb::Config::default(),
            accounts: AccountsSettings::default(),
        }
    }
}

impl Settings {
    /// The adapters, connecting in the background.
    pub(crate) fn deps(self, clock: Arc<dyn Clock>) -> anyhow::Result<Deps> {
        let url = self.accounts.postgres_url.unwrap_or_default();
        let accounts = postgres::Accounts::connect(&postgres::Config::new(url));
        Ok(Deps {
            query: Arc::new(influxdb::Reader::new(&self.influxdb)?),
            rollups: Arc::new(influxdb::Rollups::new(&self.influxdb)?),
            alerts: Arc::new(accounts.context("the accounts")?),
            clock,
            config: self.alerts,
        })
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        if self.accounts.postgres_url.as_ref().is_none_or(|url| url.expose_secret().is_empty()) {
            faults.push("accounts.postgres_url: must be set".to_owned());
        }
        self.alerts.validate(faults);
        self.influxdb.validate(faults);
    }
}
