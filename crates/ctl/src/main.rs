//! wattline-ctl: what operators ask and do, from the command line.
#![expect(clippy::print_stdout, reason = "answers are what it is for")]

mod arguments;
mod commands;
mod settings;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;
use service::Context;
use settings::Settings;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = service::config::load::<Settings>(arguments.config.as_deref(), std::env::vars());
    let json = arguments.json;
    service::run_with("wattline-ctl", "error,lapin=off", config, async |context: Context<Settings>| {
        let work = commands::run(arguments.command, &context.config, context.clock.now(), json);
        tokio::select! {
            biased;
            () = context.shutdown.cancelled() => anyhow::bail!("stopped before the end"),
            outcome = work => outcome,
        }
    })
}
