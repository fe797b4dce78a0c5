//! The auth-service as a process: its command line, its database, its socket.
#![expect(clippy::print_stdout, reason = "printing is what `openapi` and `provision` are for")]

use std::process::ExitCode;
use std::sync::Arc;

use auth_service::arguments::{Arguments, Command};
use auth_service::{Config, Deps, Store, Stores, provision::Home};
use clap::Parser;
use service::Context;

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

async fn open(config: &Config) -> anyhow::Result<Stores> {
    Ok(match config.accounts.store().map_err(anyhow::Error::msg)? {
        Store::Postgres(url) => Arc::new(postgres::Accounts::connect(&postgres::Config::new(url))?).into(),
        Store::Sqlite(path) => Arc::new(sqlite::Accounts::open(path).await?).into(),
    })
}
