//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Rolls up what was measured, day by day, and again what came late.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
}
