//! All that can be set of the binary.

use fleet_service::FleetConfig;
use fleet_service::config::DEFAULT_OPERATIONS;
use serde::Deserialize;
use service::operations::OperationsConfig;
use service::tls::TlsConfig;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) operations: OperationsConfig,
    pub(crate) tls: TlsConfig,
    pub(crate) fleet: FleetConfig,
    pub(crate) rabbitmq: rabbitmq::Config,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            operations: DEFAULT_OPERATIONS,
            tls: TlsConfig::default(),
            fleet: FleetConfig::default(),
            rabbitmq: rabbitmq::Config::default(),
        }
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.fleet.validate(faults);
        self.rabbitmq.validate(faults);
        self.tls.validate(faults);
        self.operations.validate(&self.tls, faults);
        self.tls.may_reach("rabbitmq.url", self.rabbitmq.plain_text_host().as_deref(), faults);
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
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
        let own = [("RABBITMQ__URL", "amqp://localhost")];
        let addresses = [
            ("operations.listen", "0.0.0.0:9400", "[::1]:9400"),
            ("rabbitmq.url", "amqp://me:hush@rabbitmq:5672/%2f", "amqps://me:hush@rabbitmq/%2f"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
