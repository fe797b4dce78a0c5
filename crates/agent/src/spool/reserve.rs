//! Disk space that is kept for deleting.
//!
//! Even a deletion needs room: it is first written to SQLite's journal, and what the journal holds must find a
//! place in the database. On a disk that somebody else has filled, a spool without a reserve could not be
//! emptied.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Twice the journal.
const BYTES: usize = 2 << 20;

pub(super) struct Reserve {
    path: PathBuf,
    held: AtomicBool,
}

impl Reserve {
    pub(super) fn beside(spool: &Path) -> Self {
        let mut path = spool.as_os_str().to_owned();
        path.push(".reserve");
        Self { path: path.into(), held: AtomicBool::new(false) }
    }

    /// Takes the space, unless it is held already.
    pub(super) async fn hold(&self) -> io::Result<()> {
        if self.held.load(Ordering::Relaxed) {
            return Ok(());
        }
        let path = self.path.clone();
        let outcome = tokio::task::spawn_blocking(move || fill(&path)).await.map_err(io::Error::other)?;
        match &outcome {
            Ok(()) => self.held.store(true, Ordering::Relaxed),
            Err(_) => self.release(),
        }
        outcome
    }

    /// Gives the space free.
    pub(super) fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the reserve of the spool cannot be given free");
        }
    }
}

fn fill(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|about| about.len() == BYTES as u64) {
        return Ok(());
    }
    let mut file = std::fs::File::create(path)?;
    // Not all zeros, which some file systems do not store.
    file.write_all(&vec![0xa5; BYTES])?;
    file.sync_all()
}
