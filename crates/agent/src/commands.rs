use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use agent::overview::{APPARENT, AskError};
use agent::pairing::{Outcome, PairingError, Wish};
use service::Context;

use crate::settings::{MeterSettings, Settings};

/// As `systemctl status` has it.
const NOT_RUNNING: u8 = 3;

/// Lists the outlets that would be measured. One whose pin is wrong keeps no other from it, and is an error here all the same.
pub(crate) fn check(context: &Context<Settings>, json: bool) -> anyhow::Result<()> {
    let outlets = agent::sensors::labels(&context.config.agent)?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&outlets)?)?;
        return Ok(());
    }
    let sensors = &context.config.agent.sensors;
    let misplaced = meters::config::misplaced(sensors);
    if misplaced.is_empty() {
        writeln!(out, "The configuration is sound. {} outlets:", outlets.len())?;
    } else {
        writeln!(out, "{} outlets:", outlets.len())?;
    }
    for outlet in outlets {
        let (room, icon) = (outlet.room.unwrap_or_default(), outlet.icon.unwrap_or_default());
        let entry = sensors.iter().find(|entry| entry.socket == Some(outlet.number));
        let label = if entry.is_some_and(meters::Entry::is_apparent) { APPARENT } else { "" };
        let line = format!("{:>4}  {:<24} {room:<12} {icon:<12} {label}", outlet.number.get(), outlet.name);
        writeln!(out, "{}", line.trim_end())?;
    }
    let sentences: Vec<String> =
        misplaced.into_iter().map(|(place, why)| format!("sensors.{place}: {why}")).collect();
    anyhow::ensure!(sentences.is_empty(), "{}", sentences.join("\n"));
    Ok(())
}

/// How the agent is that runs: 0 if all is well, 1 if something is wrong, 3 if it does not run.
pub(crate) async fn status(context: Context<MeterSettings>, json: bool) -> anyhow::Result<ExitCode> {
    let overview = match agent::overview::ask(&context.config.0.agent.spool.path).await {
        Ok(overview) => overview,
        Err(error @ AskError::NotRunning { .. }) => {
            writeln!(io::stderr(), "{error}")?;
            return Ok(ExitCode::from(NOT_RUNNING));
        }
        Err(error) => return Err(error.into()),
    };
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&overview)?)?;
    } else {
        write!(out, "{overview}")?;
    }
    Ok(if overview.troubles().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Without `qr` a QR code is shown where it can be seen.
pub(crate) async fn pair(
    context: Context<Settings>,
    force: bool,
    qr: Option<bool>,
    label: Option<PathBuf>,
) -> anyhow::Result<()> {
    let Settings { agent, pairing, tls, .. } = context.config;
    let auth_url = pairing.auth_url.ok_or(PairingError::NoUrl)?;
    let hub = agent::identity(&agent, &*context.clock).await?;
    let mut out = io::stdout();
    let qr = qr.unwrap_or_else(|| out.is_terminal());
    let wish = Wish { hub, auth_url, spool: agent.spool.path, force, qr, label, trusted: tls.trusted()? };
    let outcome = agent::pairing::pair(&wish, &mut out, &context.shutdown).await?;
    let told = match outcome {
        Outcome::Paired => "This hub is paired. An agent that runs already has to be started anew.",
        Outcome::PairedBefore => "This hub is paired already. New credentials: agent pair --force",
        Outcome::Stopped => "\nNot paired yet. Nothing is lost: run this again when you like.",
    };
    writeln!(out, "{told}")?;
    Ok(())
}
