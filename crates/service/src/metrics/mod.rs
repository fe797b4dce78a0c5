//! What a process counts, in the form that Prometheus reads. `docs/metrics.md` describes every name.
//!
//! One registry for a process, handed from `main` to whoever has something to count. What counts keeps its handles and
//! works the same whether anybody reads them.

mod http;
mod process;

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::text;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(crate) use http::{HttpMeasures, known, measure};

/// The media type of [`Metrics::encode`]. Prometheus asks for it first.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that a process counts.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    http: HttpMeasures,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let http = HttpMeasures::register(&mut registry);
        Self { registry: Arc::new(Mutex::new(registry)), http }
    }
}

impl Metrics {
    /// Of the binary `name`: with its version and what the kernel knows of the process.
    pub fn of_process(name: &'static str) -> Self {
        let metrics = Self::default();
        metrics.register(|registry| {
            let labels = vec![("binary", name), ("version", env!("CARGO_PKG_VERSION"))];
            let build = Info::new(labels);
            registry.register("wattline_build", "Which binary this is", build);
            process::register(registry);
        });
        metrics
    }

    /// Hands the registry to whoever has something to add to it; names are given in full.
    pub fn register<T>(&self, add: impl FnOnce(&mut Registry) -> T) -> T {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everything, as text in the format `OpenMetrics`.
    pub fn encode(&self) -> String {
        let mut page = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = text::encode(&mut page, &registry) {
            // A `String` takes all that is written to it.
            tracing::error!(%error, "the metrics cannot be written");
        }
        page
    }

    pub(crate) const fn http(&self) -> &HttpMeasures {
        &self.http
    }
}

/// One more of what a gauge counts, until it is dropped: also when what it stands for is given up.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl InFlight {
    pub fn enter(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_which_binary_it_is_of_and_what_that_uses() {
        let page = Metrics::of_process("test").encode();
        let version = env!("CARGO_PKG_VERSION");
        for line in [
            format!("wattline_build_info{{binary=\"test\",version=\"{version}\"}} 1"),
            "# TYPE process_cpu_seconds counter".to_owned(),
            "# TYPE process_resident_memory_bytes gauge".to_owned(),
        ] {
            assert!(page.contains(&line), "{line} is not in {page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }
}
