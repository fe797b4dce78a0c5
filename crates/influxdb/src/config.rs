use reqwest::{Certificate, Url};
use secrecy::SecretString;
use serde::Deserialize;

use crate::stores::StoreConfig;

/// How to reach InfluxDB.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `http://host:8086`, with a path when a proxy wants one.
    pub url: String,
    pub api: Api,
    /// For 2.x and later; 1.8 takes `user:password` in its place.
    pub token: Option<SecretString>,
    /// For 1.x with authentication, together with `password`.
    pub username: Option<String>,
    pub password: Option<SecretString>,
    /// For 2.x.
    pub org: String,
    /// The bucket, or the database of 1.x. InfluxQL finds a bucket by the database name it is mapped to, which is
    /// its own unless somebody has mapped it otherwise.
    pub bucket: String,
    /// Where rollups are kept, for ever; `<bucket>-rollups` when not set. Never the same as `bucket`.
    pub rollup_bucket: Option<String>,
    /// How long InfluxDB keeps the ticks it is given, from the day we create the bucket; for ever when not set. A
    /// bucket that is there already keeps its own rule.
    pub retention_days: Option<u32>,
    /// How many MiB of rollups whoever answers questions remembers; 0 for none. A year of 30 sockets takes 2.
    pub remembered_mib: u16,
    /// Whether written bodies are compressed: less than half the bytes, for more than ten times the processor's time
    /// that making them takes. For a store that is far away.
    pub gzip: bool,
    pub connect_timeout_millis: u64,
    /// For one write request, its answer included.
    pub write_timeout_millis: u64,
    /// For one question to the server; a long range is asked in several.
    pub query_timeout_millis: u64,
    /// Over which hubs are spread, in place of the one at `url`.
    pub stores: Vec<StoreConfig>,
    /// Authorities that are believed besides the system's. The binary takes them from the setting that holds for every
    /// connection.
    #[serde(skip)]
    pub ca: Vec<Certificate>,
}

/// Which way writes go in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// `/write`: 1.x.
    V1,
    /// `/api/v2/write`: 2.x and later, and 1.8.
    #[default]
    V2,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8086".to_owned(),
            api: Api::default(),
            token: None,
            username: None,
            password: None,
            org: "wattline".to_owned(),
            bucket: "wattline".to_owned(),
            rollup_bucket: None,
            retention_days: None,
            remembered_mib: 64,
            gzip: false,
            connect_timeout_millis: 3_000,
            write_timeout_millis: 15_000,
            query_timeout_millis: 15_000,
            stores: Vec::new(),
            ca: Vec::new(),
        }
    }
}

const MAX_TIMEOUT_MILLIS: u64 = 600_000;
/// InfluxDB counts nanoseconds in 63 bits, and its 2.x API takes seconds in 31.
const MAX_RETENTION_DAYS: u32 = 24_000;

impl Config {
    /// Says what does not make sense, one sentence each, beginning with the key.
    pub fn validate(&self, faults: &mut Vec<String>) {
        if self.stores.is_empty() {
            self.validate_connection(faults);
        } else {
            self.validate_stores(faults);
        }
        // The name goes into `CREATE DATABASE`: where nothing needs quoting, nothing can break out of quotes.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let is_name = |name: &str| (1..=64).contains(&name.len()) && name.chars().all(plain);
        if !is_name(&self.bucket) {
            faults.push("influxdb.bucket: 1 to 64 letters, digits, `_`, `-` or `.`".to_owned());
        }
        if self.rollup_bucket.as_deref().is_some_and(|name| !is_name(name)) {
            faults.push("influxdb.rollup_bucket: 1 to 64 letters, digits, `_`, `-` or `.`".to_owned());
        }
        if self.rollup_bucket.as_ref() == Some(&self.bucket) {
            faults.push(
                "influxdb.rollup_bucket: must not be influxdb.bucket, whose data may expire".to_owned(),
            );
        }
        if self.api == Api::V2 && self.org.is_empty() {
            faults.push("influxdb.org: must be set for the v2 API".to_owned());
        }
        if self.retention_days.is_some_and(|days| days == 0 || days > MAX_RETENTION_DAYS) {
            faults.push(format!("influxdb.retention_days: 1 to {MAX_RETENTION_DAYS}"));
        }
        for (key, millis) in [
            ("connect_timeout_millis", self.connect_timeout_millis),
            ("write_timeout_millis", self.write_timeout_millis),
            ("query_timeout_millis", self.query_timeout_millis),
        ] {
            if millis == 0 || millis > MAX_TIMEOUT_MILLIS {
                faults.push(format!("influxdb.{key}: 1 to {MAX_TIMEOUT_MILLIS}"));
            }
        }
    }

    /// Who is spoken to in plain text; `None` with `https`, and without a sound URL.
    pub(crate) fn plain_text_host(&self) -> Option<String> {
        let url = self.base_url().ok()?;
        (url.scheme() == "http").then(|| url.host_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn base_url(&self) -> Result<Url, String> {
        let url = Url::parse(&self.url).map_err(|error| format!("{:?}: {error}", self.url))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(format!("{:?} is not http://host:port", self.url));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("credentials go into token, or username and password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("{:?} has more than a path", self.url));
        }
        Ok(url)
    }

    pub(crate) fn rollup_bucket(&self) -> String {
        self.rollup_bucket.clone().unwrap_or_else(|| format!("{}-rollups", self.bucket))
    }

    pub(crate) const fn remembered_bytes(&self) -> usize {
        (self.remembered_mib as usize) << 20
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(config: &Config) -> Vec<String> {
        let mut faults = Vec::new();
        config.validate(&mut faults);
        faults
    }

    #[test]
    fn the_defaults_lack_only_the_token() {
        assert_eq!(faults(&Config::default()), ["influxdb.token: must be set for the v2 API"]);
        assert!(faults(&Config { api: Api::V1, ..Config::default() }).is_empty());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let config = Config {
            url: "influxdb:8086".to_owned(),
            org: String::new(),
            bucket: "\"; DROP DATABASE x".to_owned(),
            username: Some("me".to_owned()),
            retention_days: Some(0),
            connect_timeout_millis: 0,
            write_timeout_millis: 600_001,
            ..Config::default()
        };
        let keys: Vec<String> =
            faults(&config).iter().filter_map(|fault| Some(fault.split_once(": ")?.0.to_owned())).collect();
        assert_eq!(
            keys,
            [
                "influxdb.url",
                "influxdb.token",
                "influxdb.username",
                "influxdb.bucket",
                "influxdb.org",
                "influxdb.retention_days",
                "influxdb.connect_timeout_millis",
                "influxdb.write_timeout_millis",
            ]
        );
    }

    #[test]
    fn only_https_is_no_plain_text() {
        let host = |url: &str| Config { url: url.to_owned(), ..Config::default() }.plain_text_host();
        assert_eq!(host("http://store.example:8086").as_deref(), Some("store.example"));
        assert_eq!(host("http://[::1]:8086").as_deref(), Some("[::1]"));
        assert_eq!(host("https://store.example"), None);
    }

    #[test]
    fn rollups_have_a_bucket_of_their_own() {
        let with =
            |name: &str| Config { api: Api::V1, rollup_bucket: Some(name.to_owned()), ..Config::default() };
        assert_eq!(Config::default().rollup_bucket(), "wattline-rollups");
        assert_eq!(with("kept").rollup_bucket(), "kept");
        assert!(faults(&with("kept")).is_empty());
        for name in ["", "a b", "wattline"] {
            let faults = faults(&with(name));
            assert!(faults.len() == 1 && faults[0].starts_with("influxdb.rollup_bucket: "), "{faults:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_and_secrets_do_not_show() {
        let config: Config =
            serde_json::from_str(r#"{"api": "v1", "username": "w", "password": "hush"}"#).unwrap();
        assert_eq!(config.api, Api::V1);
        assert!(!format!("{config:?}").contains("hush"));
        let error = serde_json::from_str::<Config>(r#"{"buckets": "x"}"#).unwrap_err();
        assert!(error.to_string().contains("buckets"), "{error}");
    }
}
