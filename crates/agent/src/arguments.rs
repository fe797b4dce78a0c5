use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures the sockets of a home and publishes what they use.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long, global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measures and publishes (the default).
    Run,
    /// Says what is wrong with the configuration, or which outlets it measures.
    Check {
        /// The outlets as JSON, as `auth-service provision` takes them.
        #[arg(long)]
        json: bool,
    },
    /// Brings this hub into a household: shows a code, which an owner enters on the page.
    Pair {
        /// The page's address. Without it, `auth_url` of `[pairing]`.
        #[arg(long, value_name = "URL")]
        auth_url: Option<String>,
        /// Makes new credentials, even if the hub is paired.
        #[arg(long)]
        force: bool,
        /// Shows a QR code that leads there, also when this is no terminal.
        #[arg(long, conflicts_with = "no_qr")]
        qr: bool,
        /// Shows none.
        #[arg(long)]
        no_qr: bool,
        /// Writes each code into this file too: an SVG with the QR code, for a label printer or a display.
        #[arg(long, value_name = "FILE")]
        label: Option<PathBuf>,
    },
    /// Lists the plugs that are heard on the MQTT broker, as lines for the configuration.
    Discover {
        /// Listens so long. Plugs tell how they are every few seconds to every few minutes.
        #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        secs: u64,
        /// The broker. Without it, `url` of `[agent.mqtt]`, or `mqtt://localhost:1883`.
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Compares a meter with a load that is known, and says by what to multiply. The agent must not run meanwhile.
    Calibrate {
        /// Which entry of `[[agent.sensors]]`.
        #[arg(long)]
        socket: u8,
        /// What the load draws, by a meter that is trusted.
        #[arg(long)]
        watts: f64,
        /// Reads so long.
        #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3_600))]
        secs: u64,
    },
    /// Asks questions and writes the configuration.
    Setup {
        /// Listens so long for plugs.
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
        listen: Option<u64>,
    },
    /// How the agent is that runs: sensors, spool, uplink, clock, and what went wrong last. Exits with 0 if all is
    /// well, 1 if something is wrong, 3 if it does not run.
    Status {
        #[arg(long)]
        json: bool,
    },
    /// Looks at what is measured and not yet published.
    #[command(subcommand)]
    Spool(SpoolCommand),
}

#[derive(Subcommand)]
pub(crate) enum SpoolCommand {
    /// How much waits, and since when. Also while the agent runs.
    Status,
}
