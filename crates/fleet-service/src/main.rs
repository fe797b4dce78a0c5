//! The fleet-service: what hubs say of themselves, from RabbitMQ to operators.

mod arguments;
mod settings;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use fleet_service::Deps;
use settings::Settings;

fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    if let Some(Command::Health) = command {
        return service::operations::health("fleet-service", config.as_deref(), |settings: Settings| {
            (settings.operations, settings.tls)
        });
    }
    service::run("fleet-service", config.as_deref(), async |context: service::Context<Settings>| {
        let Settings { operations, tls, fleet, mut rabbitmq } = context.config;
        rabbitmq.ca = tls.trusted()?.pem();
        rabbitmq.measures = context.metrics.register(rabbitmq::Measures::register);
        let presences = rabbitmq::presences(rabbitmq)?;
        let deps = Deps { presences, clock: context.clock, metrics: context.metrics, fleet };
        let listener = tls.listen(operations.listen).await?;
        Ok(fleet_service::run(deps, listener, context.shutdown).await?)
    })
}
