//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::HubId;
use loadgen::scenario::Settings;

/// Load that is like the real thing, and the proof that nothing of it was lost.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Prints one JSON object on standard output, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Simulated hubs publish until each container is confirmed.
    Swarm(Box<Swarm>),
    /// A connection per hub, first silent, then publishing: what a broker takes for them.
    Connections(Connections),
    /// Holds a swarm's ledger against the store.
    Verify(Verify),
    /// Consumes all queues with the production source, acknowledges, and stores nothing.
    Drain(Drain),
    /// Writes to the store alone.
    Store(Store),
    /// Measures the wire format.
    Wire,
    /// Writes the bytes of one container to standard output.
    Body(Body),
}

#[derive(Args)]
pub(crate) struct Swarm {
    /// A TOML file with any of these settings, with `_` for `-`; a flag wins over it.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

#[derive(Args)]
pub(crate) struct Connections {
    /// `amqp://`, `amqps://`, `mqtt://` or `mqtts://`, with user, password and host. The queues have to be there.
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// The authority to believe with TLS, in PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// How many connections there are to be, step by step.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1000")]
    pub(crate) steps: Vec<u32>,
    /// Connections being opened at the same time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub(crate) at_once: u16,
    /// After each step, before what counts.
    #[arg(long, value_name = "S", default_value_t = 10)]
    pub(crate) settle_secs: u64,
    /// How long each step is silent but for its keep-alives.
    #[arg(long, value_name = "S", default_value_t = 20)]
    pub(crate) idle_secs: u64,
    /// How long all publish at the end.
    #[arg(long, value_name = "S", default_value_t = 60)]
    pub(crate) publish_secs: u64,
    /// Between two containers of a hub.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) every_secs: u64,
    /// Heartbeat or keep-alive to ask for [default: as hubs do, 10 over AMQP and 30 over MQTT].
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u16).range(4..=3_600))]
    pub(crate) keep_alive_secs: Option<u16>,
    /// Loopback addresses to connect from; one is good for some 28,000 connections.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub(crate) source_addresses: u8,
    /// Values in each container, one for each socket.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) values: u8,
}

#[derive(Args, Clone)]
pub(crate) struct Database {
    /// `http://host:8086`.
    #[arg(long, value_name = "URL")]
    pub(crate) influxdb_url: String,
    #[arg(long, value_enum, default_value = "v1")]
    pub(crate) api: ApiName,
    /// The bucket, or the database of 1.x.
    #[arg(long, default_value = "wattline")]
    pub(crate) bucket: String,
    /// For the v2 API.
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// For the v2 API.
    #[arg(long, default_value = "wattline")]
    pub(crate) org: String,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ApiName {
    V1,
    V2,
}

#[derive(Args)]
pub(crate) struct Verify {
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: PathBuf,
    #[command(flatten)]
    pub(crate) database: Database,
    /// Compares the dead letters with the poison.
    #[arg(long, value_name = "URL")]
    pub(crate) rabbitmq_url: Option<String>,
    /// How long to wait for what is still on its way.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) wait_secs: u64,
}

#[derive(Args)]
pub(crate) struct Drain {
    #[arg(long, value_name = "URL")]
    pub(crate) rabbitmq_url: String,
    /// Ends after so many.
    #[arg(long, value_name = "N", required_unless_present = "seconds")]
    pub(crate) containers: Option<u64>,
    /// Ends after so many seconds.
    #[arg(long, value_name = "S")]
    pub(crate) seconds: Option<u64>,
}

#[derive(Args)]
pub(crate) struct Store {
    #[command(flatten)]
    pub(crate) database: Database,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) hubs: u32,
    /// Values in each container, one for each socket.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) values: u8,
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) containers: u64,
    /// Values in one write.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) batch_values: u64,
    /// Writes under way at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) writes: u32,
    /// A line per value instead of a line per tick.
    #[arg(long)]
    pub(crate) narrow: bool,
}

#[derive(Args)]
pub(crate) struct Body {
    /// Measurements in it.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) values: u16,
    /// Whose it is.
    #[arg(long, default_value = "0192f0c1-6f4e-7c3a-9a51-5f2b8c1d7e60")]
    pub(crate) hub: HubId,
    /// Start of its first tick, RFC 3339.
    #[arg(long, default_value = "2026-01-01T00:00:00Z")]
    pub(crate) at: String,
}
