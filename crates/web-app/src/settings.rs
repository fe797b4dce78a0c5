//! All that can be set of the binary.

use std::net::SocketAddr;

use serde::Deserialize;
use service::operations::OperationsConfig;
use service::telemetry::TelemetryConfig;
use service::tls::TlsConfig;
use web_app::UpstreamConfig;
use web_app::config::{DEFAULT_LISTEN, DEFAULT_OPERATIONS};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the page is served.
    pub(crate) listen: SocketAddr,
    pub(crate) operations: OperationsConfig,
    pub(crate) tls: TlsConfig,
    pub(crate) telemetry: TelemetryConfig,
    pub(crate) upstream: UpstreamConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            operations: DEFAULT_OPERATIONS,
            tls: TlsConfig::default(),
            telemetry: TelemetryConfig::default(),
            upstream: UpstreamConfig::default(),
        }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.upstream.validate(faults);
        self.tls.validate(faults);
        self.telemetry.validate(&self.tls, faults);
        self.tls.may_listen("listen", self.listen, faults);
        self.operations.validate(&self.tls, faults);
        self.tls.may_ask("upstream.auth_url", &self.upstream.auth_url, faults);
        self.tls.may_ask("upstream.read_url", &self.upstream.read_url, faults);
        if self.tls.serves_tls() && !self.upstream.secure_cookies {
            faults.push("upstream.secure_cookies: must stay on with tls.certificate".to_owned());
        }
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }

    fn telemetry(&self) -> Option<(&TelemetryConfig, &TlsConfig)> {
        Some((&self.telemetry, &self.tls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_to_and_for_other_machines_is_refused_unless_told_so() {
        let faults = |variables: Vec<(String, String)>| {
            service::config::load::<Settings>(None, variables)
                .err()
                .map(|faults| faults.0)
                .unwrap_or_default()
        };
        let own = [("UPSTREAM__FORWARDED_HOPS", "0")];
        let addresses = [
            ("listen", "0.0.0.0:9400", "[::1]:9400"),
            ("operations.listen", "0.0.0.0:9400", "[::1]:9400"),
            ("upstream.auth_url", "http://auth-service:9403", "https://auth-service"),
            ("upstream.read_url", "http://10.0.0.3:9402", "http://127.0.0.1:9402"),
            ("telemetry.otlp_endpoint", "http://collector:4318", "https://collector:4318"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
