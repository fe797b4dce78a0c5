//! The write-service: RabbitMQ to InfluxDB.

mod failpoint;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use settings::Settings;
use tokio::net::TcpListener;

/// Stores what hubs publish.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Dies by SIGKILL when the store has the n-th batch and nobody was told: for tests of that moment.
    #[arg(long, hide = true)]
    die_before_ack: Option<u32>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    service::run("write-service", arguments.config.as_deref(), async |context: service::Context<Settings>| {
        let listener = TcpListener::bind(context.config.listen).await?;
        let mut deps = context.config.deps(context.clock)?;
        deps.stored = arguments.die_before_ack.map(failpoint::die_at);
        Ok(write_service::run(deps, listener, context.shutdown).await?)
    })
}
