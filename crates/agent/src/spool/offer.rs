//! What is handed to the transport next, marked as attempted before it is.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use sqlx::Row as _;
use tokio::time::Instant;

use super::row::ATTEMPTED;
use super::{Spool, SpoolError, Waiting, database};

const OPERATION: &str = "reading the spool";

/// Which containers.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// Those after this number, oldest first.
    After(u64),
    /// Those up to this number but for some, newest first.
    UpTo(u64, &'a HashSet<u64>),
}

impl Spool {
    /// Containers that may be handed over, marked for it: at most `count`, and not many more bytes than `bytes`.
    pub async fn offer(
        &self,
        choice: Choice<'_>,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<Waiting>, SpoolError> {
        self.with_reserve(OPERATION, || self.choose(choice, count, bytes)).await
    }

    /// The one to try the way out with: the newest of those that were tried before, so that others can still be put
    /// together, or the newest of all.
    pub async fn offer_one(&self) -> Result<Option<Waiting>, SpoolError> {
        let tried = self.tried_before().await.map_err(|source| self.failed(OPERATION, source))?;
        let newest = tried.unwrap_or(u64::MAX >> 1);
        let offered = self.offer(Choice::UpTo(newest, &HashSet::new()), 1, 1).await?;
        let offered = match offered.into_iter().next() {
            Some(offered) => Some(offered),
            None => self.offer_late().await?,
        };
        self.line().tried = offered.as_ref().map(|offered| offered.sequence);
        Ok(offered)
    }

    /// The oldest container of all that wait, if it tells of ticks that were given out before: nothing that it must not
    /// overtake is left.
    pub async fn offer_late(&self) -> Result<Option<Waiting>, SpoolError> {
        self.with_reserve(OPERATION, || self.oldest_if_late()).await
    }

    /// Whether containers got a date since this was last asked: those that gathered before are to be looked through again.
    pub(crate) fn were_dated(&self) -> bool {
        std::mem::take(&mut self.line().dated)
    }

    /// When a container has waited for news long enough.
    pub(crate) fn held_until(&self, limit: Duration) -> Option<Instant> {
        self.line().held.map(|(_, since)| since + limit)
    }

    /// What waits for news waits no longer.
    pub(crate) fn let_go(&self) {
        if self.line().held.take().is_some() {
            self.0.appended.notify_one();
        }
    }

    async fn tried_before(&self) -> Result<Option<u64>, sqlx::Error> {
        let confirmed = self.line().confirmed.clone();
        let sequences: Vec<i64> = sqlx::query_scalar(
            "SELECT sequence FROM container WHERE boot IS NULL AND flags & 3 = 1 ORDER BY sequence DESC LIMIT ?",
        )
        .bind(i64::try_from(confirmed.len() + 1).unwrap_or(i64::MAX))
        .fetch_all(&self.0.pool)
        .await?;
        Ok(sequences.into_iter().map(i64::unsigned_abs).find(|sequence| !confirmed.contains(sequence)))
    }

    async fn oldest_if_late(&self) -> Result<Option<Waiting>, sqlx::Error> {
        let confirmed = self.line().confirmed.clone();
        let rows = sqlx::query(
            "SELECT sequence, flags & 2 <> 0 AND boot IS NULL FROM container ORDER BY sequence LIMIT ?",
        )
        .bind(i64::try_from(confirmed.len() + 1).unwrap_or(i64::MAX))
        .fetch_all(&self.0.pool)
        .await?;
        let oldest = rows
            .iter()
            .map(|row| (row.get::<i64, _>(0).unsigned_abs(), row.get::<bool, _>(1)))
            .find(|(sequence, _)| !confirmed.contains(sequence));
        let Some((sequence, true)) = oldest else { return Ok(None) };
        self.mark(&[sequence]).await?;
        Ok(self.bodies(sequence, sequence).await?.pop())
    }

    async fn choose(
        &self,
        choice: Choice<'_>,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<Waiting>, sqlx::Error> {
        let confirmed = self.line().confirmed.clone();
        // The lengths first, so that few large containers do not fill the memory.
        let (heads, at) = match choice {
            Choice::After(after) => (
                "SELECT sequence, length(body) FROM container WHERE sequence > ? AND boot IS NULL AND flags & 2 = 0
                 ORDER BY sequence LIMIT ?",
                after,
            ),
            Choice::UpTo(newest, _) => (
                "SELECT sequence, length(body) FROM container WHERE sequence <= ? AND boot IS NULL AND flags & 2 = 0
                 ORDER BY sequence DESC LIMIT ?",
                newest,
            ),
        };
        let others = match choice {
            Choice::After(_) => 0,
            Choice::UpTo(_, others) => others.len(),
        };
        let rows = sqlx::query(heads)
            .bind(at.cast_signed())
            .bind(i64::try_from(count + confirmed.len() + others + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.0.pool)
            .await?;
        // Asked after the file: what was seen there and is to wait is known to wait by now.
        let held = self.line().held.map(|(sequence, _)| sequence);
        let mut total = 0;
        let mut chosen = Vec::new();
        for row in rows {
            let sequence = row.get::<i64, _>(0).unsigned_abs();
            let left_out = match choice {
                Choice::After(_) => false,
                Choice::UpTo(_, others) => others.contains(&sequence),
            };
            if left_out || held == Some(sequence) || confirmed.contains(&sequence) {
                continue;
            }
            if total >= bytes || chosen.len() >= count {
                break;
            }
            total += usize::try_from(row.get::<i64, _>(1)).unwrap_or(0);
            chosen.push(sequence);
        }
        let (Some(&first), Some(&last)) = (chosen.iter().min(), chosen.iter().max()) else {
            return Ok(Vec::new());
        };
        self.mark(&chosen).await?;
        let mut waiting = self.bodies(first, last).await?;
        waiting.retain(|waiting| chosen.contains(&waiting.sequence));
        if matches!(choice, Choice::UpTo(..)) {
            waiting.reverse();
        }
        Ok(waiting)
    }

    /// From now on they may have arrived. Durable when it returns, as nothing may be put together from then on that does
    /// not have the same identity.
    async fn mark(&self, sequences: &[u64]) -> Result<(), sqlx::Error> {
        let (Some(&first), Some(&last)) = (sequences.iter().min(), sequences.iter().max()) else {
            return Ok(());
        };
        let mut writer = self.0.writer.lock().await;
        let unmarked: Vec<i64> = sqlx::query_scalar(
            "SELECT sequence FROM container WHERE sequence BETWEEN ? AND ? AND flags & 1 = 0",
        )
        .bind(first.cast_signed())
        .bind(last.cast_signed())
        .fetch_all(&self.0.pool)
        .await?;
        let unmarked: Vec<i64> =
            unmarked.into_iter().filter(|sequence| sequences.contains(&sequence.unsigned_abs())).collect();
        if unmarked.is_empty() {
            return Ok(());
        }
        let mut known = writer.known(&self.0.pool).await?;
        let mut transaction = database::begin(&self.0.pool, true).await?;
        for &sequence in &unmarked {
            sqlx::query("UPDATE container SET flags = flags | 1 WHERE sequence = ?")
                .bind(sequence)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        if let Some((head, _)) = &mut known.newest
            && unmarked.contains(&head.sequence.cast_signed())
        {
            head.flags |= ATTEMPTED;
        }
        writer.synced = Some(Instant::now());
        writer.knows(known);
        self.line().unsynced_since = None;
        Ok(())
    }

    async fn bodies(&self, first: u64, last: u64) -> Result<Vec<Waiting>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT sequence, body FROM container WHERE sequence BETWEEN ? AND ? ORDER BY sequence",
        )
        .bind(first.cast_signed())
        .bind(last.cast_signed())
        .fetch_all(&self.0.pool)
        .await?;
        let read = |row: sqlx::sqlite::SqliteRow| Waiting {
            sequence: row.get::<i64, _>(0).unsigned_abs(),
            body: Bytes::from(row.get::<Vec<u8>, _>(1)),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
