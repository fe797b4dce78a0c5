//! The write-service: RabbitMQ to InfluxDB.

mod arguments;
mod dead_letters_command;
mod failpoint;
mod settings;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use settings::Settings;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = arguments.config.as_deref();
    match arguments.command {
        Some(Command::DeadLetters(command)) => return dead_letters_command::run(command, config),
        Some(Command::Health) => {
            return service::operations::health("write-service", config, |settings: Settings| {
                (settings.operations, settings.tls)
            });
        }
        None => {}
    }
    service::run("write-service", config, async |context: service::Context<Settings>| {
        let listener = context.config.tls.listen(context.config.operations.listen).await?;
        let mut deps = context.config.deps(context.clock, context.metrics)?;
        deps.stored = arguments.die_before_ack.map(failpoint::die_at);
        Ok(write_service::run(deps, listener, context.shutdown).await?)
    })
}
