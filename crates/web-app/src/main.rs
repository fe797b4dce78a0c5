//! The web app: the page in front of the auth- and the read-service.

mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use settings::Settings;
use web_app::{Deps, UpstreamConfig};

/// Serves the page.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long)]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    service::run("web-app", arguments.config.as_deref(), async |context: service::Context<Settings>| {
        let Settings { listen, tls, upstream } = context.config;
        let upstream = UpstreamConfig { trusted: tls.trusted()?, ..upstream };
        let deps = Deps { upstream, clock: context.clock };
        let listener = tls.listen(listen).await?;
        Ok(web_app::run(deps, listener, context.shutdown).await?)
    })
}
