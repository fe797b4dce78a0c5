//! Where the accounts are, as the configuration says.

use std::sync::Arc;

use auth_service::{Config, Store, Stores};
use service::telemetry::TelemetryConfig;
use service::tls::TlsConfig;

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

    fn telemetry(&self) -> Option<(&TelemetryConfig, &TlsConfig)> {
        Some((&self.0.telemetry, &self.0.tls))
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
        let own = [
            ("ACCOUNTS__POSTGRES_URL", "postgres://127.0.0.1/accounts"),
            ("BROKER__MANAGEMENT_USER", "me"),
            ("BROKER__MANAGEMENT_PASSWORD", "hush"),
            ("PEOPLE__SMTP__HOST", "mail.example"),
            ("PEOPLE__SMTP__FROM", "me@example.org"),
        ];
        let addresses = [
            ("listen", "0.0.0.0:9400", "[::1]:9400"),
            ("operations.listen", "0.0.0.0:9400", "[::1]:9400"),
            (
                "accounts.postgres_url",
                "postgres://me:hush@db/accounts",
                "postgres://me:hush@db/accounts?sslmode=verify-full",
            ),
            (
                "accounts.postgres_url",
                "postgres://me:hush@db/accounts?sslmode=prefer",
                "postgres://me:hush@db/accounts?sslmode=require",
            ),
            ("broker.listen", "[::]:9406", "127.0.0.1:9406"),
            ("broker.management_url", "http://rabbitmq:15672", "https://rabbitmq:15671"),
            ("telemetry.otlp_endpoint", "http://collector:4318", "https://collector:4318"),
            ("people.smtp.security", "none", "tls"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
