//! The habits of the house that no compiler holds.

mod dependencies;
mod edges;
mod metrics;
mod migrations;
mod sources;

use anyhow::bail;
use cargo_metadata::{Metadata, MetadataCommand};

use crate::run::root;

/// Checks everything and names every fault.
pub(crate) fn run() -> anyhow::Result<()> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec()?;
    let mut faults = Vec::new();
    edges::check(&metadata, &mut faults);
    dependencies::check(&metadata, &mut faults)?;
    metrics::check(&metadata, &mut faults)?;
    migrations::check(&mut faults)?;
    sources::check(&metadata, &mut faults)?;
    for fault in &faults {
        eprintln!("tidy: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} things are not tidy", faults.len());
    }
    eprintln!("tidy: {} crates, all edges as drawn", crates(&metadata).count());
    Ok(())
}

fn crates(metadata: &Metadata) -> impl Iterator<Item = &cargo_metadata::Package> {
    metadata.workspace_packages().into_iter()
}
