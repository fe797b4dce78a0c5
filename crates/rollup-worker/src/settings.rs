//! All that can be set of the binary.

use std::sync::Arc;

use anyhow::Context as _;
use domain::Clock;
use rollup_worker::config::DEFAULT_OPERATIONS;
use rollup_worker::{Deps, Erasing, RollupConfig};
use serde::Deserialize;
use service::Metrics;
use service::operations::OperationsConfig;
use service::tls::TlsConfig;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) operations: OperationsConfig,
    pub(crate) tls: TlsConfig,
    pub(crate) rollup: RollupConfig,
    pub(crate) influxdb: influxdb::Config,
    /// Where it stands what is to be erased.
    pub(crate) accounts: postgres::AccountsSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            operations: DEFAULT_OPERATIONS,
            tls: TlsConfig::default(),
            rollup: RollupConfig::default(),
            influxdb: influxdb::Config::default(),
            accounts: postgres::AccountsSettings::default(),
        }
    }
}

impl Settings {
    /// The adapters, connecting in the background.
    pub(crate) fn deps(mut self, clock: Arc<dyn Clock>, metrics: Metrics) -> anyhow::Result<Deps> {
        let trusted = self.tls.trusted()?;
        self.influxdb.ca = trusted.certificates();
        let accounts =
            postgres::Accounts::connect(&self.accounts.config(trusted.pem())).context("the accounts")?;
        let store = Arc::new(influxdb::Eraser::new(&self.influxdb)?);
        Ok(Deps {
            query: Arc::new(influxdb::Reader::new(&self.influxdb)?),
            rollups: Arc::new(influxdb::Rollups::new(&self.influxdb)?),
            // It forgets by itself.
            forgetting: None,
            erasing: Some(Erasing { list: Arc::new(accounts), store }),
            clock,
            metrics,
            rollup: RollupConfig { retention_days: self.influxdb.retention_days, ..self.rollup },
        })
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.accounts.validate(faults);
        self.rollup.validate(faults);
        self.influxdb.validate(faults);
        self.tls.validate(faults);
        self.operations.validate(&self.tls, faults);
        self.tls.may_reach_each(&self.influxdb.plain_text_hosts(), faults);
        let database = self.accounts.plain_text_host();
        self.tls.may_reach("accounts.postgres_url", database.as_deref(), faults);
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_to_and_for_other_machines_is_refused_unless_told_so() {
        let faults = |variables: Vec<(String, String)>| {
            service::config::load::<Settings>(None, variables)
                .err()
                .map(|faults| faults.0)
                .unwrap_or_default()
        };
        let own = [("INFLUXDB__TOKEN", "token"), ("ACCOUNTS__POSTGRES_URL", "postgres://127.0.0.1/accounts")];
        let addresses = [
            ("operations.listen", "0.0.0.0:9400", "[::1]:9400"),
            ("influxdb.url", "http://influxdb:8086", "https://influxdb:8086"),
            (
                "accounts.postgres_url",
                "postgres://me:hush@db/accounts",
                "postgres://me:hush@db/accounts?sslmode=verify-full",
            ),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
