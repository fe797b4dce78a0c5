//! Containers that were measured before anybody knew what time it was.

use sqlx::Row as _;

use super::row::{Draft, Whole};
use super::{Boot, Spool, SpoolError, database, locked};

/// Containers that are read at once: few, as one may have a MiB.
const TOGETHER: u32 = 8;

impl Spool {
    /// The times of this boot are now known: all of them, in containers and checkpoint, move by `shift_millis`, a whole
    /// number of ticks, and the containers may leave. All or none. Gives how many there were. To be called before anything
    /// is appended that has a date.
    pub async fn stamp(&self, boot: Boot, shift_millis: i64) -> Result<u64, SpoolError> {
        let outcome = self.try_stamp(boot, shift_millis).await;
        let stamped = outcome.map_err(|source| self.failed("dating containers in the spool", source))?;
        self.line().dated = true;
        self.0.appended.notify_one();
        Ok(stamped)
    }

    async fn try_stamp(&self, boot: Boot, shift_millis: i64) -> Result<u64, sqlx::Error> {
        // Asked anew afterwards, as it is nowhere put back.
        let mut writer = self.0.writer.lock().await;
        writer.known(&self.0.pool).await?;
        let mut transaction = database::begin(&self.0.pool, true).await?;
        let mut stamped = 0;
        loop {
            let rows = sqlx::query("SELECT * FROM container WHERE boot = ? ORDER BY sequence LIMIT ?")
                .bind(boot.as_slice())
                .bind(TOGETHER)
                .fetch_all(&mut *transaction)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let Whole { head, checkpoint, mut ticks } = Whole::read(&row)?;
                for tick in &mut ticks {
                    tick.start = tick.start.plus_millis(shift_millis);
                }
                let checkpoint = match checkpoint {
                    Some(packed) => {
                        Some(wire::encode_checkpoint(&database::unpack(&packed)?.dated(shift_millis)))
                    }
                    None => None,
                };
                let draft = Draft {
                    hub: self.0.hub,
                    sequence: head.sequence,
                    flags: head.flags,
                    tick_length: head.tick_length,
                    ticks,
                    boot: None,
                    checkpoint: checkpoint.as_deref(),
                };
                draft.write(&mut transaction).await?;
                stamped += 1;
            }
        }
        transaction.commit().await?;
        self.reread().await?;
        Ok(stamped)
    }

    /// Nobody will ever know when other boots were whose containers wait for a date: they are deleted and counted as never
    /// dated. [`checkpoint`](Self::checkpoint) is then the latest of what is left. Gives their milliseconds.
    pub async fn forget_other_boots(&self, boot: Boot) -> Result<i64, SpoolError> {
        let outcome = self.try_forget(boot).await;
        outcome.map_err(|source| self.failed("forgetting containers without a date", source))
    }

    async fn try_forget(&self, boot: Boot) -> Result<i64, sqlx::Error> {
        let mut writer = self.0.writer.lock().await;
        writer.known(&self.0.pool).await?;
        let mut transaction = database::begin(&self.0.pool, true).await?;
        let row = sqlx::query(
            "SELECT coalesce(sum(ticks * tick_millis), 0) FROM container WHERE boot <> ? AND flags & 2 = 0",
        )
        .bind(boot.as_slice())
        .fetch_one(&mut *transaction)
        .await?;
        let millis = row.try_get::<i64, _>(0)?;
        sqlx::query("DELETE FROM container WHERE boot <> ?")
            .bind(boot.as_slice())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE state SET never_dated_millis = never_dated_millis + ?")
            .bind(millis)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.reread().await?;
        Ok(millis)
    }

    async fn reread(&self) -> Result<(), sqlx::Error> {
        *locked(&self.0.checkpoint) = database::checkpoint(&self.0.pool).await?;
        self.recount().await
    }
}
