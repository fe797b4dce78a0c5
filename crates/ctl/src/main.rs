//! wattline-ctl: what operators ask and do, from the command line.
#![expect(clippy::print_stdout, reason = "answers are what it is for")]

mod arguments;
mod commands;
mod settings;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use service::Context;
use settings::Settings;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = service::config::load::<Settings>(arguments.config.as_deref(), std::env::vars());
    let json = arguments.json;
    service::run_with("wattline-ctl", "error,lapin=off", config, async |context: Context<Settings>| {
        let settings = &context.config;
        let work = async {
            match arguments.command {
                Command::Services => commands::services::run(settings, json).await,
                Command::Queues => commands::queues::run(settings, json).await,
                Command::Fleet(fleet) => commands::fleet::run(settings, &fleet, json).await,
                Command::Backfill(backfill) => commands::backfill::run(settings, &backfill).await,
                Command::Backup(backup) => {
                    commands::backup::save(settings, &backup, context.clock.now(), json).await
                }
                Command::Restore(restore) => {
                    commands::backup::restore(settings, &restore, context.clock.now(), json).await
                }
            }
        };
        tokio::select! {
            biased;
            () = context.shutdown.cancelled() => anyhow::bail!("stopped before the end"),
            outcome = work => outcome,
        }
    })
}
