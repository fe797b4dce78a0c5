//! Measurements as files: a folder with one file a hub and a manifest that says what must be in each.
//!
//! Ticks as containers, just as hubs publish them, and the days of quarter hours that are kept when ticks are forgotten
//! (`proto/backup.proto`), compressed. The manifest is written last, so that a folder without one is no back-up.

mod file;
mod manifest;
mod restoring;
mod saving;
mod stale;

use std::path::PathBuf;

use domain::HubId;
use domain::measurement::StoreError;
use wire::BackupEntryError;

pub use manifest::{HubFile, MANIFEST, Manifest};
pub use restoring::{Restored, Restoring};
pub use saving::{Saved, save};

/// Why a back-up could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{operation} {}: {source}", path.display())]
    Io { operation: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{}: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{}: {source}", path.display())]
    Entry { path: PathBuf, source: BackupEntryError },
    #[error("{} has files in it already; a back-up goes into a folder of its own", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} is no back-up: it has no {MANIFEST}", .0.display())]
    NoManifest(PathBuf),
    #[error("the store already has ticks of hub {0}: restore into an empty store, or say --merge")]
    InTheWay(HubId),
    #[error("hub {hub}: {ticks} ticks are not in the store as they are in the back-up")]
    Differs { hub: HubId, ticks: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Told how far it is: hubs done, of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);
