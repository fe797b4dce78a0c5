use std::path::Path;
use std::sync::Arc;

use domain::HubId;
use domain::transport::ContainerPublisher;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) agent: agent::Config,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) pairing: agent::pairing::Config,
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
    }
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
