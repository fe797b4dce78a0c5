//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Knows how all hubs are.
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
    /// Asks the process of the same configuration whether it is ready.
    Health,
}
