//! All that can be set of the binary.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::registry::Registry;
use read_service::config::{DEFAULT_JWKS_URL, DEFAULT_LISTEN};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the API is served.
    pub(crate) listen: SocketAddr,
    /// The auth-service's public keys.
    pub(crate) jwks_url: String,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) influxdb: influxdb::Config,
    pub(crate) accounts: AccountsSettings,
}

/// Where prices and the names of sockets are.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AccountsSettings {
    /// The auth-service's database. Only read.
    pub(crate) postgres_url: Option<SecretString>,
}

impl AccountsSettings {
    /// Connects when it is first needed.
    pub(crate) fn open(self) -> anyhow::Result<Arc<dyn Registry>> {
        let url = self.postgres_url.unwrap_or_default();
        Ok(Arc::new(postgres::Accounts::connect(&postgres::Config::new(url))?))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            jwks_url: DEFAULT_JWKS_URL.to_owned(),
            rabbitmq: rabbitmq::Config::default(),
            influxdb: influxdb::Config::default(),
            accounts: AccountsSettings::default(),
        }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        if !self.jwks_url.starts_with("http://") && !self.jwks_url.starts_with("https://") {
            faults.push(format!("jwks_url: {:?} is not an http or https address", self.jwks_url));
        }
        if self.accounts.postgres_url.as_ref().is_none_or(|url| url.expose_secret().is_empty()) {
            faults.push("accounts.postgres_url: must be set".to_owned());
        }
        self.rabbitmq.validate(faults);
        self.influxdb.validate(faults);
    }
}
