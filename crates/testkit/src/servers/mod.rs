//! The servers of Debian's packages, each on free ports of 127.0.0.1 with data in its own folder.
//!
//! Everything here blocks and belongs to no async runtime; from an async test call it through
//! `tokio::task::spawn_blocking` or before the runtime starts. Dropping a server kills it.

mod haproxy;
mod influxdb;
mod keycloak;
mod mosquitto;
mod next_debian;
mod ports;
mod postgresql;
mod process;
mod program;
mod rabbitmq;
mod smtp;

use std::io;
use std::time::Duration;

pub use haproxy::Haproxy;
pub use influxdb::InfluxDb;
pub use keycloak::Keycloak;
pub use mosquitto::Mosquitto;
pub use next_debian::NextDebian;
pub use ports::free_port;
pub use postgresql::PostgreSql;
pub(crate) use process::run as run_command;
pub use program::{Program, ProgramSetup, run_to_end};
pub use rabbitmq::{RabbitMq, RabbitMqCluster, RabbitMqClusterSetup, RabbitMqSetup};
pub use smtp::Smtp;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{program} is not installed: apt-get install {package}")]
    Missing { program: String, package: &'static str },
    #[error("{server} is not there: {task} fetches it")]
    NotFetched { server: &'static str, task: &'static str },
    #[error("{operation}: {source}")]
    Io { operation: String, source: io::Error },
    #[error("{server} ended while starting ({status}); its log ends with:\n{log}")]
    Ended { server: &'static str, status: String, log: String },
    #[error("{server} was not ready after {} s; its log ends with:\n{log}", .waited.as_secs())]
    NotReady { server: &'static str, waited: Duration, log: String },
    #[error("{command} failed ({status}):\n{output}")]
    Command { command: String, status: String, output: String },
}

impl ServerError {
    pub(crate) fn io(operation: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let operation = operation.into();
        move |source| Self::Io { operation, source }
    }
}
