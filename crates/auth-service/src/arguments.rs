//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
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
    },
}

impl Arguments {
    pub fn command(&self) -> Command {
        self.command.clone().unwrap_or_default()
    }
}
