use std::io::{self, Write};
use std::time::Duration;

use anyhow::bail;
use meters::mqtt::listen;
use service::Context;

use crate::settings::MeterSettings;

/// Lists what measures on the broker, as lines to paste.
pub(crate) async fn run(
    context: Context<MeterSettings>,
    secs: u64,
    url: Option<String>,
) -> anyhow::Result<()> {
    let agent = context.config.0.agent;
    let mut broker = agent.mqtt;
    broker.url = url.or(broker.url);
    let mut out = io::stdout();
    writeln!(out, "# Listening for {secs} s …")?;
    let found = tokio::select! {
        found = listen(&broker, Duration::from_secs(secs)) => found?,
        () = context.shutdown.cancelled() => return Ok(()),
    };
    let known: Vec<String> = agent
        .sensors
        .iter()
        .filter_map(meters::mqtt::discover::Found::of)
        .map(|found| found.to_string())
        .collect();
    let new: Vec<_> = found.iter().filter(|found| !known.contains(&found.to_string())).collect();
    writeln!(out, "# {} plugs or channels were heard, {} are new.", found.len(), new.len())?;
    let taken: Vec<u8> =
        agent.sensors.iter().filter_map(|entry| entry.socket).map(domain::SocketNumber::get).collect();
    let mut free = (0..64).filter(|socket| !taken.contains(socket));
    for plug in new {
        let Some(socket) = free.next() else { bail!("a hub has 64 sockets, and all have meters") };
        writeln!(out, "\n{}", plug.toml(socket).trim_end())?;
    }
    Ok(())
}
