//! What RabbitMQ asks of us (`rabbitmq_auth_backend_http`), and what we ask of it: to close the connections of hubs whose
//! credentials were revoked.
//!
//! RabbitMQ proves nothing to us, so this is served on a port of its own that only RabbitMQ reaches.

mod config;
mod disconnecting;
mod questions;
mod rights;

use std::sync::Arc;

use domain::Clock;
use domain::hubs::HubCredentials;
use service::Metrics;
use service::tls::{Listener, TlsConfig};
use tokio_util::sync::CancellationToken;

pub use config::Config;

#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("listening for RabbitMQ")]
    Listen(#[source] std::io::Error),
    #[error("preparing to ask RabbitMQ's management")]
    Management(#[source] reqwest::Error),
    #[error("serving RabbitMQ")]
    Serve(#[source] std::io::Error),
}

/// Both directions, ready to run.
pub struct Broker {
    listener: Option<Listener>,
    closer: Option<disconnecting::Closer>,
    config: Config,
    credentials: Arc<dyn HubCredentials>,
    clock: Arc<dyn Clock>,
}

impl Broker {
    /// Binds the port, if one is configured.
    pub async fn bind(
        config: Config,
        tls: &TlsConfig,
        credentials: Arc<dyn HubCredentials>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BrokerError> {
        let listener = match config.listen {
            Some(address) => Some(tls.listen(address).await.map_err(BrokerError::Listen)?),
            None => None,
        };
        let closer = disconnecting::Closer::new(&config).map_err(BrokerError::Management)?;
        if listener.is_some() && closer.is_none() {
            tracing::warn!(
                "without broker.management_url a released hub stays connected until it connects anew"
            );
        }
        Ok(Self { listener, closer, config, credentials, clock })
    }

    /// Where RabbitMQ is answered.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Until `shutdown`.
    pub async fn run(self, metrics: &Metrics, shutdown: CancellationToken) -> Result<(), BrokerError> {
        let Self { listener, closer, config, credentials, clock } = self;
        let answer = async {
            let Some(listener) = listener else { return Ok(()) };
            let router = questions::router(config.vhost, Arc::clone(&credentials), Arc::clone(&clock));
            service::http::serve(listener, router, metrics, shutdown.clone())
                .await
                .map_err(BrokerError::Serve)
        };
        let close = async {
            if let Some(closer) = closer {
                closer.run(&*credentials, &*clock, &shutdown).await;
            }
            Ok(())
        };
        tokio::try_join!(answer, close).map(drop)
    }
}
