//! Where a service is asked: by everybody, and by operators.

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::metrics::Metrics;
use crate::tls::Listener;

/// The two doors of a service with an API.
pub struct Listeners {
    /// Its API.
    pub api: Listener,
    /// Health, metrics and version; without it nobody is answered.
    pub operations: Option<Listener>,
}

impl From<Listener> for Listeners {
    fn from(api: Listener) -> Self {
        Self { api, operations: None }
    }
}

impl From<TcpListener> for Listeners {
    fn from(api: TcpListener) -> Self {
        Listener::from(api).into()
    }
}

/// Answers operators, if they have a door, until `end`.
pub async fn serve_if_any(
    operations: Option<Listener>,
    name: &'static str,
    metrics: Metrics,
    health: Health,
    end: CancellationToken,
) -> std::io::Result<()> {
    match operations {
        Some(listener) => super::serve(listener, name, metrics, health, end).await,
        None => Ok(()),
    }
}
