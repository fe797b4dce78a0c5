//! What operators see of questions and viewers. `docs/metrics.md` describes every name.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::tokens::TokenError;

const VALID: &str = "valid";
const EXPIRED: &str = "expired";
const INVALID: &str = "invalid";
const NO_KEYS: &str = "no_keys";

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
        // There from the start, at 0: else the first one would look like no rise.
        for outcome in [VALID, EXPIRED, INVALID, NO_KEYS] {
            drop(measures.checks.get_or_create(&Check { outcome }));
        }
        registry.register("wattline_live_viewers", "Live streams that are open", measures.viewers.clone());
        registry.register("wattline_token_checks", "Access tokens looked at", measures.checks.clone());
        measures
    }

    /// Counts what was found of a token.
    pub(crate) fn checked<T>(&self, found: &Result<T, TokenError>) {
        let outcome = match found {
            Ok(_) => VALID,
            Err(TokenError::Expired) => EXPIRED,
            Err(TokenError::Invalid(_)) => INVALID,
            Err(TokenError::NoKeys(_)) => NO_KEYS,
        };
        self.checks.get_or_create(&Check { outcome }).inc();
    }
}
