//! The agent of a hub, publishing to RabbitMQ.

mod arguments;
mod calibrate;
mod commands;
mod discover;
mod progress;
mod settings;

use std::process::ExitCode;

use arguments::{Arguments, Command, SpoolCommand};
use clap::Parser;
use settings::{MeterSettings, Settings};

fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    let load = |variables| service::config::load::<Settings>(config.as_deref(), variables);
    let settings = || load(std::env::vars().collect());
    match command.unwrap_or(Command::Run) {
        Command::Run => service::run("agent", config.as_deref(), commands::run),
        Command::Check { json } => {
            let check = async |context: service::Context<_>| commands::check(&context, json);
            service::run_with("agent", "warn", settings(), check)
        }
        Command::Pair { auth_url, force } => {
            let pair = async |context: service::Context<_>| commands::pair(context, force).await;
            service::run_with("agent", "warn", load(settings::paired_at(auth_url, std::env::vars())), pair)
        }
        Command::Calibrate { socket, watts, secs } => {
            let settings = service::config::load::<MeterSettings>(config.as_deref(), std::env::vars());
            let calibrate =
                async |context: service::Context<_>| calibrate::run(context, socket, watts, secs).await;
            service::run_with("agent", "warn", settings, calibrate)
        }
        Command::Discover { secs, url } => {
            let settings = service::config::load::<MeterSettings>(config.as_deref(), std::env::vars());
            let discover = async |context: service::Context<_>| discover::run(context, secs, url).await;
            service::run_with("agent", "warn", settings, discover)
        }
        Command::Spool(SpoolCommand::Status) => {
            service::run_with("agent", "warn", settings(), commands::spool_status)
        }
    }
}
