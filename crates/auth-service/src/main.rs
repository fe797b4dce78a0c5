//! The auth-service as a process: its command line, its database, its sockets.
#![expect(clippy::print_stdout, reason = "printing is what `openapi`, `provision` and the lists are for")]

mod commands;
mod settings;

use std::process::ExitCode;

use auth_service::arguments::{Arguments, Command};
use auth_service::provision::Home;
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = arguments.config.as_deref();
    match arguments.command() {
        Command::Run => service::run("auth-service", config, commands::run),
        Command::Health => {
            service::operations::health("auth-service", config, |settings: settings::Settings| {
                (settings.0.operations, settings.0.tls)
            })
        }
        Command::Openapi => {
            print!("{}", auth_service::openapi_json());
            ExitCode::SUCCESS
        }
        Command::RotateKey => service::run("auth-service", config, commands::rotate_key),
        Command::Provision { file, email, password, hub_secret } => {
            service::run("auth-service", config, async |ctx| {
                commands::provision(ctx, Home::read(&file)?.of(email, password), hub_secret).await
            })
        }
        Command::Enrol { household, file } => {
            service::run("auth-service", config, async |ctx| commands::enrol(ctx, household, &file).await)
        }
        Command::FactoryList { count, prefix, first, secrets } => {
            commands::factory_list(count, &prefix, first, &secrets)
                .map_or_else(|error| commands::failed(&error), |()| ExitCode::SUCCESS)
        }
    }
}
