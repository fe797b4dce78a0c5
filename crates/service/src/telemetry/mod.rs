//! OpenTelemetry's spans over OTLP/HTTP, for those who set an address. Whoever has something to tell does so by
//! `trace::EndedSpan`; here it is gathered and sent. A receiver that is away costs some memory and what does not fit into it.
//!
//! The bodies are JSON, which OTLP defines beside protobuf, and serde is here already. The official crates would add a dozen to
//! the tree, and export whatever is logged; here what may go out is a struct. <https://opentelemetry.io/docs/specs/otlp/>

mod exporter;
mod layer;
mod measures;
mod otlp;

use serde::Deserialize;
use tokio::sync::mpsc;

use crate::tls::TlsConfig;
pub(crate) use exporter::{Exporter, finished};
pub(crate) use layer::Export;
use measures::Measures;

/// Spans that wait to be sent; a kilobyte each at most.
const WAITING: usize = 4_096;

/// Where spans are exported to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Such as `http://127.0.0.1:4318`; `/v1/traces` is added. Without it nothing is exported.
    pub otlp_endpoint: Option<String>,
    /// Of so many traces one is exported, the same ones by every service.
    pub otlp_one_in: u32,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { otlp_endpoint: None, otlp_one_in: 1 }
    }
}

impl TelemetryConfig {
    /// Says what does not make sense, one sentence each, beginning with the key.
    pub fn validate(&self, tls: &TlsConfig, faults: &mut Vec<String>) {
        if let Some(url) = &self.otlp_endpoint {
            match self.traces_url() {
                // It may hold a password.
                None => faults.push("telemetry.otlp_endpoint: it is not an http or https address".to_owned()),
                Some(_) => tls.may_ask("telemetry.otlp_endpoint", url, faults),
            }
        }
        if self.otlp_one_in == 0 {
            faults.push("telemetry.otlp_one_in: must be at least 1".to_owned());
        }
    }

    /// The two ends of the queue; `None` when nothing is exported.
    pub(crate) fn open(&self) -> Option<(Export, Exporter)> {
        let url = self.traces_url()?;
        let (queue, inbox) = mpsc::channel(WAITING);
        let measures = Measures::default();
        let export = Export::new(queue, self.otlp_one_in, measures.dropped.clone());
        Some((export, Exporter::new(url, inbox, measures)))
    }

    fn traces_url(&self) -> Option<url::Url> {
        let base = self.otlp_endpoint.as_deref()?.trim_end_matches('/');
        let url = url::Url::parse(&format!("{base}/v1/traces")).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()).then_some(url)
    }
}

#[cfg(test)]
mod tests;
