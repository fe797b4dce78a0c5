//! `loadgen body`: the bytes of a container, for load generators.

use std::io::Write;

use clap::{Parser, Subcommand};
use domain::{HubId, UtcMillis};

/// Load that is like the real thing.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes the bytes of one container to standard output.
    Body {
        /// Measurements in it.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        values: u16,
        /// Whose it is.
        #[arg(long, default_value = "0192f0c1-6f4e-7c3a-9a51-5f2b8c1d7e60")]
        hub: HubId,
        /// Start of its first tick, RFC 3339.
        #[arg(long, default_value = "2026-01-01T00:00:00Z")]
        at: String,
    },
}

fn main() -> anyhow::Result<()> {
    let Command::Body { values, hub, at } = Arguments::parse().command;
    let start = UtcMillis::parse_rfc3339(&at)
        .ok_or_else(|| anyhow::anyhow!("--at: {at:?} is not an instant such as 2026-01-01T00:00:00Z"))?;
    let body = wire::encode(&loadgen::container(hub, start, values.into()));
    std::io::stdout().write_all(&body)?;
    Ok(())
}
