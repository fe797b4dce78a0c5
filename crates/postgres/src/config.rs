use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What is set of it where others than the auth-service read the accounts: the section `[accounts]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsSettings {
    /// The auth-service's database.
    pub postgres_url: Option<SecretString>,
}

impl AccountsSettings {
    /// Says what does not make sense, one sentence each, beginning with the key.
    pub fn validate(&self, faults: &mut Vec<String>) {
        if self.postgres_url.as_ref().is_none_or(|url| url.expose_secret().is_empty()) {
            faults.push("accounts.postgres_url: must be set".to_owned());
        }
    }

    /// `ca`: authorities that are believed besides those of Mozilla's list, in PEM.
    pub fn config(&self, ca: Option<String>) -> Config {
        Config { ca, ..Config::new(self.postgres_url.clone().unwrap_or_default()) }
    }

    /// [`Config::plain_text_host`].
    pub fn plain_text_host(&self) -> Option<String> {
        self.config(None).plain_text_host()
    }
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Config {
    /// `postgres://user:password@host:port/database?sslmode=verify-full`. `require` and `verify-ca` verify the server's
    /// name as well.
    pub url: SecretString,
    pub max_connections: u32,
    /// How long to wait for a connection, a new one included.
    pub acquire_timeout_millis: u64,
    /// The server gives up a statement after this long.
    pub statement_timeout_millis: u64,
    /// Authorities that are believed besides those of Mozilla's list, in PEM.
    pub ca: Option<String>,
}

impl Config {
    pub const fn new(url: SecretString) -> Self {
        Self {
            url,
            max_connections: 10,
            acquire_timeout_millis: 2_000,
            statement_timeout_millis: 5_000,
            ca: None,
        }
    }

    /// Who may be spoken to in plain text; `None` where the URL wants TLS or a Unix socket, and without a sound URL. What
    /// the URL leaves open is taken from libpq's variables (`PGHOST`, `PGSSLMODE`), as when connecting.
    pub fn plain_text_host(&self) -> Option<String> {
        let options = self.options().ok()?;
        let is_socket = options.get_socket().is_some() || options.get_host().starts_with('/');
        let is_verified = matches!(options.get_ssl_mode(), PgSslMode::VerifyFull);
        (!is_socket && !is_verified).then(|| options.get_host().to_owned())
    }

    pub(crate) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        let mut options = PgConnectOptions::from_str(self.url.expose_secret())?;
        // TLS with anybody protects from nobody.
        if matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa) {
            options = options.ssl_mode(PgSslMode::VerifyFull);
        }
        if let Some(ca) = &self.ca {
            options = options.ssl_root_cert_from_pem(ca.clone().into_bytes());
        }
        Ok(options)
    }

    pub(crate) const fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_millis)
    }

    /// The server cannot time out what it never hears of, so the client has a limit of its own.
    pub(crate) const fn operation_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_millis + self.statement_timeout_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn only_verified_tls_and_sockets_are_no_plain_text() {
        let host = |url: &str| Config::new(url.into()).plain_text_host();
        for plain in ["", "?sslmode=disable", "?sslmode=allow", "?sslmode=prefer"] {
            let url = format!("postgres://me:mine@db.example/accounts{plain}");
            assert_eq!(host(&url).as_deref(), Some("db.example"), "{url}");
        }
        for protected in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgres://me:mine@db.example/accounts?sslmode={protected}");
            assert_eq!(host(&url), None, "{url}");
        }
        assert_eq!(host("postgres:///accounts?host=/run/postgresql"), None);
        assert_eq!(host("postgres://%2Frun%2Fpostgresql/accounts"), None);
        // What the query says of the host counts.
        assert_eq!(host("postgres://localhost/accounts?host=db.example").as_deref(), Some("db.example"));
    }
}
