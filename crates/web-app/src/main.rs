//! The web app: the page in front of the auth- and the read-service.

mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service::operations::{self, Listeners};
use settings::Settings;
use web_app::{Deps, UpstreamConfig};

/// Serves the page.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the process of the same configuration whether it is ready.
    Health,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = arguments.config.as_deref();
    if let Some(Command::Health) = arguments.command {
        return operations::health("web-app", config, |settings: Settings| {
            (settings.operations, settings.tls)
        });
    }
    service::run("web-app", config, async |context: service::Context<Settings>| {
        let Settings { listen, operations, tls, upstream, .. } = context.config;
        let upstream = UpstreamConfig { trusted: tls.trusted()?, ..upstream };
        let deps = Deps { upstream, clock: context.clock, metrics: context.metrics };
        let listeners = Listeners {
            api: tls.listen(listen).await?,
            operations: Some(tls.listen(operations.listen).await?),
        };
        Ok(web_app::run(deps, listeners, context.shutdown).await?)
    })
}
