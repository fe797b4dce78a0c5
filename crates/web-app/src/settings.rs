//! All that can be set of the binary.

use std::net::SocketAddr;

use serde::Deserialize;
use service::tls::TlsConfig;
use web_app::UpstreamConfig;
use web_app::config::DEFAULT_LISTEN;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the page is served.
    pub(crate) listen: SocketAddr,
    pub(crate) tls: TlsConfig,
    pub(crate) upstream: UpstreamConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: DEFAULT_LISTEN, tls: TlsConfig::default(), upstream: UpstreamConfig::default() }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.upstream.validate(faults);
        self.tls.validate(faults);
        self.tls.may_listen("listen", self.listen, faults);
        self.tls.may_ask("upstream.auth_url", &self.upstream.auth_url, faults);
        self.tls.may_ask("upstream.read_url", &self.upstream.read_url, faults);
        if self.tls.serves_tls() && !self.upstream.secure_cookies {
            faults.push("upstream.secure_cookies: must stay on with tls.certificate".to_owned());
        }
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }
}
