//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Watches over homes and tells their people when something is wrong.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
}
