//! All that can be set of the binary.

use std::sync::Arc;

use domain::Clock;
use serde::Deserialize;
use service::Metrics;
use service::operations::OperationsConfig;
use service::telemetry::TelemetryConfig;
use service::tls::TlsConfig;
use write_service::config::DEFAULT_OPERATIONS;
use write_service::{BatchConfig, Deps, DoorConfig, Prepared};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) operations: OperationsConfig,
    pub(crate) tls: TlsConfig,
    pub(crate) telemetry: TelemetryConfig,
    pub(crate) batch: BatchConfig,
    pub(crate) door: DoorConfig,
    pub(crate) rabbitmq: rabbitmq::Config,
    pub(crate) influxdb: influxdb::Config,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            operations: DEFAULT_OPERATIONS,
            tls: TlsConfig::default(),
            telemetry: TelemetryConfig::default(),
            batch: BatchConfig::default(),
            door: DoorConfig::default(),
            rabbitmq: rabbitmq::Config::default(),
            influxdb: influxdb::Config::default(),
        }
    }
}

impl Settings {
    /// The adapters, connecting in the background.
    pub(crate) fn deps(mut self, clock: Arc<dyn Clock>, metrics: Metrics) -> anyhow::Result<Deps> {
        self.influxdb.ca = self.tls.trusted()?.certificates();
        let mut rabbitmq = self.broker()?;
        rabbitmq.measures = metrics.register(rabbitmq::Measures::register);
        // Each for itself: one that takes no ticks now is not waited for.
        let store = influxdb::Spread::over(&self.influxdb, |store| {
            let (writer, database) = (influxdb::Writer::new(store)?, Arc::new(store.clone()));
            Ok(Prepared::new(writer, move || {
                let database = database.clone();
                async move { influxdb::prepare(&database).await }
            }))
        })?;
        let stale = Arc::new(influxdb::Rollups::new(&self.influxdb)?);
        let retention_days = self.influxdb.retention_days;
        Ok(Deps {
            source: Arc::new(rabbitmq::Source::connect(rabbitmq)?),
            store: Arc::new(store),
            stale,
            batch: self.batch,
            door: DoorConfig { retention_days, ..self.door },
            clock,
            metrics,
            stored: None,
        })
    }

    /// Whom the broker's certificate must come from is in another section.
    pub(crate) fn broker(&self) -> anyhow::Result<rabbitmq::Config> {
        Ok(rabbitmq::Config { ca: self.tls.trusted()?.pem(), ..self.rabbitmq.clone() })
    }
}

impl service::config::Config for Settings {
    fn validate(&self, faults: &mut Vec<String>) {
        self.batch.validate(faults);
        self.door.validate(faults);
        self.rabbitmq.validate(faults);
        self.influxdb.validate(faults);
        self.tls.validate(faults);
        self.telemetry.validate(&self.tls, faults);
        self.operations.validate(&self.tls, faults);
        self.tls.may_reach("rabbitmq.url", self.rabbitmq.plain_text_host().as_deref(), faults);
        self.tls.may_reach_each(&self.influxdb.plain_text_hosts(), faults);
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
        let own = [("RABBITMQ__URL", "amqp://localhost"), ("INFLUXDB__TOKEN", "token")];
        let addresses = [
            ("operations.listen", "0.0.0.0:9400", "[::1]:9400"),
            ("rabbitmq.url", "amqp://me:hush@rabbitmq:5672/%2f", "amqps://me:hush@rabbitmq/%2f"),
            ("influxdb.url", "http://influxdb:8086", "https://influxdb:8086"),
            ("telemetry.otlp_endpoint", "http://collector:4318", "https://collector:4318"),
        ];
        testkit::plain_text::is_refused(faults, &own, &addresses);
    }
}
