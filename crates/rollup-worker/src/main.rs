//! The rollup-worker: ticks in InfluxDB to rollups in InfluxDB, and erasing what the accounts say is to go.

mod arguments;
mod settings;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;
use settings::Settings;

fn main() -> ExitCode {
    let Arguments { config } = Arguments::parse();
    service::run("rollup-worker", config.as_deref(), async |context: service::Context<Settings>| {
        let listener = context.config.tls.listen(context.config.listen).await?;
        let deps = context.config.deps(context.clock)?;
        Ok(rollup_worker::run(deps, listener, context.shutdown).await?)
    })
}
