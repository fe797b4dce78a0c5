//! What was measured and is not yet safe behind the transport, on disk (SQLite).
//!
//! The containers, the next sequence number and the checkpoint of the measurement change together, in one
//! transaction each. The hub's id lives here too: it and the sequence numbers belong together.

mod database;
mod report;
mod reserve;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::ticker::Checkpoint;
use domain::{Container, HubId, TickEnergy, TickLength, UtcMillis};
use sqlx::{Row, SqlitePool};
use tokio::sync::Notify;

use crate::config::SpoolConfig;
use crate::sensors::Start;
pub use report::{Report, report};
use reserve::Reserve;

#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// For the moment: it is emptied as containers are published.
    #[error("{operation}: the spool or its disk is full")]
    Full { operation: &'static str },
    /// Perhaps only for the moment.
    #[error("{operation}: the spool's disk does not work: {source}")]
    Disk { operation: &'static str, source: sqlx::Error },
    #[error("{} is damaged or not a spool of an agent; move it away and a new one is made ({reason})", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{} belongs to hub {owner}, but {configured} is configured", path.display())]
    OtherHub { path: PathBuf, owner: HubId, configured: HubId },
    #[error("{} is in use by another agent", path.display())]
    InUse { path: PathBuf },
    #[error("opening {}: {source}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{operation}: {source}")]
    Other { operation: &'static str, source: sqlx::Error },
}

impl SpoolError {
    /// It may work a little later.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Disk { .. })
    }
}

/// Who opens the spool.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// It must be this hub's.
    pub configured: Option<HubId>,
    /// The hub of a new spool, if none is configured.
    pub fresh: HubId,
    pub now: UtcMillis,
}

/// Ticks that leave together, and where the measurement stands after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub ticks: Vec<TickEnergy>,
    pub checkpoint: Checkpoint,
}

/// A container that is not yet confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub sequence: u64,
    pub body: Bytes,
}

/// A handle; all of them are one spool.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    path: PathBuf,
    pool: SqlitePool,
    hub: HubId,
    born: UtcMillis,
    /// As of opening.
    checkpoint: Option<Checkpoint>,
    depth: AtomicU64,
    appended: Notify,
    deleted: Notify,
    reserve: Reserve,
    /// Held as long as the spool is open.
    _lock: File,
}

impl Spool {
    /// Opens or makes the spool, and checks that it is sound.
    pub async fn open(config: &SpoolConfig, identity: Identity) -> Result<Self, SpoolError> {
        let path = config.path.clone();
        let lock = lock(&path)?;
        let pool = database::connect(&path, config.max_bytes).await?;
        let state = database::prepare(&pool, &path, identity).await?;
        if let Some(configured) = identity.configured
            && configured != state.hub
        {
            return Err(SpoolError::OtherHub { path, owner: state.hub, configured });
        }
        Ok(Self(Arc::new(Inner {
            reserve: Reserve::beside(&path),
            path,
            pool,
            hub: state.hub,
            born: state.born,
            checkpoint: state.checkpoint,
            depth: AtomicU64::new(state.depth),
            appended: Notify::new(),
            deleted: Notify::new(),
            _lock: lock,
        })))
    }

    pub fn hub(&self) -> HubId {
        self.0.hub
    }

    /// Containers waiting.
    pub fn depth(&self) -> u64 {
        self.0.depth.load(Ordering::Relaxed)
    }

    /// Where the last run stopped.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.0.checkpoint.as_ref()
    }

    /// From where a sensor must tell again.
    pub fn start(&self, hold: Duration) -> Start {
        let hold = i64::try_from(hold.as_millis()).unwrap_or(i64::MAX / 4);
        let resume_from = self.checkpoint().map(|checkpoint| checkpoint.booked_until.plus_millis(-hold));
        let counted = self.checkpoint().map(|checkpoint| checkpoint.counted.clone()).unwrap_or_default();
        Start { born: self.0.born, resume_from, counted }
    }

    /// Makes containers of them, all or none. When it returns `Ok` they are safe on the disk.
    pub async fn append(&self, tick_length: TickLength, sealed: &[Sealed]) -> Result<(), SpoolError> {
        const OPERATION: &str = "putting containers into the spool";
        let Some(last) = sealed.last() else { return Ok(()) };
        self.0.reserve.hold().await.map_err(|_| SpoolError::Full { operation: OPERATION })?;
        let failed = |source| self.failed(OPERATION, source);
        let mut transaction = self.0.pool.begin().await.map_err(failed)?;
        let mut next: i64 = sqlx::query_scalar("SELECT next_sequence FROM state")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        for Sealed { ticks, .. } in sealed {
            let sequence = next.unsigned_abs();
            let container = Container { hub: self.0.hub, sequence, tick_length, ticks: ticks.clone() };
            sqlx::query("INSERT INTO container (sequence, body) VALUES (?, ?)")
                .bind(next)
                .bind(wire::encode(&container).as_ref())
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            next += 1;
        }
        sqlx::query("UPDATE state SET next_sequence = ?, checkpoint = ?")
            .bind(next)
            .bind(serde_json::to_string(&last.checkpoint).unwrap_or_default())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.0.depth.fetch_add(sealed.len() as u64, Ordering::Relaxed);
        self.0.appended.notify_one();
        Ok(())
    }

    /// The containers that have waited longest, oldest first: at most `count`, and not many more bytes than
    /// `bytes`.
    pub async fn oldest(&self, count: u32, bytes: usize) -> Result<Vec<Waiting>, SpoolError> {
        const OPERATION: &str = "reading the spool";
        // The lengths first, so that few large containers do not fill the memory.
        let lengths = sqlx::query("SELECT sequence, length(body) FROM container ORDER BY sequence LIMIT ?")
            .bind(count)
            .fetch_all(&self.0.pool)
            .await
            .map_err(|source| self.failed(OPERATION, source))?;
        let mut total = 0;
        let mut up_to = None;
        for row in lengths {
            if total >= bytes {
                break;
            }
            total += usize::try_from(row.get::<i64, _>(1)).unwrap_or(0);
            up_to = Some(row.get::<i64, _>(0));
        }
        let Some(up_to) = up_to else { return Ok(Vec::new()) };
        let rows = sqlx::query("SELECT sequence, body FROM container WHERE sequence <= ? ORDER BY sequence")
            .bind(up_to)
            .fetch_all(&self.0.pool)
            .await
            .map_err(|source| self.failed(OPERATION, source))?;
        Ok(rows
            .into_iter()
            .map(|row| Waiting {
                sequence: row.get::<i64, _>(0).unsigned_abs(),
                body: Bytes::from(row.get::<Vec<u8>, _>(1)),
            })
            .collect())
    }

    /// They are confirmed.
    pub async fn delete(&self, sequences: &[u64]) -> Result<(), SpoolError> {
        let outcome = self.try_delete(sequences).await;
        if !outcome.as_ref().is_err_and(SpoolError::may_pass) {
            return outcome;
        }
        self.0.reserve.release();
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.0.pool).await {
            tracing::debug!(%error, "the journal of the spool cannot be emptied");
        }
        self.try_delete(sequences).await
    }

    async fn try_delete(&self, sequences: &[u64]) -> Result<(), SpoolError> {
        const OPERATION: &str = "deleting confirmed containers from the spool";
        let failed = |source| self.failed(OPERATION, source);
        let mut transaction = self.0.pool.begin().await.map_err(failed)?;
        let mut deleted = 0;
        for (first, last) in runs(sequences) {
            let done = sqlx::query("DELETE FROM container WHERE sequence BETWEEN ? AND ?")
                .bind(first.cast_signed())
                .bind(last.cast_signed())
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            deleted += done.rows_affected();
        }
        transaction.commit().await.map_err(failed)?;
        self.0.depth.fetch_sub(deleted, Ordering::Relaxed);
        self.0.deleted.notify_one();
        Ok(())
    }

    /// Waits for an append since the last wait. One may wait at a time.
    pub async fn appended(&self) {
        self.0.appended.notified().await;
    }

    /// Waits for a deletion since the last wait. One may wait at a time.
    pub async fn deleted(&self) {
        self.0.deleted.notified().await;
    }

    /// Waits for what is under way and closes the files.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    fn failed(&self, operation: &'static str, source: sqlx::Error) -> SpoolError {
        database::failed(&self.0.path, operation, source)
    }
}

/// Two agents on one spool would use the same sequence numbers for different containers.
fn lock(path: &Path) -> Result<File, SpoolError> {
    let open = |source| SpoolError::Open { path: path.to_owned(), source };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = File::options().create(true).truncate(false).write(true).open(name).map_err(open)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(SpoolError::InUse { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(open(source)),
    }
}

/// Consecutive numbers together, as first and last.
fn runs(sequences: &[u64]) -> Vec<(u64, u64)> {
    let mut sorted = sequences.to_vec();
    sorted.sort_unstable();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for sequence in sorted {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 >= sequence => *last = sequence,
            _ => runs.push((sequence, sequence)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_numbers_are_one_run() {
        assert_eq!(runs(&[5, 3, 4, 9, 8, 1, 9]), [(1, 1), (3, 5), (8, 9)]);
        assert!(runs(&[]).is_empty());
    }
}
