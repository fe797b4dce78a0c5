//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use domain::HouseholdId;
use secrecy::SecretString;

#[derive(Debug, Parser)]
#[command(name = "auth-service", version, about = "People, households, hubs, and the tokens for them")]
pub struct Arguments {
    /// The configuration, in TOML; `WATTLINE__SECTION__KEY` in the environment overrides it.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Debug, Default, Subcommand)]
pub enum Command {
    /// Serve (the default).
    #[default]
    Run,
    /// Ask the process of the same configuration whether it is ready.
    Health,
    /// Print the description of the API.
    Openapi,
    /// Make a new key to sign access tokens with. It takes over by itself within minutes, while everything runs.
    RotateKey,
    /// Make a person, a household and its hubs, or bring them up to date.
    Provision {
        /// What there should be, in JSON; `-` is standard input.
        file: PathBuf,
        /// The person's e-mail address, in place of the file's.
        #[arg(long, env = "WATTLINE_HOME_EMAIL")]
        email: Option<String>,
        /// The person's password, in place of the file's. Others can see what is on a command line: better in the
        /// environment.
        #[arg(long, env = "WATTLINE_HOME_PASSWORD", hide_env_values = true)]
        password: Option<SecretString>,
        /// The secret of the file's only hub: at least 32 random characters, with which the hub logs in at the broker.
        /// Better in the environment as well.
        #[arg(long, env = "WATTLINE_HOME_HUB_SECRET", hide_env_values = true)]
        hub_secret: Option<SecretString>,
    },
    /// Take many hubs into a household at once: all that a list names, or none.
    Enrol {
        #[arg(long)]
        household: HouseholdId,
        /// Lines of serial, hub id, SHA-256 of the secret in base64url, name, with commas between them; `-` is
        /// standard input.
        file: PathBuf,
    },
    /// Make ids and secrets for new hubs, and print the list for `enrol`.
    FactoryList {
        #[arg(long)]
        count: u16,
        /// Serials begin with this and go on with a number of five digits.
        #[arg(long, default_value = "WL-")]
        prefix: String,
        /// The first number.
        #[arg(long, default_value_t = 1)]
        first: u32,
        /// Where the secrets go, for those who put them on the hubs: serial, hub id, secret. A new file, for you alone.
        #[arg(long)]
        secrets: PathBuf,
    },
}

impl Arguments {
    pub fn command(&self) -> Command {
        self.command.clone().unwrap_or_default()
    }
}
