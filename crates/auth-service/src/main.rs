//! The auth-service as a process: its command line, its database, its socket.
#![expect(clippy::print_stdout, reason = "printing is what `openapi` and `provision` are for")]

mod settings;

use std::process::ExitCode;

use auth_service::arguments::{Arguments, Command};
use auth_service::{Config, Deps, SigningKeys, provision::Home};
use clap::Parser;
use domain::UtcMillis;
use service::Context;
use settings::open;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = arguments.config.as_deref();
    match arguments.command() {
        Command::Run => service::run("auth-service", config, async |ctx: Context<Config>| {
            let deps = Deps::load(&ctx.config, open(&ctx.config).await?, ctx.clock)?;
            let listener = tokio::net::TcpListener::bind(ctx.config.listen).await?;
            Ok(auth_service::run(deps, listener, ctx.shutdown).await?)
        }),
        Command::Openapi => {
            print!("{}", auth_service::openapi_json());
            ExitCode::SUCCESS
        }
        Command::RotateKey => service::run("auth-service", config, async |ctx: Context<Config>| {
            let from = SigningKeys::rotate(&ctx.config.signing_key_file, ctx.clock.now())?;
            println!("The new key signs from {} on.", UtcMillis::from_secs(from));
            Ok(())
        }),
        Command::Provision { file, email, password } => {
            service::run("auth-service", config, async |ctx: Context<Config>| {
                let home = Home::read(&file)?.of(email, password);
                let stores = open(&ctx.config).await?;
                let done = auth_service::provision(&*stores.accounts, &*ctx.clock, &home).await?;
                println!("{done}");
                Ok(())
            })
        }
    }
}
