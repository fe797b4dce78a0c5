//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use service::config::{Faults, load};

use crate::settings::Settings;

/// Wattline in one process.
#[derive(Parser)]
#[command(name = "standalone", version)]
pub(crate) struct Arguments {
    /// Prints one line of JSON when it is ready: url, email, password, household.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs with a configuration.
    Run {
        /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Plays recorded days of a real home as its last weeks, and goes on with the present.
    Demo(DemoArguments),
}

#[derive(Args)]
struct DemoArguments {
    /// A folder of CSV files, one per outlet.
    #[arg(long)]
    traces: PathBuf,
    /// How fast the past is played: `max`, or a number of times real time.
    #[arg(long, default_value = "max")]
    speed: String,
    /// How many days of the past are played, today included.
    #[arg(long, default_value_t = 35)]
    days: u32,
    /// Where the page is served, on this machine only.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where everything is kept.
    #[arg(long)]
    data: PathBuf,
}

impl Arguments {
    pub(crate) const fn json(&self) -> bool {
        self.json
    }

    /// Whether the home is furnished with prices, so that there is something to look at.
    pub(crate) const fn is_demo(&self) -> bool {
        matches!(self.command, Command::Demo(_))
    }

    /// A newcomer wants to read the address, not how every part starts.
    pub(crate) const fn default_filter(&self) -> &'static str {
        match self.command {
            Command::Run { .. } => "info",
            Command::Demo(_) => "warn",
        }
    }

    pub(crate) fn settings(&self) -> Result<Settings, Faults> {
        match &self.command {
            Command::Run { config } => load(config.as_deref(), std::env::vars()),
            Command::Demo(demo) => load(None, demo.variables().into_iter().chain(std::env::vars())),
        }
    }
}

impl DemoArguments {
    /// The demo is a configuration like any other.
    fn variables(&self) -> Vec<(String, String)> {
        let quoted = |path: &PathBuf| toml::Value::String(path.display().to_string()).to_string();
        [
            ("LISTEN", format!("127.0.0.1:{}", self.port)),
            ("DATA_DIR", quoted(&self.data)),
            ("AGENT__SENSOR__REPLAY__FOLDER", quoted(&self.traces)),
            ("AGENT__SENSOR__REPLAY__SPEED", self.speed.clone()),
            ("AGENT__SENSOR__REPLAY__SHIFT", "end-now".to_owned()),
            ("AGENT__SENSOR__REPLAY__REPEAT_DAYS", self.days.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (format!("WATTLINE__{name}"), value))
        .collect()
    }
}
