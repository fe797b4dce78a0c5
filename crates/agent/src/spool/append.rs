//! Ticks into the spool, at one page for a live one.

use std::sync::atomic::Ordering;

use domain::{HubId, TickLength};
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};
use tokio::time::Instant;

use super::room::FULL_TICKS;
use super::row::{self, ATTEMPTED, Draft, Head, LATE};
use super::settle::{delete, keep_checkpoint};
use super::{Boot, Manner, Sealed, Spool, SpoolError, database};

/// What a value takes, mostly.
const VALUE_BYTES: usize = 2;
/// So many sequence numbers are taken at once for containers that are handed over before they are synced: should the
/// power fail, none of them is used for anything else.
const TAKEN: u64 = 1_000;

/// What the one who writes knows of the file, so that it need not be asked each time.
#[derive(Default)]
pub(super) struct Writer {
    /// `None`: it has to be asked, as a write may or may not have worked.
    known: Option<Known>,
    pub(super) synced: Option<Instant>,
    /// Ticks in containers that are not full, since these were last put together.
    pub(super) loose_ticks: usize,
}

#[derive(Clone)]
pub(super) struct Known {
    /// The next sequence number.
    pub(super) next: u64,
    /// Numbers below are not used anew, whatever is lost.
    pub(super) taken: u64,
    /// The newest row, and the bytes of its body and checkpoint.
    pub(super) newest: Option<(Head, usize)>,
}

impl Writer {
    pub(super) async fn known(&mut self, pool: &SqlitePool) -> Result<Known, sqlx::Error> {
        // Taken out: if what follows is given up half-way, the file is asked again.
        if let Some(known) = self.known.take() {
            return Ok(known);
        }
        let taken: i64 = sqlx::query_scalar("SELECT next_sequence FROM state").fetch_one(pool).await?;
        let taken = taken.unsigned_abs();
        let newest = sqlx::query(
            "SELECT sequence, flags, tick_millis, ticks, start, until, boot,
                    length(body) + coalesce(length(checkpoint), 0)
             FROM container ORDER BY sequence DESC LIMIT 1",
        )
        .fetch_optional(pool)
        .await?;
        let newest = match newest {
            Some(row) => Some((Head::read(&row)?, usize::try_from(row.try_get::<i64, _>(7)?).unwrap_or(0))),
            None => None,
        };
        let next = newest.as_ref().map_or(taken, |(head, _)| taken.max(head.sequence + 1));
        Ok(Known { next, taken, newest })
    }

    /// It is as it was thought to become.
    pub(super) fn knows(&mut self, known: Known) {
        self.known = Some(known);
    }
}

impl Spool {
    /// Makes containers of them, all or none. When it returns `Ok` they are safe on the disk: the end of the process does
    /// not touch them, nor does the loss of power, unless they are live and shorter than what may be left unsynced. What is
    /// confirmed leaves the disk in the same transaction. Gives how many containers there are more.
    pub async fn append(
        &self,
        tick_length: TickLength,
        sealed: &[Sealed],
        manner: Manner,
    ) -> Result<u64, SpoolError> {
        const OPERATION: &str = "putting containers into the spool";
        if sealed.is_empty() {
            return Ok(0);
        }
        self.0.reserve.hold().await.map_err(|_| SpoolError::Full { operation: OPERATION })?;
        let outcome = self.try_append(tick_length, sealed, manner).await;
        let outcome = outcome.map_err(|source| self.failed(OPERATION, source));
        // On a full disk what is confirmed must go by itself, out of the reserve.
        if outcome.as_ref().is_err_and(SpoolError::may_pass) && self.has_confirmed() {
            self.settle().await?;
        }
        let more = outcome?;
        self.put_together().await?;
        Ok(more)
    }

    async fn try_append(
        &self,
        tick_length: TickLength,
        sealed: &[Sealed],
        manner: Manner,
    ) -> Result<u64, sqlx::Error> {
        let mut writer = self.0.writer.lock().await;
        let mut known = writer.known(&self.0.pool).await?;
        let (up, held, gathered) = {
            let mut line = self.line();
            let greets = line.up && std::mem::take(&mut line.greeting);
            (line.up, manner.quiet && line.up && !greets, line.gathered)
        };
        let short = manner.live && tick_length.duration() < self.0.sync_every;
        let may_wait = short
            && known.next + (sealed.len() as u64) < known.taken
            && writer.synced.is_some_and(|synced| synced.elapsed() < self.0.sync_every);
        let confirmed = self.line().confirmed.clone();

        let mut transaction = database::begin(&self.0.pool, !may_wait).await?;
        if manner.boot.is_some() {
            keep_checkpoint(&mut transaction, &confirmed).await?;
        }
        delete(&mut transaction, &confirmed).await?;
        if known.newest.as_ref().is_some_and(|(head, _)| confirmed.contains(&head.sequence)) {
            known.newest = None;
        }
        let flags = if up && !held && manner.boot.is_none() { ATTEMPTED } else { 0 };
        let (before, last) = (known.next, sealed.len() - 1);
        for (place, sealed) in sealed.iter().enumerate() {
            let packed = wire::encode_checkpoint(&sealed.checkpoint);
            // Those before the last are superseded at once.
            let checkpoint = (place == last).then_some(packed.as_slice());
            let grown_bytes = self.0.pages.grown_bytes(packed.len());
            let addition =
                Addition { tick_length, sealed, checkpoint, boot: manner.boot, flags, gathered, grown_bytes };
            addition.put(&mut transaction, self.0.hub, &mut known).await?;
        }
        if short && !may_wait && known.taken < known.next + TAKEN / 2 {
            known.taken = known.next + TAKEN;
            sqlx::query("UPDATE state SET next_sequence = ?")
                .bind(known.taken.cast_signed())
                .execute(&mut *transaction)
                .await?;
        }
        // Before it can be seen: nobody may hand over in between what is to wait.
        if held {
            self.hold(&known);
        }
        transaction.commit().await?;

        if !may_wait {
            writer.synced = Some(Instant::now());
        }
        writer.loose_ticks += sealed.iter().map(|sealed| sealed.ticks.len()).sum::<usize>();
        let more = known.next - before;
        self.0.depth.fetch_add(more, Ordering::Relaxed);
        self.forget_confirmed(&confirmed);
        self.written(held, may_wait);
        writer.knows(known);
        drop(writer);
        self.0.appended.notify_one();
        Ok(more)
    }

    /// The newest container waits for news.
    fn hold(&self, known: &Known) {
        let Some((Head { sequence, .. }, _)) = known.newest else { return };
        let mut line = self.line();
        let since = line.held.filter(|(before, _)| *before == sequence).map(|(_, since)| since);
        line.held = Some((sequence, since.unwrap_or_else(Instant::now)));
    }

    /// Notes what is to be done with it later.
    fn written(&self, held: bool, unsynced: bool) {
        let mut line = self.line();
        if !held {
            line.held = None;
        }
        line.unsynced_since = unsynced.then(|| line.unsynced_since.unwrap_or_else(Instant::now));
    }
}

/// What one container brings.
struct Addition<'a> {
    tick_length: TickLength,
    sealed: &'a Sealed,
    checkpoint: Option<&'a [u8]>,
    boot: Option<Boot>,
    flags: i64,
    gathered: u64,
    grown_bytes: usize,
}

impl Addition<'_> {
    /// Into the newest row, if that may still grow, or into a new one.
    async fn put(
        self,
        transaction: &mut Transaction<'static, Sqlite>,
        hub: HubId,
        known: &mut Known,
    ) -> Result<(), sqlx::Error> {
        let grown = known
            .newest
            .as_ref()
            .filter(|(head, bytes)| self.fits(head, *bytes, known.next))
            .map(|(head, _)| head);
        let (sequence, mut ticks) = match grown {
            Some(head) => {
                let body: Vec<u8> = sqlx::query_scalar("SELECT body FROM container WHERE sequence = ?")
                    .bind(head.sequence.cast_signed())
                    .fetch_one(&mut **transaction)
                    .await?;
                (head.sequence, row::ticks(&body)?)
            }
            None => (known.next, Vec::new()),
        };
        ticks.extend(self.sealed.ticks.iter().cloned());
        let draft = Draft {
            hub,
            sequence,
            flags: self.flags | if self.sealed.late { LATE } else { 0 },
            tick_length: self.tick_length,
            ticks,
            boot: self.boot,
            checkpoint: self.checkpoint,
        };
        let (head, bytes) = draft.write(transaction).await?;
        known.newest = Some((head, bytes + self.checkpoint.map_or(0, <[u8]>::len)));
        known.next = known.next.max(sequence + 1);
        Ok(())
    }

    fn fits(&self, newest: &Head, bytes: usize, next: u64) -> bool {
        let values: usize = self.sealed.ticks.iter().map(|tick| tick.energy.len()).sum();
        newest.flags == 0
            && newest.sequence > self.gathered
            // Otherwise later ones have left already.
            && newest.sequence + 1 == next
            && !self.sealed.late
            && newest.tick_length == self.tick_length
            && newest.boot == self.boot
            && self.sealed.ticks.first().is_some_and(|tick| tick.start >= newest.until)
            && newest.ticks + self.sealed.ticks.len() <= FULL_TICKS
            && bytes + values * VALUE_BYTES <= self.grown_bytes
    }
}
