//! The rollup-worker: ticks in InfluxDB to rollups in InfluxDB, and erasing what the accounts say is to go.

mod arguments;
mod settings;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use settings::Settings;

fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    if let Some(Command::Health) = command {
        return service::operations::health("rollup-worker", config.as_deref(), |settings: Settings| {
            (settings.operations, settings.tls)
        });
    }
    service::run("rollup-worker", config.as_deref(), async |context: service::Context<Settings>| {
        let listener = context.config.tls.listen(context.config.operations.listen).await?;
        let deps = context.config.deps(context.clock, context.metrics)?;
        Ok(rollup_worker::run(deps, listener, context.shutdown).await?)
    })
}
