use std::time::Duration;

use secrecy::SecretString;

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Config {
    /// `postgres://user:password@host:port/database?sslmode=verify-full`
    pub url: SecretString,
    pub max_connections: u32,
    /// How long to wait for a connection, a new one included.
    pub acquire_timeout_millis: u64,
    /// The server gives up a statement after this long.
    pub statement_timeout_millis: u64,
}

impl Config {
    pub const fn new(url: SecretString) -> Self {
        Self { url, max_connections: 10, acquire_timeout_millis: 2_000, statement_timeout_millis: 5_000 }
    }

    pub(crate) const fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_millis)
    }

    /// The server cannot time out what it never hears of, so the client has a limit of its own.
    pub(crate) const fn operation_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_millis + self.statement_timeout_millis)
    }
}
