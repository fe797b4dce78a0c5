use std::path::Path;
use std::sync::Arc;

use domain::HubId;
use domain::transport::ContainerPublisher;
use serde::Deserialize;
use service::telemetry::TelemetryConfig;
use service::tls::TlsConfig;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) agent: agent::Config,
    pub(crate) rabbitmq: Option<rabbitmq::Config>,
    /// Instead of `rabbitmq`.
    pub(crate) mqtt: Option<mqtt::Config>,
    pub(crate) pairing: agent::pairing::Config,
    pub(crate) tls: TlsConfig,
    pub(crate) telemetry: TelemetryConfig,
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        let mut own = Vec::new();
        self.agent.validate(&mut own);
        faults.extend(own.into_iter().map(|fault| format!("agent.{fault}")));
        self.validate_way(faults);
        let mut own = Vec::new();
        self.pairing.validate(&mut own);
        faults.extend(own.into_iter().map(|fault| format!("pairing.{fault}")));
        self.tls.validate(faults);
        self.telemetry.validate(&self.tls, faults);
        if let Some(address) = self.agent.page.listen {
            self.tls.may_listen("agent.page.listen", address, faults);
        }
        self.tls.may_ask("pairing.auth_url", self.pairing.auth_url.as_deref().unwrap_or_default(), faults);
    }

    fn warnings(&self, warnings: &mut Vec<String>) {
        self.tls.warnings(warnings);
    }

    fn telemetry(&self) -> Option<(&TelemetryConfig, &TlsConfig)> {
        Some((&self.telemetry, &self.tls))
    }
}

impl Settings {
    /// Containers leave over one of the two.
    fn validate_way(&self, faults: &mut Vec<String>) {
        match (&self.rabbitmq, &self.mqtt) {
            (Some(rabbitmq), None) => {
                rabbitmq.validate(faults);
                self.tls.may_reach("rabbitmq.url", rabbitmq.plain_text_host().as_deref(), faults);
            }
            (None, Some(mqtt)) => {
                mqtt.validate(faults);
                self.tls.may_reach("mqtt.url", mqtt.plain_text_host().as_deref(), faults);
            }
            (None, None) => faults.push("rabbitmq.url: it or mqtt.url must be set".to_owned()),
            (Some(_), Some(_)) => faults.push("mqtt: it and [rabbitmq] exclude each other".to_owned()),
        }
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

/// By what containers leave.
pub(crate) struct Leaving {
    pub(crate) rabbitmq: Option<rabbitmq::Config>,
    pub(crate) mqtt: Option<mqtt::Config>,
    pub(crate) compress_from_bytes: Option<usize>,
    /// Authorities that are believed besides the system's, in PEM.
    pub(crate) ca: Option<String>,
}

impl Leaving {
    /// Where they leave to, without who logs in.
    pub(crate) fn place(&self) -> String {
        match (&self.mqtt, &self.rabbitmq) {
            (Some(mqtt), _) => mqtt.place(),
            (None, Some(rabbitmq)) => rabbitmq.place(),
            (None, None) => "nowhere".to_owned(),
        }
    }

    /// Logs in as the hub that is paired, unless the configuration says as whom.
    pub(crate) fn publisher(self, hub: HubId, spool: &Path) -> anyhow::Result<Arc<dyn ContainerPublisher>> {
        let Self { rabbitmq, mqtt, compress_from_bytes, ca } = self;
        let secret = agent::pairing::secret_beside(spool)?;
        let login = secret.as_ref().map(|secret| (hub.to_string(), secret.as_password()));
        let publisher: Arc<dyn ContainerPublisher> = if let Some(config) = mqtt {
            let mut config = mqtt::Config { ca, ..config };
            if let Some((name, password)) = login {
                config.log_in_as(&name, password);
            }
            Arc::new(mqtt::Publisher::connect(config, hub)?)
        } else {
            let mut config = rabbitmq::Config { ca, ..rabbitmq.unwrap_or_default() };
            if let Some((name, password)) = login {
                config.log_in_as(&name, password);
            }
            Arc::new(rabbitmq::Publisher::connect(config)?)
        };
        Ok(match compress_from_bytes {
            Some(from_bytes) => Arc::new(agent::Compressing::new(publisher, from_bytes)),
            None => publisher,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(variables: &[(&str, &str)]) -> Vec<String> {
        let sensor = ("AGENT__SENSOR__SIMULATED__SEED", "1");
        let all = variables.iter().chain([&sensor]);
        let all = all.map(|(key, value)| (format!("WATTLINE__{key}"), (*value).to_owned()));
        service::config::load::<Settings>(None, all).err().map(|faults| faults.0).unwrap_or_default()
    }

    #[test]
    fn containers_leave_over_exactly_one_of_two_ways() {
        let (amqp, mqtt) =
            (("RABBITMQ__URL", "amqps://broker.example"), ("MQTT__URL", "mqtts://broker.example"));
        assert_eq!(faults(&[]), ["rabbitmq.url: it or mqtt.url must be set"]);
        assert_eq!(faults(&[amqp]), Vec::<String>::new());
        assert_eq!(faults(&[mqtt]), Vec::<String>::new());
        assert_eq!(faults(&[amqp, mqtt]), ["mqtt: it and [rabbitmq] exclude each other"]);
        assert_eq!(faults(&[("MQTT__WINDOW", "5")]), ["mqtt.url: must be set"]);
        let plain = faults(&[("MQTT__URL", "mqtt://broker.example")]);
        assert!(
            plain.len() == 1 && plain[0].starts_with("mqtt.url: broker.example is another machine"),
            "{plain:?}"
        );
    }

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
            ("telemetry.otlp_endpoint", "http://collector:4318", "https://collector:4318"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
