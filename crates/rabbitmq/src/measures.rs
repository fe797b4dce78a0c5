//! What operators see of our connections to RabbitMQ. `docs/metrics.md` describes every name.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// By what the connection is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    connection: &'static str,
}

/// Clones count into the same.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    connected: Family<Labels, Gauge>,
    connects: Family<Labels, Counter>,
    failures: Family<Labels, Counter>,
}

impl Measures {
    pub fn register(registry: &mut Registry) -> Self {
        let measures = Self::default();
        let help = "1 while there is a connection to RabbitMQ, 0 while there is none";
        registry.register("wattline_rabbitmq_connected", help, measures.connected.clone());
        let help = "Connections to RabbitMQ that came about";
        registry.register("wattline_rabbitmq_connects", help, measures.connects.clone());
        let help = "Connections to RabbitMQ that failed or were lost";
        registry.register("wattline_rabbitmq_connection_failures", help, measures.failures.clone());
        measures
    }

    pub(crate) fn connected(&self, connection: &'static str) {
        let labels = Labels { connection };
        self.connected.get_or_create(&labels).set(1);
        self.connects.get_or_create(&labels).inc();
    }

    pub(crate) fn failed(&self, connection: &'static str) {
        let labels = Labels { connection };
        self.connected.get_or_create(&labels).set(0);
        self.failures.get_or_create(&labels).inc();
    }
}
