//! The agent of a hub, publishing over AMQP or MQTT.

mod arguments;
mod calibrate;
mod commands;
mod discover;
mod progress;
mod running;
mod settings;
mod setup;
mod spool_status;

use std::process::ExitCode;

use arguments::{Arguments, Command, SpoolCommand};
use clap::Parser;
use settings::{MeterSettings, Settings};

fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    let load = |variables| service::config::load::<Settings>(config.as_deref(), variables);
    let settings = || load(std::env::vars().collect());
    match command.unwrap_or(Command::Run) {
        Command::Run => {
            let file = config.clone();
            service::run("agent", config.as_deref(), async |context| running::run(context, file).await)
        }
        Command::Check { json } => {
            let check = async |context: service::Context<_>| commands::check(&context, json);
            service::run_with("agent", "warn", settings(), check)
        }
        Command::Pair { auth_url, force, qr, no_qr, label } => {
            let qr = (qr || no_qr).then_some(qr);
            let pair = async |context: service::Context<_>| commands::pair(context, force, qr, label).await;
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
        Command::Setup { listen } => {
            let path = setup::place(config);
            let file = path.exists().then_some(path.as_path());
            let known = service::config::load::<MeterSettings>(file, std::env::vars());
            let set_up = async |context: service::Context<_>| setup::run(context, &path, listen).await;
            service::run_with("agent", "warn", known, set_up)
        }
        Command::Status { json } => {
            let settings = service::config::load::<MeterSettings>(config.as_deref(), std::env::vars());
            let status = async |context: service::Context<_>| commands::status(context, json).await;
            service::run_with("agent", "warn", settings, status)
        }
        Command::Spool(SpoolCommand::Status) => {
            service::run_with("agent", "warn", settings(), spool_status::show)
        }
    }
}
