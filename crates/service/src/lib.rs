//! What every binary of Wattline shares: configuration, logs, metrics, health, shutdown, HTTP errors.
//!
//! It must not know what any service does, nor any adapter.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod health;
pub mod http;
mod logs;
pub mod metrics;
pub mod operations;
pub mod origin;
pub mod problem;
mod run;
pub mod shutdown;
pub mod systemd;
pub mod telemetry;
pub mod tls;
pub mod trace;

pub use logs::LogFormat;
pub use metrics::Metrics;
pub use run::{Context, run, run_with};
