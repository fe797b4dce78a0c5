//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::dead_letters_command;

/// Stores what hubs publish.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long, global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Dies by SIGKILL when the store has the n-th batch and nobody was told: for tests of that moment.
    #[arg(long, hide = true)]
    pub(crate) die_before_ack: Option<u32>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Asks the process of the same configuration whether it is ready.
    Health,
    /// Shows what was refused, publishes it again or drops it.
    #[command(subcommand)]
    DeadLetters(dead_letters_command::Command),
}
