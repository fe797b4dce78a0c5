//! The agent of a hub, publishing to RabbitMQ.

mod arguments;
mod commands;
mod progress;
mod settings;

use std::process::ExitCode;
use std::sync::Arc;

use arguments::{Arguments, Command, SpoolCommand};
use clap::Parser;
use settings::Settings;

fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    let settings = || service::config::load::<Settings>(config.as_deref(), std::env::vars());
    match command.unwrap_or(Command::Run) {
        Command::Run => service::run("agent", config.as_deref(), run),
        Command::Check { json } => {
            let check = async |context: service::Context<_>| commands::check(&context, json);
            service::run_with("agent", "warn", settings(), check)
        }
        Command::Spool(SpoolCommand::Status) => {
            service::run_with("agent", "warn", settings(), commands::spool_status)
        }
    }
}

async fn run(context: service::Context<Settings>) -> anyhow::Result<()> {
    let Settings { agent, rabbitmq } = context.config;
    let prepared = agent::prepare(agent, Arc::clone(&context.clock)).await?;
    let publisher = Arc::new(rabbitmq::Publisher::connect(rabbitmq)?);
    let status = Arc::clone(&prepared.status);
    let measure = agent::run(prepared.with(publisher), context.shutdown.clone());
    tokio::select! {
        outcome = measure => Ok(outcome?),
        never = progress::show(&status, context.clock.as_ref()) => match never {},
    }
}
