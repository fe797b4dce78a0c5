//! The read-service: answers from InfluxDB, and live from RabbitMQ.

mod arguments;
mod settings;

use std::process::ExitCode;
use std::sync::Arc;

use arguments::{Arguments, Command};
use clap::Parser;
use read_service::{Deps, KeySource, TokenVerifier};
use settings::Settings;
use tokio::net::TcpListener;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Openapi) = arguments.command {
        return read_service::openapi::print();
    }
    service::run("read-service", arguments.config.as_deref(), async |context: service::Context<Settings>| {
        let settings = context.config;
        let keys = KeySource::new(settings.jwks_url)?;
        let deps = Deps {
            query: Arc::new(influxdb::Reader::new(&settings.influxdb)?),
            rollups: Arc::new(influxdb::Rollups::new(&settings.influxdb)?),
            registry: settings.accounts.open()?,
            live: Arc::new(rabbitmq::Live::connect(settings.rabbitmq)?),
            tokens: Arc::new(TokenVerifier::new(keys, context.clock.clone())),
            clock: context.clock,
        };
        let listener = TcpListener::bind(settings.listen).await?;
        Ok(read_service::run(deps, listener, context.shutdown).await?)
    })
}
