//! The read-service: answers from InfluxDB, and live from RabbitMQ.

mod arguments;
mod settings;

use std::process::ExitCode;
use std::sync::Arc;

use arguments::{Arguments, Command};
use clap::Parser;
use read_service::{Deps, KeySource, TokenVerifier};
use settings::Settings;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Openapi) = arguments.command {
        return read_service::openapi::print();
    }
    service::run("read-service", arguments.config.as_deref(), async |context: service::Context<Settings>| {
        let mut settings = context.config;
        let trusted = settings.tls.trusted()?;
        settings.influxdb.ca = trusted.certificates();
        settings.rabbitmq.ca = trusted.pem();
        let keys = KeySource::trusting(settings.jwks_url, &trusted)?;
        let deps = Deps {
            query: Arc::new(influxdb::Reader::new(&settings.influxdb)?),
            rollups: Arc::new(influxdb::Rollups::remembering(&settings.influxdb)?),
            registry: Arc::new(postgres::Accounts::connect(&settings.accounts.config(trusted.pem()))?),
            live: Arc::new(rabbitmq::Live::connect(settings.rabbitmq)?),
            tokens: Arc::new(TokenVerifier::new(keys, context.clock.clone())),
            clock: context.clock,
        };
        let listener = settings.tls.listen(settings.listen).await?;
        Ok(read_service::run(deps, listener, context.shutdown).await?)
    })
}
