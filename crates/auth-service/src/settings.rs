//! Where the accounts are, as the configuration says.

use std::sync::Arc;

use auth_service::{Config, Store, Stores};

/// The rest of the configuration: what only the adapter can tell of its URL.
#[derive(Default, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Settings(pub(crate) Config);

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.0.validate(faults);
        if let Ok(Store::Postgres(url)) = self.0.accounts.store() {
            let host = postgres::Config::new(url).plain_text_host();
            self.0.tls.may_reach("accounts.postgres_url", host.as_deref(), faults);
        }
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.0.warnings(warnings);
    }
}

pub(crate) async fn open(config: &Config) -> anyhow::Result<Stores> {
    Ok(match config.accounts.store().map_err(anyhow::Error::msg)? {
        Store::Postgres(url) => {
            let config = postgres::Config { ca: config.tls.trusted()?.pem(), ..postgres::Config::new(url) };
            Arc::new(postgres::Accounts::connect(&config)?).into()
        }
        Store::Sqlite(path) => Arc::new(sqlite::Accounts::open(path).await?).into(),
    })
}
