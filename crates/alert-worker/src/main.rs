//! The alert-worker: measurements in InfluxDB, alerts in PostgreSQL, letters to people.

mod arguments;
mod settings;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;
use settings::Settings;

fn main() -> ExitCode {
    let Arguments { config } = Arguments::parse();
    service::run("alert-worker", config.as_deref(), async |context: service::Context<Settings>| {
        let listener = context.config.tls.listen(context.config.listen).await?;
        let deps = context.config.deps(context.clock)?;
        Ok(alert_worker::run(deps, listener, context.shutdown).await?)
    })
}
