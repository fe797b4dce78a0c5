use std::path::Path;
use std::sync::Arc;

use domain::HubId;
use domain::transport::ContainerPublisher;
use serde::Deserialize;
use service::tls::TlsConfig;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) agent: agent::Config,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) pairing: agent::pairing::Config,
    pub(crate) tls: TlsConfig,
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        let mut own = Vec::new();
        self.agent.validate(&mut own);
        faults.extend(own.into_iter().map(|fault| format!("agent.{fault}")));
        self.rabbitmq.validate(faults);
        let mut own = Vec::new();
        self.pairing.validate(&mut own);
        faults.extend(own.into_iter().map(|fault| format!("pairing.{fault}")));
        self.tls.validate(faults);
        self.tls.may_reach("rabbitmq.url", self.rabbitmq.plain_text_host().as_deref(), faults);
        self.tls.may_ask("pairing.auth_url", self.pairing.auth_url.as_deref().unwrap_or_default(), faults);
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }
}

const AUTH_URL: &str = "WATTLINE__PAIRING__AUTH_URL";

/// The environment, in which an address of the command line has the place of the configured one, so that what holds for
/// that one holds for it.
pub(crate) fn paired_at(
    auth_url: Option<String>,
    environment: impl Iterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    let overridden = auth_url.is_some();
    let others = environment.filter(|(name, _)| !(overridden && name == AUTH_URL));
    others.chain(auth_url.map(|url| (AUTH_URL.to_owned(), url))).collect()
}

/// For what looks at meters only, before anything else is configured.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct MeterSettings(pub(crate) Settings);

impl service::config::Config for MeterSettings {
    fn validate(&self, faults: &mut Vec<String>) {
        let mut own = Vec::new();
        meters::config::validate(&self.0.agent.sensors, &self.0.agent.mqtt, &mut own);
        faults.extend(own.into_iter().map(|fault| format!("agent.{fault}")));
    }
}

/// Logs in as the hub that is paired, unless the URL says as whom.
pub(crate) fn publisher(
    mut config: rabbitmq::Config,
    hub: HubId,
    spool: &Path,
) -> anyhow::Result<Arc<dyn ContainerPublisher>> {
    if let Some(secret) = agent::pairing::secret_beside(spool)? {
        config.log_in_as(&hub.to_string(), secret.as_password());
    }
    Ok(Arc::new(rabbitmq::Publisher::connect(config)?))
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
        let own = [("RABBITMQ__URL", "amqp://localhost"), ("AGENT__SENSOR__SIMULATED__SEED", "1")];
        let addresses = [
            ("rabbitmq.url", "amqp://me:hush@rabbitmq:5672/%2f", "amqps://me:hush@rabbitmq/%2f"),
            ("pairing.auth_url", "http://192.168.1.2:8080", "https://wattline.example"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
