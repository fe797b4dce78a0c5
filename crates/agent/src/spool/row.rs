//! A container as it lies in the file.

use bytes::Bytes;
use domain::container::TickEnergy;
use domain::{Container, HubId, TickLength, UtcMillis};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use super::Boot;

/// It was handed to the transport and may have arrived: it must not change any more.
pub(super) const ATTEMPTED: i64 = 1;
/// It tells again of ticks that were given out before, so it must not overtake them.
pub(super) const LATE: i64 = 2;
/// It cannot be thinned.
pub(super) const RAW: i64 = 4;

/// A row without its body and its checkpoint.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) sequence: u64,
    pub(super) flags: i64,
    pub(super) tick_length: TickLength,
    pub(super) ticks: usize,
    pub(super) start: UtcMillis,
    pub(super) until: UtcMillis,
    pub(super) boot: Option<Boot>,
}

impl Head {
    /// The columns that [`read`](Self::read) takes, in this order.
    pub(super) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let millis = row.try_get::<u32, _>(2)?;
        let boot = row.try_get::<Option<Vec<u8>>, _>(6)?;
        Ok(Self {
            sequence: row.try_get::<i64, _>(0)?.unsigned_abs(),
            flags: row.try_get(1)?,
            tick_length: TickLength::from_millis(millis)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            ticks: usize::try_from(row.try_get::<i64, _>(3)?).unwrap_or(0),
            start: UtcMillis(row.try_get(4)?),
            until: UtcMillis(row.try_get(5)?),
            boot: boot.and_then(|boot| Boot::try_from(boot).ok()),
        })
    }

    pub(super) const fn is(&self, flag: i64) -> bool {
        self.flags & flag != 0
    }

    /// What was measured in it.
    pub(super) fn millis(&self) -> i64 {
        i64::try_from(self.ticks).unwrap_or(0) * self.tick_length.millis_i64()
    }
}

/// A row that is to be.
pub(super) struct Draft<'a> {
    pub(super) hub: HubId,
    pub(super) sequence: u64,
    pub(super) flags: i64,
    pub(super) tick_length: TickLength,
    pub(super) ticks: Vec<TickEnergy>,
    pub(super) boot: Option<Boot>,
    pub(super) checkpoint: Option<&'a [u8]>,
}

impl Draft<'_> {
    /// In place of the row that has the number, if any. Gives what lies there now, and the bytes of its body.
    pub(super) async fn write(
        self,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> Result<(Head, usize), sqlx::Error> {
        let Self { hub, sequence, flags, tick_length, ticks, boot, checkpoint } = self;
        let start = ticks.first().map_or(UtcMillis(0), |tick| tick.start);
        let until =
            ticks.last().map_or(UtcMillis(0), |tick| tick.start.plus_millis(tick_length.millis_i64()));
        let head = Head { sequence, flags, tick_length, ticks: ticks.len(), start, until, boot };
        let body = wire::encode(&Container { hub, sequence, tick_length, ticks });
        sqlx::query("INSERT OR REPLACE INTO container VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(sequence.cast_signed())
            .bind(flags)
            .bind(tick_length.millis())
            .bind(i64::try_from(head.ticks).unwrap_or(i64::MAX))
            .bind(start.0)
            .bind(until.0)
            .bind(boot.as_ref().map(<[u8; 16]>::as_slice))
            .bind(checkpoint)
            .bind(body.as_ref())
            .execute(&mut **transaction)
            .await?;
        Ok((head, body.len()))
    }
}

/// A row as a whole.
pub(super) struct Whole {
    pub(super) head: Head,
    pub(super) checkpoint: Option<Vec<u8>>,
    pub(super) ticks: Vec<TickEnergy>,
}

impl Whole {
    /// After the columns of a [`Head`]: checkpoint and body.
    pub(super) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let body = Bytes::from(row.try_get::<Vec<u8>, _>(8)?);
        Ok(Self { head: Head::read(row)?, checkpoint: row.try_get(7)?, ticks: ticks(&body)? })
    }
}

/// The ticks in a body.
pub(super) fn ticks(body: &[u8]) -> Result<Vec<TickEnergy>, sqlx::Error> {
    Ok(wire::decode(body).map_err(|error| sqlx::Error::Decode(error.into()))?.ticks)
}
