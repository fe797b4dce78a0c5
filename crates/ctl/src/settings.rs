//! All that can be set. Each command needs only some of it, and says so when it is not there.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use service::tls::TlsConfig;
use url::Url;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) tls: TlsConfig,
    pub(crate) services: ServicesConfig,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) influxdb: influxdb::Config,
    pub(crate) accounts: postgres::AccountsSettings,
    pub(crate) sqlite: FilesConfig,
}

/// The files of a standalone, or of an auth-service without PostgreSQL.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FilesConfig {
    /// `accounts.db` of a standalone's `data_dir`, or `accounts.sqlite_file` of the auth-service.
    pub(crate) accounts: Option<PathBuf>,
    /// `measurements.db` of a standalone's `data_dir`.
    pub(crate) measurements: Option<PathBuf>,
}

/// Where the services answer operators.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServicesConfig {
    /// Of every process, replicas too.
    pub(crate) urls: Vec<String>,
    /// Of the fleet-service.
    pub(crate) fleet_url: String,
}

impl Default for ServicesConfig {
    fn default() -> Self {
        let here = |port: u16| format!("http://127.0.0.1:{port}");
        Self { urls: [9401, 9404, 9405, 9407, 9410, 9412, 9413].map(here).to_vec(), fleet_url: here(9407) }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.tls.validate(faults);
        for (place, url) in self.services.urls.iter().enumerate() {
            check(&self.tls, &format!("services.urls[{place}]"), url, faults);
        }
        check(&self.tls, "services.fleet_url", &self.services.fleet_url, faults);
        if !self.rabbitmq.url.expose_secret().is_empty() {
            self.tls.may_reach("rabbitmq.url", self.rabbitmq.plain_text_host().as_deref(), faults);
        }
        self.tls.may_reach_each(&self.influxdb.plain_text_hosts(), faults);
        if self.accounts.postgres_url.is_some() {
            let database = self.accounts.plain_text_host();
            self.tls.may_reach("accounts.postgres_url", database.as_deref(), faults);
        }
    }
}

fn check(tls: &TlsConfig, key: &str, url: &str, faults: &mut Vec<String>) {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        faults.push(format!("{key}: {url:?} is not an http or https address"));
    }
    tls.may_ask(key, url, faults);
}

impl Settings {
    pub(crate) fn http(&self) -> anyhow::Result<reqwest::Client> {
        Ok(self.http_builder()?.build()?)
    }

    /// For what is behind the name of `url` at one of its addresses.
    pub(crate) fn http_at(&self, url: &str, address: SocketAddr) -> anyhow::Result<reqwest::Client> {
        let url = Url::parse(url)?;
        Ok(self.http_builder()?.resolve(url.host_str().unwrap_or_default(), address).build()?)
    }

    fn http_builder(&self) -> anyhow::Result<reqwest::ClientBuilder> {
        let builder = reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)).no_proxy();
        Ok(self.tls.trusted()?.put_into(builder))
    }

    pub(crate) fn broker(&self) -> anyhow::Result<rabbitmq::Config> {
        let config = rabbitmq::Config { ca: self.tls.trusted()?.pem(), ..self.rabbitmq.clone() };
        complete(|faults| config.validate(faults))?;
        Ok(config)
    }

    pub(crate) fn store(&self) -> anyhow::Result<influxdb::Config> {
        let mut config = self.influxdb.clone();
        config.ca = self.tls.trusted()?.certificates();
        complete(|faults| config.validate(faults))?;
        Ok(config)
    }

    /// The address of the accounts.
    pub(crate) fn accounts(&self) -> anyhow::Result<&secrecy::SecretString> {
        complete(|faults| self.accounts.validate(faults))?;
        self.accounts.postgres_url.as_ref().context("accounts.postgres_url: must be set")
    }

    pub(crate) const fn knows_accounts(&self) -> bool {
        self.accounts.postgres_url.is_some()
    }

    pub(crate) fn registry(&self) -> anyhow::Result<postgres::Accounts> {
        self.accounts()?;
        Ok(postgres::Accounts::connect(&self.accounts.config(self.tls.trusted()?.pem()))?)
    }
}

/// Says at once everything that is wrong with what this command needs.
fn complete(validate: impl FnOnce(&mut Vec<String>)) -> anyhow::Result<()> {
    let mut faults = Vec::new();
    validate(&mut faults);
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}
