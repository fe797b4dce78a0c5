//! All that can be set of the binary.

use std::net::SocketAddr;

use serde::Deserialize;
use write_service::BatchConfig;
use write_service::config::DEFAULT_LISTEN;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where health is served.
    pub(crate) listen: SocketAddr,
    pub(crate) batch: BatchConfig,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) influxdb: influxdb::Config,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            batch: BatchConfig::default(),
            rabbitmq: rabbitmq::Config::default(),
            influxdb: influxdb::Config::default(),
        }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.batch.validate(faults);
        self.rabbitmq.validate(faults);
        self.influxdb.validate(faults);
    }
}
