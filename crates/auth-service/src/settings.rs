//! Which database it is.

use std::sync::Arc;

use auth_service::{Config, Store, Stores};

pub(crate) async fn open(config: &Config) -> anyhow::Result<Stores> {
    Ok(match config.accounts.store().map_err(anyhow::Error::msg)? {
        Store::Postgres(url) => Arc::new(postgres::Accounts::connect(&postgres::Config::new(url))?).into(),
        Store::Sqlite(path) => Arc::new(sqlite::Accounts::open(path).await?).into(),
    })
}
