//! What can be set.

use std::net::SocketAddr;

use serde::Deserialize;
use service::operations::OperationsConfig;
use service::tls::Trusted;

/// Where the page is served.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Where operators ask.
pub const DEFAULT_OPERATIONS: OperationsConfig = OperationsConfig::at(9410);

/// The services behind the page.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamConfig {
    pub auth_url: String,
    pub read_url: String,
    /// Whether browsers may send the session's cookie over HTTPS only. Off for plain HTTP at home.
    pub secure_cookies: bool,
    /// How many proxies of our own stand before the page and add who asked them to `X-Forwarded-For`. None: who is
    /// connected is who asks.
    pub forwarded_hops: u8,
    /// Authorities that are believed besides the system's. The binary takes them from the setting that holds for every
    /// connection.
    #[serde(skip)]
    pub trusted: Trusted,
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            auth_url: "http://127.0.0.1:9403".to_owned(),
            read_url: "http://127.0.0.1:9402".to_owned(),
            secure_cookies: true,
            forwarded_hops: 0,
            trusted: Trusted::default(),
        }
    }
}

impl UpstreamConfig {
    pub fn validate(&self, faults: &mut Vec<String>) {
        for (key, url) in [("auth_url", &self.auth_url), ("read_url", &self.read_url)] {
            if !matches!(reqwest::Url::parse(url), Ok(url) if matches!(url.scheme(), "http" | "https")) {
                faults.push(format!("upstream.{key}: {url:?} is not an http or https address"));
            }
        }
    }
}
