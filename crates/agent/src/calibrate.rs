use std::io::{self, Write};
use std::time::Duration;

use anyhow::bail;
use service::Context;

use crate::settings::MeterSettings;

/// Compares a meter with a load that is known, and says by what to multiply.
pub(crate) async fn run(
    context: Context<MeterSettings>,
    socket: u8,
    watts: f64,
    secs: u64,
) -> anyhow::Result<()> {
    let agent = context.config.0.agent;
    let mut entries = agent.sensors.iter();
    let Some(entry) = entries.find(|entry| entry.socket.is_some_and(|own| own.get() == socket)) else {
        bail!("no entry of [[agent.sensors]] has socket = {socket}");
    };
    let mut out = io::stdout();
    writeln!(out, "# Reading socket {socket} for {secs} s. Only the load of {watts} W may be on it.")?;
    let found = tokio::select! {
        found = meters::calibrate(entry, &agent.mqtt, watts, Duration::from_secs(secs)) => found?,
        () = context.shutdown.cancelled() => return Ok(()),
    };
    let by = if found.by_counter { "its counter" } else { "its power" };
    writeln!(out, "# {:.1} W on average by {by}, in {} readings.", found.read, found.readings)?;
    writeln!(out, "scale = {:.4}", found.scale)?;
    Ok(())
}
