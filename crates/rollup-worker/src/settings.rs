//! All that can be set of the binary.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use domain::Clock;
use rollup_worker::config::DEFAULT_LISTEN;
use rollup_worker::{Deps, Erasing, RollupConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service::tls::TlsConfig;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where health is served.
    pub(crate) listen: SocketAddr,
    pub(crate) tls: TlsConfig,
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

impl AccountsSettings {
    fn database(&self) -> postgres::Config {
        postgres::Config::new(self.postgres_url.clone().unwrap_or_default())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            tls: TlsConfig::default(),
            rollup: RollupConfig::default(),
            influxdb: influxdb::Config::default(),
            accounts: AccountsSettings::default(),
        }
    }
}

impl Settings {
    /// The adapters, connecting in the background.
    pub(crate) fn deps(mut self, clock: Arc<dyn Clock>) -> anyhow::Result<Deps> {
        let trusted = self.tls.trusted()?;
        self.influxdb.ca = trusted.certificates();
        let accounts = postgres::Config { ca: trusted.pem(), ..self.accounts.database() };
        let accounts = postgres::Accounts::connect(&accounts).context("the accounts")?;
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
        self.tls.validate(faults);
        self.tls.may_listen("listen", self.listen, faults);
        self.tls.may_reach("influxdb.url", self.influxdb.plain_text_host().as_deref(), faults);
        let database = self.accounts.database().plain_text_host();
        self.tls.may_reach("accounts.postgres_url", database.as_deref(), faults);
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(variables: &[(&str, &str)]) -> Vec<String> {
        let own = [("INFLUXDB__TOKEN", "token"), ("ACCOUNTS__POSTGRES_URL", "postgres://127.0.0.1/accounts")];
        let variables = own
            .iter()
            .chain(variables)
            .map(|(name, value)| (format!("WATTLINE__{name}"), (*value).to_owned()));
        service::config::load::<Settings>(None, variables).err().map(|faults| faults.0).unwrap_or_default()
    }

    #[test]
    fn plain_text_to_and_for_other_machines_is_refused_unless_told_so() {
        assert!(faults(&[]).is_empty(), "{:?}", faults(&[]));
        for (key, plain, safe) in [
            ("listen", "0.0.0.0:9400", "[::1]:9400"),
            ("influxdb.url", "http://influxdb:8086", "https://influxdb:8086"),
            (
                "accounts.postgres_url",
                "postgres://me:hush@db/accounts",
                "postgres://me:hush@db/accounts?sslmode=verify-full",
            ),
        ] {
            let variable = key.to_uppercase().replace('.', "__");
            let said = faults(&[(&variable, plain)]);
            assert!(
                said.len() == 1
                    && said[0].starts_with(&format!("{key}: "))
                    && said[0].contains("tls.plain_text"),
                "{said:?}"
            );
            assert!(!said[0].contains("hush"), "{said:?}");
            assert!(faults(&[(&variable, plain), ("TLS__PLAIN_TEXT", "anywhere")]).is_empty(), "{key}");
            assert!(faults(&[(&variable, safe)]).is_empty(), "{key}: {:?}", faults(&[(&variable, safe)]));
        }
    }
}
