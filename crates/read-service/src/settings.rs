//! All that can be set of the binary.

use std::net::SocketAddr;

use read_service::config::{DEFAULT_JWKS_URL, DEFAULT_LISTEN};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the API is served.
    pub(crate) listen: SocketAddr,
    /// The auth-service's public keys.
    pub(crate) jwks_url: String,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) influxdb: influxdb::Config,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            jwks_url: DEFAULT_JWKS_URL.to_owned(),
            rabbitmq: rabbitmq::Config::default(),
            influxdb: influxdb::Config::default(),
        }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        if !self.jwks_url.starts_with("http://") && !self.jwks_url.starts_with("https://") {
            faults.push(format!("jwks_url: {:?} is not an http or https address", self.jwks_url));
        }
        self.rabbitmq.validate(faults);
        self.influxdb.validate(faults);
    }
}
