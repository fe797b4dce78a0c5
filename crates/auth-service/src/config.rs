//! What can be set, and to what.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use mail::SmtpConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service::operations::OperationsConfig;
use service::telemetry::TelemetryConfig;
use service::tls::{TlsConfig, Trusted};

use crate::BrokerConfig;
use crate::oidc::{ProviderConfig, ProviderSecrets};

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub listen: SocketAddr,
    pub operations: OperationsConfig,
    pub tls: TlsConfig,
    pub telemetry: TelemetryConfig,
    /// An Ed25519 private key, PKCS#8 in PEM; made when it is absent.
    pub signing_key_file: PathBuf,
    /// What the secrets of second factors are sealed with: 32 bytes in base64; made when it is absent.
    pub second_factor_key_file: PathBuf,
    pub accounts: AccountsConfig,
    pub sessions: SessionsConfig,
    pub people: PeopleConfig,
    pub broker: BrokerConfig,
}

/// How people come in.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeopleConfig {
    /// Whether anybody may sign up. Without it only those who are invited.
    pub sign_up: bool,
    /// Where people find the page, for the links in letters.
    pub page_url: String,
    /// Without it no letters are sent: nobody can sign up, be invited or set a forgotten password anew.
    pub smtp: Option<SmtpConfig>,
    /// Whether links are given to whoever asks for them, besides sending them: for a demonstration. Anybody can be
    /// anybody then, so that nothing but loopback addresses goes with it.
    pub show_links: bool,
    /// How many of our own services and proxies stand before this one and add who asked them to `X-Forwarded-For`.
    pub forwarded_hops: u8,
    /// Through whom people may log in, besides with a password.
    pub providers: Vec<ProviderConfig>,
    pub provider_secrets: ProviderSecrets,
    /// Whose certificates are believed when providers are asked.
    #[serde(skip)]
    pub trusted: Trusted,
}

/// Where the accounts are: one of the two.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsConfig {
    pub postgres_url: Option<SecretString>,
    pub sqlite_file: Option<PathBuf>,
}

/// [`AccountsConfig`], decided.
#[derive(Clone, Debug)]
pub enum Store {
    Postgres(SecretString),
    Sqlite(PathBuf),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// A person has to log in again after this long.
    pub life_hours: u32,
    /// For so long an access token is believed, even when the membership has ended since.
    pub token_life_seconds: u32,
    /// How many passwords are checked at once; each takes 19 MiB and a core.
    pub concurrent_logins: u16,
    /// How long a log-in waits for its turn before it is turned away.
    pub login_patience_millis: u64,
    pub purge_interval_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9403)),
            operations: OperationsConfig::at(9413),
            tls: TlsConfig::default(),
            telemetry: TelemetryConfig::default(),
            signing_key_file: PathBuf::from("signing-key.pem"),
            second_factor_key_file: PathBuf::from("second-factor.key"),
            accounts: AccountsConfig::default(),
            sessions: SessionsConfig::default(),
            people: PeopleConfig::default(),
            broker: BrokerConfig::default(),
        }
    }
}

impl Default for PeopleConfig {
    fn default() -> Self {
        Self {
            sign_up: true,
            page_url: "http://127.0.0.1:8080".to_owned(),
            smtp: None,
            show_links: false,
            forwarded_hops: 1,
            providers: Vec::new(),
            provider_secrets: ProviderSecrets::new(),
            trusted: Trusted::default(),
        }
    }
}

impl PeopleConfig {
    pub fn validate(&self, faults: &mut Vec<String>) {
        if !self.page_url.starts_with("https://") && !self.page_url.starts_with("http://") {
            faults.push(format!("people.page_url: {:?} is not an http or https address", self.page_url));
        }
        if let Some(smtp) = &self.smtp {
            smtp.validate("people.smtp", faults);
        }
        crate::oidc::validate(&self.providers, &self.provider_secrets, faults);
        if self.show_links && !self.page_is_local() {
            faults.push(format!(
                "people.show_links: {SHOWN_LINKS}, and people.page_url is {:?}",
                self.page_url
            ));
        }
    }

    /// Whether the page is for this machine only.
    pub fn page_is_local(&self) -> bool {
        self.page_url.parse().is_ok_and(|url| crate::oidc::is_loopback(&url))
    }
}

const SHOWN_LINKS: &str = "whoever asks for anybody's link is shown it and can be anybody, so that it is for a demonstration \
                           at loopback addresses only";

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            life_hours: 30 * 24,
            token_life_seconds: 600,
            concurrent_logins: 4,
            login_patience_millis: 3_000,
            purge_interval_seconds: 3_600,
        }
    }
}

impl AccountsConfig {
    pub fn store(&self) -> Result<Store, String> {
        let url = self.postgres_url.clone().filter(|url| !url.expose_secret().is_empty());
        let file = self.sqlite_file.clone().filter(|file| !file.as_os_str().is_empty());
        match (url, file) {
            (Some(url), None) => Ok(Store::Postgres(url)),
            (None, Some(file)) => Ok(Store::Sqlite(file)),
            (None, None) => Err("accounts: set postgres_url or sqlite_file".to_owned()),
            (Some(_), Some(_)) => Err("accounts: set postgres_url or sqlite_file, not both".to_owned()),
        }
    }
}

impl SessionsConfig {
    pub(crate) fn life_millis(&self) -> i64 {
        i64::from(self.life_hours) * 60 * 60 * 1_000
    }

    pub(crate) fn token_life_millis(&self) -> i64 {
        i64::from(self.token_life_seconds) * 1_000
    }

    pub(crate) const fn login_patience(&self) -> Duration {
        Duration::from_millis(self.login_patience_millis)
    }

    pub(crate) const fn purge_interval(&self) -> Duration {
        Duration::from_secs(self.purge_interval_seconds)
    }
}

impl service::config::Config for Config {
    fn validate(&self, faults: &mut Vec<String>) {
        if let Err(fault) = self.accounts.store() {
            faults.push(fault);
        }
        for (key, file) in [
            ("signing_key_file", &self.signing_key_file),
            ("second_factor_key_file", &self.second_factor_key_file),
        ] {
            if file.as_os_str().is_empty() {
                faults.push(format!("{key}: must be set"));
            }
        }
        self.people.validate(faults);
        if self.people.show_links && !self.listen.ip().to_canonical().is_loopback() {
            faults.push(format!("people.show_links: {SHOWN_LINKS}, and listen is {}", self.listen));
        }
        self.broker.validate(faults);
        self.tls.validate(faults);
        self.telemetry.validate(&self.tls, faults);
        self.tls.may_listen("listen", self.listen, faults);
        self.operations.validate(&self.tls, faults);
        self.broker.validate_ways(&self.tls, faults);
        let mail = self.people.smtp.as_ref().and_then(|smtp| smtp.plain_text_host());
        self.tls.may_reach("people.smtp.security", mail, faults);
        let sessions = &self.sessions;
        for (key, ok, range) in [
            ("life_hours", (1..=10_000).contains(&sessions.life_hours), "1 to 10000"),
            ("token_life_seconds", (10..=3_600).contains(&sessions.token_life_seconds), "10 to 3600"),
            ("concurrent_logins", (1..=256).contains(&sessions.concurrent_logins), "1 to 256"),
            ("login_patience_millis", sessions.login_patience_millis <= 60_000, "0 to 60000"),
            ("purge_interval_seconds", sessions.purge_interval_seconds > 0, "at least 1"),
        ] {
            if !ok {
                faults.push(format!("sessions.{key}: must be {range}"));
            }
        }
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
        if self.people.show_links {
            warnings.push(format!("people.show_links is on: {SHOWN_LINKS}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, service::config::Faults> {
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        service::config::load(None, variables)
    }

    #[test]
    fn one_store_is_enough() {
        let config = load(&[("WATTLINE__ACCOUNTS__SQLITE_FILE", "accounts.db")]).unwrap();
        assert!(matches!(config.accounts.store(), Ok(Store::Sqlite(_))));
        let config = load(&[("WATTLINE__ACCOUNTS__POSTGRES_URL", "postgres://localhost/accounts")]).unwrap();
        assert!(matches!(config.accounts.store(), Ok(Store::Postgres(_))));
    }

    #[test]
    fn links_are_shown_on_this_machine_only_and_with_a_warning() {
        let shown = |page_url: &str, listen: &str| {
            load(&[
                ("WATTLINE__ACCOUNTS__SQLITE_FILE", "accounts.db"),
                ("WATTLINE__TLS__PLAIN_TEXT", "anywhere"),
                ("WATTLINE__PEOPLE__SHOW_LINKS", "true"),
                ("WATTLINE__PEOPLE__PAGE_URL", page_url),
                ("WATTLINE__LISTEN", listen),
            ])
        };
        let (here, there) = ("127.0.0.1:9403", "0.0.0.0:9403");
        for page_url in ["http://127.0.0.1:8080", "http://localhost:8080/", "https://[::1]"] {
            let mut warnings = Vec::new();
            service::config::Config::warnings(&shown(page_url, here).unwrap(), &mut warnings);
            assert!(warnings.iter().any(|one| one.starts_with("people.show_links is on: ")), "{warnings:?}");
        }
        for (page_url, listen, named) in [
            ("https://home.example.org", here, "people.page_url is \"https://home.example.org\""),
            ("http://192.168.1.7:8080", here, "people.page_url is \"http://192.168.1.7:8080\""),
            ("http://localhost.example.org", here, "people.page_url is \"http://localhost.example.org\""),
            ("http://127.0.0.1:8080", there, "listen is 0.0.0.0:9403"),
        ] {
            let faults = shown(page_url, listen).unwrap_err().0;
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].starts_with("people.show_links: ") && faults[0].ends_with(named), "{faults:?}");
        }
        let quiet = load(&[
            ("WATTLINE__ACCOUNTS__SQLITE_FILE", "accounts.db"),
            ("WATTLINE__PEOPLE__PAGE_URL", "https://home.example.org"),
        ]);
        assert!(quiet.is_ok());
    }

    #[test]
    fn every_fault_is_named() {
        let faults = load(&[("WATTLINE__SESSIONS__LIFE_HOURS", "0")]).unwrap_err();
        assert_eq!(
            faults.0,
            ["accounts: set postgres_url or sqlite_file", "sessions.life_hours: must be 1 to 10000"]
        );
    }
}
