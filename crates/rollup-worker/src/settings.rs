//! All that can be set of the binary.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use domain::Clock;
use rollup_worker::config::DEFAULT_LISTEN;
use rollup_worker::{Deps, Erasing, RollupConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where health is served.
    pub(crate) listen: SocketAddr,
    pub(crate) rollup: RollupConfig,
    pub(crate) influxdb: influxdb::Config,
    pub(crate) accounts: AccountsSettings,
}

/// Where it stands what is to be erased.
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
            rollup: RollupConfig::default(),
            influxdb: influxdb::Config::default(),
            accounts: AccountsSettings::default(),
        }
    }
}

impl Settings {
    /// The adapters, connecting in the background.
    pub(crate) fn deps(self, clock: Arc<dyn Clock>) -> anyhow::Result<Deps> {
        let url = self.accounts.postgres_url.unwrap_or_default();
        let accounts = postgres::Accounts::connect(&postgres::Config::new(url)).context("the accounts")?;
        let store = Arc::new(influxdb::Eraser::new(&self.influxdb)?);
        Ok(Deps {
            query: Arc::new(influxdb::Reader::new(&self.influxdb)?),
            rollups: Arc::new(influxdb::Rollups::new(&self.influxdb)?),
            // It forgets by itself.
            forgetting: None,
            erasing: Some(Erasing { list: Arc::new(accounts), store }),
            clock,
            rollup: RollupConfig { retention_days: self.influxdb.retention_days, ..self.rollup },
        })
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        if self.accounts.postgres_url.as_ref().is_none_or(|url| url.expose_secret().is_empty()) {
            faults.push("accounts.postgres_url: must be set".to_owned());
        }
        self.rollup.validate(faults);
        self.influxdb.validate(faults);
    }
}
