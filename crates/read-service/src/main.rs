//! The read-service: answers from InfluxDB, and live from RabbitMQ.

mod arguments;
mod settings;

use std::process::ExitCode;
use std::sync::Arc;

use arguments::{Arguments, Command};
use clap::Parser;
use read_service::{Deps, KeySource, TokenVerifier};
use service::operations::{self, Listeners};
use settings::Settings;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = arguments.config.as_deref();
    match arguments.command {
        Some(Command::Openapi) => return read_service::openapi::print(),
        Some(Command::Health) => {
            return operations::health("read-service", config, |settings: Settings| {
                (settings.operations, settings.tls)
            });
        }
        None => {}
    }
    service::run("read-service", config, async |context: service::Context<Settings>| {
        let mut settings = context.config;
        let trusted = settings.tls.trusted()?;
        settings.influxdb.ca = trusted.certificates();
        settings.rabbitmq.ca = trusted.pem();
        settings.rabbitmq.measures = context.metrics.register(rabbitmq::Measures::register);
        let keys = KeySource::trusting(settings.jwks_url, &trusted)?;
        let deps = Deps {
            query: Arc::new(influxdb::Reader::new(&settings.influxdb)?),
            rollups: Arc::new(influxdb::Rollups::remembering(&settings.influxdb)?),
            registry: Arc::new(postgres::Accounts::connect(&settings.accounts.config(trusted.pem()))?),
            live: Arc::new(rabbitmq::Live::connect(settings.rabbitmq)?),
            tokens: Arc::new(TokenVerifier::new(keys, context.clock.clone())),
            clock: context.clock,
            metrics: context.metrics,
        };
        let listeners = Listeners {
            api: settings.tls.listen(settings.listen).await?,
            operations: Some(settings.tls.listen(settings.operations.listen).await?),
        };
        Ok(read_service::run(deps, listeners, context.shutdown).await?)
    })
}
