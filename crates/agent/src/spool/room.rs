//! Room for what is to come, while the uplink is away: containers are put together as they gather; when the spool is nearly
//! full, the oldest are thinned to minutes, and when all are, dropped.

use std::collections::HashSet;

use domain::thinning::{Thinned, fold, thin};
use domain::{TickEnergy, TickLength, TimeRange};
use sqlx::{Sqlite, Transaction};

use super::append::{Known, Writer};
use super::row::{ATTEMPTED, Draft, Head, LATE, RAW, Whole};
use super::settle::{delete, keep_checkpoint};
use super::{Spool, SpoolError, database, pages};

/// Ticks of a container that others are put into.
pub(super) const FULL_TICKS: usize = 60;
/// Containers that are looked at together. Two dozen full ones are four hours of ten-second ticks, in some hundred kB.
const TOGETHER: i64 = 24;
const OPERATION: &str = "making room in the spool";

/// What was done to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// So many milliseconds of ticks became ticks of a minute, or could not.
    Thinned(i64),
    /// So many milliseconds of measurements are gone.
    Dropped(i64),
}

impl Spool {
    /// Less than an eighth is left.
    pub async fn is_nearly_full(&self) -> Result<bool, SpoolError> {
        let used = pages::used_bytes(&self.0.pool).await.map_err(|source| self.failed(OPERATION, source))?;
        Ok(used > self.0.max_bytes / 8 * 7)
    }

    /// Thins the oldest ticks, or, if all are thin, drops the oldest container: a step each time. `None`: there is nothing
    /// left that could go.
    pub async fn make_room(&self) -> Result<Option<Made>, SpoolError> {
        self.with_reserve(OPERATION, || self.try_make_room()).await
    }

    async fn try_make_room(&self) -> Result<Option<Made>, sqlx::Error> {
        let mut writer = self.0.writer.lock().await;
        let known = writer.known(&self.0.pool).await?;
        let made = match self.thin_oldest(&known).await? {
            Some(millis) => Some(Made::Thinned(millis)),
            None => self.drop_oldest(&known).await?.map(Made::Dropped),
        };
        writer.knows(known);
        self.recount().await?;
        Ok(made)
    }

    /// What has gathered since the uplink went away becomes full containers: a day is some hundred messages then.
    pub(super) async fn put_together(&self) -> Result<(), SpoolError> {
        if self.line().up {
            return Ok(());
        }
        let mut writer = self.0.writer.lock().await;
        if writer.loose_ticks < FULL_TICKS {
            return Ok(());
        }
        writer.loose_ticks = 0;
        match self.fold_newest(&mut writer).await.map_err(|source| self.failed(OPERATION, source)) {
            // They stay as they are.
            Err(error) if !error.may_pass() => Err(error),
            _ => Ok(()),
        }
    }

    async fn fold_newest(&self, writer: &mut Writer) -> Result<(), sqlx::Error> {
        let known = writer.known(&self.0.pool).await?;
        let Some((newest, _)) = known.newest.as_ref() else { return Ok(()) };
        let heads = sqlx::query(
            "SELECT sequence, flags, tick_millis, ticks, start, until, boot FROM container
             WHERE sequence < ? ORDER BY sequence DESC LIMIT ?",
        )
        .bind(newest.sequence.cast_signed())
        .bind(2 * TOGETHER)
        .fetch_all(&self.0.pool)
        .await?;
        let heads = heads.iter().map(Head::read).collect::<Result<Vec<_>, _>>()?;
        let loose = heads.iter().take_while(|head| {
            !head.is(ATTEMPTED | RAW)
                && head.ticks < FULL_TICKS
                && head.tick_length == newest.tick_length
                && head.boot == newest.boot
        });
        let mut loose: Vec<&Head> = loose.collect();
        loose.reverse();
        if loose.len() > 1 {
            let mut transaction = database::begin(&self.0.pool, true).await?;
            let group = take(&mut transaction, &loose).await?;
            let last = group.last().and_then(|row| row.checkpoint.clone());
            let folded = fold(group.into_iter().map(|row| (row.head.is(LATE), row.ticks)));
            let parts = [(0, newest.tick_length, folded.whole), (LATE, newest.tick_length, folded.late)];
            self.put_back(&mut transaction, &loose, parts, last.as_deref()).await?;
            transaction.commit().await?;
            self.recount().await?;
        }
        writer.knows(known);
        Ok(())
    }

    /// Gives how many milliseconds of ticks were looked at; `None`: there are none left that could be thinned.
    async fn thin_oldest(&self, known: &Known) -> Result<Option<i64>, sqlx::Error> {
        let Some((newest, _)) = known.newest.as_ref() else { return Ok(None) };
        let heads = sqlx::query(
            "SELECT sequence, flags, tick_millis, ticks, start, until, boot FROM container
             WHERE flags & 5 = 0 AND tick_millis < 60000 AND boot IS NULL AND sequence < ? ORDER BY sequence LIMIT ?",
        )
        .bind(newest.sequence.cast_signed())
        .bind(TOGETHER)
        .fetch_all(&self.0.pool)
        .await?;
        let heads = heads.iter().map(Head::read).collect::<Result<Vec<_>, _>>()?;
        let Some(length) = heads.first().map(|head| head.tick_length) else { return Ok(None) };
        let group: Vec<&Head> = heads.iter().take_while(|head| head.tick_length == length).collect();

        let mut transaction = database::begin(&self.0.pool, true).await?;
        let elsewhere = told_again(&mut transaction, &group).await?;
        let rows = take(&mut transaction, &group).await?;
        let last = rows.last().and_then(|row| row.checkpoint.clone());
        let folded = fold(rows.into_iter().map(|row| (row.head.is(LATE), row.ticks)));
        let minute = |start| TimeRange::new(start, start.plus_millis(60_000));
        let late = &folded.late;
        let Thinned { minutes, raw } = thin(length, folded.whole, |start| {
            late.iter().any(|tick| minute(start).contains(tick.start))
                || elsewhere.iter().any(|range| !range.intersection(&minute(start)).is_empty())
        });
        let thinned = minutes.len() as u64 * 60_000;
        let until = minutes.last().map(|tick| tick.start.plus_millis(60_000));
        let sixty = TickLength::from_secs(60).unwrap_or_default();
        let parts = [(0, sixty, minutes), (RAW, length, raw), (LATE | RAW, length, folded.late)];
        if until.is_none()
            || parts.iter().map(|part| part.2.len().div_ceil(FULL_TICKS)).sum::<usize>() > group.len()
        {
            transaction.rollback().await?;
            self.keep_raw(&group).await?;
            return Ok(Some(0));
        }
        self.put_back(&mut transaction, &group, parts, last.as_deref()).await?;
        sqlx::query(
            "UPDATE state SET thinned_millis = thinned_millis + ?1,
                              thinned_until = max(coalesce(thinned_until, ?2), ?2)",
        )
        .bind(thinned.cast_signed())
        .bind(until.map(|until| until.0))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Some(thinned.cast_signed()))
    }

    async fn keep_raw(&self, group: &[&Head]) -> Result<(), sqlx::Error> {
        let mut transaction = database::begin(&self.0.pool, true).await?;
        for head in group {
            sqlx::query("UPDATE container SET flags = flags | 4 WHERE sequence = ?")
                .bind(head.sequence.cast_signed())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    async fn drop_oldest(&self, known: &Known) -> Result<Option<i64>, sqlx::Error> {
        let Some((newest, _)) = known.newest.as_ref() else { return Ok(None) };
        let (tried, confirmed) = {
            let line = self.line();
            (line.tried, line.confirmed.iter().copied().collect::<HashSet<u64>>())
        };
        let heads = sqlx::query(
            "SELECT sequence, flags, tick_millis, ticks, start, until, boot FROM container
             WHERE sequence < ? ORDER BY sequence LIMIT ?",
        )
        .bind(newest.sequence.cast_signed())
        .bind(i64::try_from(confirmed.len()).unwrap_or(0) + 2)
        .fetch_all(&self.0.pool)
        .await?;
        let heads = heads.iter().map(Head::read).collect::<Result<Vec<_>, _>>()?;
        let goes =
            heads.iter().find(|head| Some(head.sequence) != tried && !confirmed.contains(&head.sequence));
        let Some(goes) = goes else { return Ok(None) };
        let mut transaction = database::begin(&self.0.pool, true).await?;
        keep_checkpoint(&mut transaction, &[goes.sequence]).await?;
        delete(&mut transaction, &[goes.sequence]).await?;
        // What was told again was counted the first time.
        let millis = if goes.is(LATE) { 0 } else { goes.millis() };
        sqlx::query(
            "UPDATE state SET dropped_millis = dropped_millis + ?1,
                dropped_from = min(coalesce(dropped_from, ?2), ?2),
                dropped_until = max(coalesce(dropped_until, ?3), ?3)",
        )
        .bind(millis)
        .bind(goes.start.0)
        .bind(goes.until.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Some(millis))
    }

    /// The ticks of the group, in containers that have its highest numbers, so that the checkpoint keeps its own.
    async fn put_back<const N: usize>(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        group: &[&Head],
        parts: [(i64, TickLength, Vec<TickEnergy>); N],
        checkpoint: Option<&[u8]>,
    ) -> Result<(), sqlx::Error> {
        let mut drafts = Vec::new();
        for (flags, tick_length, mut ticks) in parts {
            while !ticks.is_empty() {
                let rest = ticks.split_off(ticks.len().min(FULL_TICKS));
                drafts.push((flags, tick_length, std::mem::replace(&mut ticks, rest)));
            }
        }
        let last = drafts.len().saturating_sub(1);
        let heads = group.iter().skip(group.len() - drafts.len());
        for (place, ((flags, tick_length, ticks), head)) in drafts.into_iter().zip(heads).enumerate() {
            let draft = Draft {
                hub: self.0.hub,
                sequence: head.sequence,
                flags,
                tick_length,
                ticks,
                boot: head.boot,
                checkpoint: checkpoint.filter(|_| place == last),
            };
            draft.write(transaction).await?;
        }
        Ok(())
    }

    /// The depth, after rows have come together. To be called by the one who writes.
    pub(super) async fn recount(&self) -> Result<(), sqlx::Error> {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM container").fetch_one(&self.0.pool).await?;
        let line = self.line();
        let waiting = rows.unsigned_abs().saturating_sub(line.confirmed.len() as u64);
        self.0.depth.store(waiting, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }
}

/// Reads rows as a whole and takes them out, so that their room can be used again.
async fn take(
    transaction: &mut Transaction<'static, Sqlite>,
    group: &[&Head],
) -> Result<Vec<Whole>, sqlx::Error> {
    let mut rows = Vec::with_capacity(group.len());
    for head in group {
        let row = sqlx::query("SELECT * FROM container WHERE sequence = ?")
            .bind(head.sequence.cast_signed())
            .fetch_one(&mut **transaction)
            .await?;
        rows.push(Whole::read(&row)?);
    }
    let sequences: Vec<u64> = group.iter().map(|head| head.sequence).collect();
    for &sequence in &sequences {
        // One by one: others may lie between them.
        delete(transaction, &[sequence]).await?;
    }
    Ok(rows)
}

/// Of which times containers outside of the group tell again.
async fn told_again(
    transaction: &mut Transaction<'static, Sqlite>,
    group: &[&Head],
) -> Result<Vec<TimeRange>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT sequence, flags, tick_millis, ticks, start, until, boot FROM container WHERE flags & 2 <> 0",
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut ranges = Vec::new();
    for row in rows {
        let head = Head::read(&row)?;
        if !group.iter().any(|member| member.sequence == head.sequence) {
            ranges.push(TimeRange::new(head.start, head.until));
        }
    }
    Ok(ranges)
}
