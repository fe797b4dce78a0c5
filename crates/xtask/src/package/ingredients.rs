//! Whose code is in the agent, and under which terms.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use super::Architecture;
use crate::run::root;

/// Crates of others that are linked into the agent.
pub(super) struct Ingredients {
    crates: Vec<cargo_metadata::Package>,
}

impl Ingredients {
    pub(super) fn of_the_agent(architecture: Architecture) -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .current_dir(root())
            .other_options(["--locked", "--filter-platform", architecture.target()].map(str::to_owned))
            .exec()?;
        let linked = linked(&metadata).context("cargo's metadata have no agent")?;
        let crates = metadata.packages.iter().filter(|one| one.source.is_some() && linked.contains(&one.id));
        Ok(Self { crates: crates.cloned().collect() })
    }

    /// Where cargo has unpacked them.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        let manifest = &self.crates.first()?.manifest_path;
        Some(manifest.as_std_path().ancestors().nth(2)?.to_owned())
    }

    /// Each with its licence, and every text that comes with them, once.
    pub(super) fn terms(&self) -> anyhow::Result<String> {
        let mut terms = String::from("Crates of others that are linked into wattline-agent.\n\n");
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in &self.crates {
            let name = format!("{} {}", one.name, one.version);
            let licence = one.license.as_deref().unwrap_or("see its text");
            writeln!(terms, "{name}: {licence}")?;
            let folder = one.manifest_path.parent().context("a manifest is in a folder")?;
            for text in licence_texts(folder.as_std_path())? {
                texts.entry(text).or_default().push(name.clone());
            }
        }
        for (text, of) in texts {
            write!(terms, "\n{}\n{}\n\n{text}\n", "-".repeat(80), of.join(", "))?;
        }
        Ok(terms)
    }
}

/// What the agent takes at run time, and what that takes.
fn linked(metadata: &Metadata) -> Option<BTreeSet<PackageId>> {
    let nodes = &metadata.resolve.as_ref()?.nodes;
    let agent = metadata.workspace_packages().into_iter().find(|package| package.name == "agent")?;
    let mut found = BTreeSet::from([agent.id.clone()]);
    let mut open = vec![agent.id.clone()];
    while let Some(id) = open.pop() {
        let node = nodes.iter().find(|node| node.id == id)?;
        let at_run_time = node
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        open.extend(
            at_run_time.map(|dependency| dependency.pkg.clone()).filter(|id| found.insert(id.clone())),
        );
    }
    Some(found)
}

fn licence_texts(folder: &Path) -> anyhow::Result<Vec<String>> {
    let names = ["license", "licence", "copying", "copyright", "notice"];
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            path.is_file() && names.iter().any(|begin| name.starts_with(begin))
        })
        .collect();
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let bytes = std::fs::read(file)?;
        texts.push(String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim().to_owned());
    }
    Ok(texts)
}
