//! What is confirmed leaves the disk: with the next ticks, or after a while without any.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::{Sqlite, Transaction};
use tokio::time::Instant;

use super::{Spool, SpoolError, database};

/// So long a confirmed container waits for ticks to leave the disk with: longer than most ticks are apart, so that these
/// cost one transaction and not two. Whoever is killed meanwhile sends it once more.
const IDLE: Duration = Duration::from_secs(30);
/// So many do not wait.
const MANY: usize = 64;

impl Spool {
    /// They are safe behind the transport.
    pub fn confirm(&self, sequences: &[u64]) {
        let mut line = self.line();
        line.confirmed.extend(sequences);
        line.confirmed_since.get_or_insert_with(Instant::now);
        line.tried.take_if(|tried| sequences.contains(tried));
        let gone = sequences.len() as u64;
        let less = |depth: u64| Some(depth.saturating_sub(gone));
        self.0.depth.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok();
    }

    /// When [`settle`](Self::settle) is due, as things stand.
    pub fn settles_at(&self) -> Option<Instant> {
        let line = self.line();
        let wait = if line.confirmed.len() >= MANY { Duration::ZERO } else { IDLE };
        let confirmed = line.confirmed_since.map(|since| since + wait);
        let unsynced = line.unsynced_since.map(|since| since + self.0.sync_every);
        confirmed.into_iter().chain(unsynced).min()
    }

    pub(super) fn has_confirmed(&self) -> bool {
        !self.line().confirmed.is_empty()
    }

    /// Deletes what is confirmed, and syncs what is not yet. On a full disk out of the reserve.
    pub async fn settle(&self) -> Result<(), SpoolError> {
        self.with_reserve("deleting confirmed containers from the spool", || self.try_settle(false)).await
    }

    /// The same, before the spool is closed.
    pub async fn finish(&self) -> Result<(), SpoolError> {
        self.with_reserve("finishing the spool", || self.try_settle(true)).await
    }

    /// Tries it again with the space that is kept for it.
    pub(super) async fn with_reserve<T, F: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        operation: &'static str,
        work: impl Fn() -> F,
    ) -> Result<T, SpoolError> {
        let outcome = work().await.map_err(|source| self.failed(operation, source));
        if !outcome.as_ref().is_err_and(SpoolError::may_pass) {
            return outcome;
        }
        self.0.reserve.release();
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.0.pool).await {
            tracing::debug!(%error, "the journal of the spool cannot be emptied");
        }
        work().await.map_err(|source| self.failed(operation, source))
    }

    async fn try_settle(&self, ends: bool) -> Result<(), sqlx::Error> {
        let mut writer = self.0.writer.lock().await;
        let mut known = writer.known(&self.0.pool).await?;
        let confirmed = self.line().confirmed.clone();
        let mut transaction = database::begin(&self.0.pool, true).await?;
        keep_checkpoint(&mut transaction, &confirmed).await?;
        delete(&mut transaction, &confirmed).await?;
        if ends || !confirmed.is_empty() {
            // The last one gives back the numbers that were taken and not used.
            known.taken = if ends { known.next } else { known.next.max(known.taken) };
            sqlx::query("UPDATE state SET next_sequence = ?1 WHERE next_sequence <> ?1")
                .bind(known.taken.cast_signed())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        if self.line().unsynced_since.is_some() {
            // A commit that changed nothing has synced nothing.
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&self.0.pool).await?;
        }
        if known.newest.as_ref().is_some_and(|(head, _)| confirmed.contains(&head.sequence)) {
            known.newest = None;
        }
        writer.synced = Some(Instant::now());
        writer.knows(known);
        self.line().unsynced_since = None;
        self.forget_confirmed(&confirmed);
        Ok(())
    }

    /// They are deleted.
    pub(super) fn forget_confirmed(&self, deleted: &[u64]) {
        if deleted.is_empty() {
            return;
        }
        let mut line = self.line();
        line.confirmed.retain(|sequence| !deleted.contains(sequence));
        line.confirmed_since = (!line.confirmed.is_empty()).then(Instant::now);
        drop(line);
        self.0.deleted.notify_one();
    }
}

pub(super) async fn delete(
    transaction: &mut Transaction<'static, Sqlite>,
    sequences: &[u64],
) -> Result<(), sqlx::Error> {
    for (first, last) in runs(sequences) {
        sqlx::query("DELETE FROM container WHERE sequence BETWEEN ? AND ?")
            .bind(first.cast_signed())
            .bind(last.cast_signed())
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// The latest checkpoint with a date must not go with the container that it came with.
pub(super) async fn keep_checkpoint(
    transaction: &mut Transaction<'static, Sqlite>,
    going: &[u64],
) -> Result<(), sqlx::Error> {
    if going.is_empty() {
        return Ok(());
    }
    let latest: Option<i64> = sqlx::query_scalar(
        "SELECT sequence FROM container WHERE boot IS NULL AND checkpoint IS NOT NULL
         AND sequence > (SELECT checkpoint_of FROM state) ORDER BY sequence DESC LIMIT 1",
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(latest) = latest.filter(|latest| going.contains(&latest.unsigned_abs())) else { return Ok(()) };
    sqlx::query(
        "UPDATE state SET next_sequence = max(next_sequence, ?1 + 1), checkpoint_of = ?1,
         checkpoint = (SELECT checkpoint FROM container WHERE sequence = ?1)",
    )
    .bind(latest)
    .execute(&mut **transaction)
    .await?;
    Ok(())
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
