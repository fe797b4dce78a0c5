//! All that can be set of the binary.

use std::net::SocketAddr;

use read_service::config::{DEFAULT_JWKS_URL, DEFAULT_LISTEN, DEFAULT_OPERATIONS};
use serde::Deserialize;
use service::operations::OperationsConfig;
use service::telemetry::TelemetryConfig;
use service::tls::TlsConfig;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the API is served.
    pub(crate) listen: SocketAddr,
    pub(crate) operations: OperationsConfig,
    pub(crate) tls: TlsConfig,
    pub(crate) telemetry: TelemetryConfig,
    /// The auth-service's public keys.
    pub(crate) jwks_url: String,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) influxdb: influxdb::Config,
    /// Where prices and the names of sockets are.
    pub(crate) accounts: postgres::AccountsSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            operations: DEFAULT_OPERATIONS,
            tls: TlsConfig::default(),
            telemetry: TelemetryConfig::default(),
            jwks_url: DEFAULT_JWKS_URL.to_owned(),
            rabbitmq: rabbitmq::Config::default(),
            influxdb: influxdb::Config::default(),
            accounts: postgres::AccountsSettings::default(),
        }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        if !self.jwks_url.starts_with("http://") && !self.jwks_url.starts_with("https://") {
            faults.push(format!("jwks_url: {:?} is not an http or https address", self.jwks_url));
        }
        self.accounts.validate(faults);
        self.rabbitmq.validate(faults);
        self.influxdb.validate(faults);
        self.tls.validate(faults);
        self.telemetry.validate(&self.tls, faults);
        self.tls.may_listen("listen", self.listen, faults);
        self.operations.validate(&self.tls, faults);
        self.tls.may_ask("jwks_url", &self.jwks_url, faults);
        let database = self.accounts.plain_text_host();
        self.tls.may_reach("accounts.postgres_url", database.as_deref(), faults);
        self.tls.may_reach("rabbitmq.url", self.rabbitmq.plain_text_host().as_deref(), faults);
        self.tls.may_reach_each(&self.influxdb.plain_text_hosts(), faults);
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }

    fn telemetry(&self) -> Option<(&TelemetryConfig, &TlsConfig)> {
        Some((&self.telemetry, &self.tls))
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
        let own = [
            ("RABBITMQ__URL", "amqp://localhost"),
            ("INFLUXDB__TOKEN", "token"),
            ("ACCOUNTS__POSTGRES_URL", "postgres://127.0.0.1/accounts"),
        ];
        let addresses = [
            ("listen", "0.0.0.0:9400", "[::1]:9400"),
            ("operations.listen", "0.0.0.0:9400", "[::1]:9400"),
            ("rabbitmq.url", "amqp://me:hush@rabbitmq:5672/%2f", "amqps://me:hush@rabbitmq/%2f"),
            ("influxdb.url", "http://influxdb:8086", "https://influxdb:8086"),
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
            ("jwks_url", "http://auth-service:9403/jwks.json", "https://auth-service/jwks.json"),
            ("telemetry.otlp_endpoint", "http://collector:4318", "https://collector:4318"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
