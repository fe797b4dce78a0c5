//! Connecting, and doing so again.

use std::time::Duration;

use lapin::options::ConfirmSelectOptions;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::tcp::OwnedTLSConfig;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::{sleep, timeout};

use crate::{Config, Measures};

/// What went wrong with RabbitMQ.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("rabbitmq.url: {0}")]
    Url(&'static str),
    #[error("{operation}: {source}")]
    Broker { operation: &'static str, source: lapin::Error },
    #[error("declaring {what}: {source}")]
    Declare { what: String, source: lapin::Error },
    #[error("{operation}: no answer within {} ms", .limit.as_millis())]
    TimedOut { operation: &'static str, limit: Duration },
    #[error("the broker ended consuming from {queue}")]
    ConsumerEnded { queue: String },
    #[error("the connection was lost")]
    Lost,
    #[error("the broker refuses the log-in: unknown or revoked, or it cannot look it up now")]
    LoginRefused,
    #[error("large containers came in numbers; from now on {prefetch} at a time and queue")]
    TooMuch { prefetch: u16 },
    #[error("no more large containers; from now on {prefetch} at a time and queue")]
    Calm { prefetch: u16 },
}

impl Error {
    pub(crate) fn broker(operation: &'static str) -> impl FnOnce(lapin::Error) -> Self {
        move |source| Self::Broker { operation, source }
    }
}

/// What fits into a frame of whoever sends containers. lapin keeps two buffers of 32 frames for each connection: 8 MiB with
/// the 128 KiB of the broker, which is more than everything else that an agent needs, and half a MiB with these, the smallest that
/// RabbitMQ 4 takes. A larger container takes several.
const SMALL_FRAME_BYTES: u32 = 8 << 10;

/// To one of the nodes: any of them, and if that fails the others in turn. `name` is what an operator sees among the
/// broker's connections.
pub(crate) async fn connect(config: &Config, name: &str) -> Result<Connection, Error> {
    connect_to_any(config.uris().map_err(Error::Url)?, config, name).await
}

/// The same with little memory, for whoever sends one container now and then.
pub(crate) async fn connect_small(config: &Config, name: &str) -> Result<Connection, Error> {
    let mut uris = config.uris().map_err(Error::Url)?;
    for uri in &mut uris {
        uri.query.frame_max.get_or_insert(SMALL_FRAME_BYTES);
    }
    connect_to_any(uris, config, name).await
}

async fn connect_to_any(mut uris: Vec<AMQPUri>, config: &Config, name: &str) -> Result<Connection, Error> {
    // Clients that all began with the same node would all be there.
    let first = rand::random_range(0..uris.len().max(1));
    uris.rotate_left(first);
    let mut failure = Error::Lost;
    for uri in uris {
        match connect_to(uri, config, name).await {
            Ok(connection) => return Ok(connection),
            // Each node looks the account up by itself, and another may reach what this one does not. That one was
            // refused says more than that another is away.
            Err(_) if matches!(failure, Error::LoginRefused) => {}
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn connect_to(uri: AMQPUri, config: &Config, name: &str) -> Result<Connection, Error> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let limit = config.connect_timeout();
    let runtime = lapin::runtime::default_runtime().map_err(Error::broker("connecting"))?;
    let tls = OwnedTLSConfig { identity: None, cert_chain: config.ca.clone() };
    timeout(limit, Connection::connect_uri_with_config(uri, properties, tls, runtime))
        .await
        .map_err(|_| Error::TimedOut { operation: "connecting", limit })?
        .map_err(
            |source| {
                if is_refusal(&source) { Error::LoginRefused } else { Error::broker("connecting")(source) }
            },
        )
}

fn is_refusal(error: &lapin::Error) -> bool {
    let refused = AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED);
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(error) if *error.kind() == refused)
}

/// Gives up waiting for the broker's answer to `operation` after a while.
pub(crate) async fn answered<T>(
    config: &Config,
    operation: &'static str,
    future: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Error> {
    let limit = config.connect_timeout();
    timeout(limit, future)
        .await
        .map_err(|_| Error::TimedOut { operation, limit })?
        .map_err(Error::broker(operation))
}

pub(crate) async fn confirming_channel(config: &Config, connection: &Connection) -> Result<Channel, Error> {
    let channel = answered(config, "opening a channel", connection.create_channel()).await?;
    let select = channel.confirm_select(ConfirmSelectOptions::default());
    answered(config, "asking for confirms", select).await?;
    Ok(channel)
}

/// Tells the broker; what it does not hear in time it finds out.
pub(crate) async fn close(connection: &Connection) {
    let closing = connection.close(200, "OK".into());
    if let Ok(Err(error)) = timeout(Duration::from_secs(2), closing).await {
        tracing::debug!(%error, "closing a connection");
    }
}

/// When to try again, and what to log: each change of state once.
#[derive(Debug)]
pub(crate) struct Retry {
    name: &'static str,
    measures: Measures,
    attempts: u32,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A refused log-in is one that somebody had to look up, and the next one seldom ends otherwise.
const FIRST_REFUSED_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_REFUSED_PAUSE: Duration = Duration::from_mins(1);

impl Retry {
    pub(crate) fn new(name: &'static str, config: &Config) -> Self {
        Self { name, measures: config.measures.clone(), attempts: 0 }
    }

    pub(crate) fn connected(&mut self) {
        tracing::info!(connection = self.name, "connected to RabbitMQ");
        self.measures.connected(self.name);
        self.attempts = 0;
    }

    /// Waits longer each time, with jitter, so that a thousand hubs do not come back at once.
    pub(crate) async fn failed(&mut self, error: &Error) {
        self.measures.failed(self.name);
        if self.attempts == 0 {
            tracing::warn!(connection = self.name, %error, "RabbitMQ is not available; trying again");
        } else {
            tracing::debug!(connection = self.name, %error, attempt = self.attempts, "RabbitMQ is not available");
        }
        let pause = match error {
            Error::LoginRefused => self.pause(FIRST_REFUSED_PAUSE, LONGEST_REFUSED_PAUSE),
            _ => self.pause(FIRST_PAUSE, LONGEST_PAUSE),
        };
        sleep(pause).await;
    }

    fn pause(&mut self, first: Duration, longest: Duration) -> Duration {
        let longest = first.saturating_mul(1 << self.attempts.min(10)).min(longest);
        self.attempts = self.attempts.saturating_add(1);
        longest.mul_f64(rand::random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        let mut retry = Retry::new("test", &Config::default());
        let mut pause = || retry.pause(FIRST_PAUSE, LONGEST_PAUSE);
        assert!(pause() <= FIRST_PAUSE);
        for _ in 0..100 {
            assert!(pause() <= LONGEST_PAUSE);
        }
        assert!(pause() >= LONGEST_PAUSE / 2);
    }
}
