//! All that can be set of the binary.

use std::net::SocketAddr;

use serde::Deserialize;
use web_app::UpstreamConfig;
use web_app::config::DEFAULT_LISTEN;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the page is served.
    pub(crate) listen: SocketAddr,
    pub(crate) upstream: UpstreamConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: DEFAULT_LISTEN, upstream: UpstreamConfig::default() }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.upstream.validate(faults);
    }
}
