//! What operators see of questions and viewers. `docs/metrics.md` describes every name.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::tokens::TokenError;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Check {
    outcome: &'static str,
}

/// Clones count into the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measures {
    /// Open live streams.
    pub(crate) viewers: Gauge,
    checks: Family<Check, Counter>,
}

impl Measures {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let measures = Self::default();
        registry.register("wattline_live_viewers", "Live streams that are open", measures.viewers.clone());
        registry.register("wattline_token_checks", "Access tokens looked at", measures.checks.clone());
        measures
    }

    /// Counts what was found of a token.
    pub(crate) fn checked<T>(&self, found: &Result<T, TokenError>) {
        let outcome = match found {
            Ok(_) => "valid",
            Err(TokenError::Expired) => "expired",
            Err(TokenError::Invalid(_)) => "invalid",
            Err(TokenError::NoKeys(_)) => "no_keys",
        };
        self.checks.get_or_create(&Check { outcome }).inc();
    }
}
