use std::io::{self, Write};
use std::sync::Arc;

use agent::pairing::{Outcome, PairingError, Wish};
use service::Context;

use crate::progress;
use crate::settings::{self, Settings};

/// Measures and publishes.
pub(crate) async fn run(context: Context<Settings>) -> anyhow::Result<()> {
    let Settings { agent, mut rabbitmq, tls, .. } = context.config;
    rabbitmq.ca = tls.trusted()?.pem();
    let spool = agent.spool.path.clone();
    let prepared = agent::prepare(agent, Arc::clone(&context.clock)).await?;
    let publisher = settings::publisher(rabbitmq, prepared.hub(), &spool)?;
    let status = Arc::clone(&prepared.status);
    let measure = agent::run(prepared.with(publisher), context.shutdown.clone());
    tokio::select! {
        outcome = measure => Ok(outcome?),
        never = progress::show(&status, context.clock.as_ref()) => match never {},
    }
}

/// Lists the outlets that would be measured.
pub(crate) fn check(context: &Context<Settings>, json: bool) -> anyhow::Result<()> {
    let outlets = agent::sensors::labels(&context.config.agent)?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&outlets)?)?;
        return Ok(());
    }
    writeln!(out, "The configuration is sound. {} outlets:", outlets.len())?;
    for outlet in outlets {
        let (room, icon) = (outlet.room.unwrap_or_default(), outlet.icon.unwrap_or_default());
        writeln!(out, "{:>4}  {:<24} {room:<12} {icon}", outlet.number.get(), outlet.name)?;
    }
    Ok(())
}

pub(crate) async fn spool_status(context: Context<Settings>) -> anyhow::Result<()> {
    let report = agent::spool::report(&context.config.agent.spool.path).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "hub             {}", report.hub)?;
    writeln!(out, "waiting         {} containers, {} bytes", report.depth, report.bytes)?;
    if let Some((sequence, tick)) = report.oldest {
        let age = context.clock.now().millis_since(tick) / 1_000;
        writeln!(out, "oldest          container {sequence}, measured at {tick} ({age} s ago)")?;
    }
    if let Some(until) = report.measured_until {
        writeln!(out, "measured until  {until}")?;
    }
    Ok(())
}

pub(crate) async fn pair(context: Context<Settings>, force: bool) -> anyhow::Result<()> {
    let Settings { agent, pairing, tls, .. } = context.config;
    let auth_url = pairing.auth_url.ok_or(PairingError::NoUrl)?;
    let hub = agent::identity(&agent, &*context.clock).await?;
    let wish = Wish { hub, auth_url, spool: agent.spool.path, force, trusted: tls.trusted()? };
    let mut out = io::stdout();
    let outcome = agent::pairing::pair(&wish, &mut out, &context.shutdown).await?;
    let told = match outcome {
        Outcome::Paired => "This hub is paired. An agent that runs already has to be started anew.",
        Outcome::PairedBefore => "This hub is paired already. New credentials: agent pair --force",
        Outcome::Stopped => "\nNot paired yet. Nothing is lost: run this again when you like.",
    };
    writeln!(out, "{told}")?;
    Ok(())
}
