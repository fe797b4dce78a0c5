use std::io;
use std::time::Duration;

/// What went wrong with the broker.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("mqtt.url: {0}")]
    Url(&'static str),
    #[error("{operation}: {source}")]
    Io { operation: &'static str, source: io::Error },
    #[error("{operation}: no answer within {} ms", .limit.as_millis())]
    TimedOut { operation: &'static str, limit: Duration },
    #[error("preparing TLS: {0}")]
    Tls(#[source] rustls::Error),
    #[error("the authorities to believe cannot be read")]
    Authorities,
    #[error("the broker refuses the log-in: unknown or revoked, or it cannot look it up now")]
    LoginRefused,
    #[error("the broker refuses the connection: {0}")]
    Refused(String),
    #[error("the broker ended the connection: {0}")]
    Ended(String),
    #[error("the connection was lost")]
    Lost,
    #[error("what came is not MQTT 5: {0}")]
    Protocol(String),
}

impl Error {
    pub(crate) fn io(operation: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, source }
    }
}
