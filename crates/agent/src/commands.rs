use std::io::{self, Write};

use service::Context;

use crate::settings::Settings;

/// Lists the outlets that would be measured.
pub(crate) fn check(context: &Context<Settings>, json: bool) -> anyhow::Result<()> {
    let outlets = agent::sensors::labels(&context.config.agent.sensor)?;
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
