//! What is in a back-up.

use std::path::Path;

use domain::HubId;
use serde::{Deserialize, Serialize};
use wire::BackupTotals;

use super::BackupError;

pub const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;

/// `manifest.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Of the files. A later version reads what an earlier one wrote.
    pub format: u32,
    /// Of Wattline.
    pub version: String,
    /// When it was begun, as an RFC 3339 time. What was stored later may or may not be in it.
    pub begun: String,
    /// Whether the accounts are beside it.
    pub accounts: bool,
    pub hubs: Vec<HubFile>,
}

/// What the file of a hub holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubFile {
    pub hub: HubId,
    pub file: String,
    pub ticks: u64,
    pub values: u64,
    pub joules: i64,
    pub pages: u64,
}

impl HubFile {
    pub(super) fn new(hub: HubId, totals: BackupTotals) -> Self {
        let BackupTotals { ticks, values, joules, pages } = totals;
        Self { hub, file: name(hub), ticks, values, joules, pages }
    }

    pub(super) const fn totals(&self) -> BackupTotals {
        BackupTotals { ticks: self.ticks, values: self.values, joules: self.joules, pages: self.pages }
    }
}

pub(super) fn name(hub: HubId) -> String {
    format!("{hub}.wlb.gz")
}

impl Manifest {
    pub(super) fn new(begun: String, accounts: bool, hubs: Vec<HubFile>) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, version, begun, accounts, hubs }
    }

    /// Of the back-up in this folder.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(MANIFEST);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(BackupError::NoManifest(folder.to_owned()));
            }
            Err(source) => return Err(BackupError::Io { operation: "reading", path, source }),
        };
        let damaged = |reason: String| BackupError::Damaged { path: path.clone(), reason };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.format > FORMAT {
            return Err(damaged(format!("its format is {}, this version knows {FORMAT}", manifest.format)));
        }
        // A manifest is somebody's file: it must not make us read another one.
        if let Some(odd) = manifest.hubs.iter().find(|file| file.file != name(file.hub)) {
            return Err(damaged(format!("{:?} is not the name of a hub's file", odd.file)));
        }
        Ok(manifest)
    }
}
