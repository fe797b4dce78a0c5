use domain::measurement::{SocketSums, StoredTick};
use domain::{HubId, TickLength, TimeRange, UtcMillis};
use futures_util::{Stream, TryStreamExt as _};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row as _, SqlitePool};

use super::joules;
use super::sums::Sums;

pub(super) async fn ticks(pool: &SqlitePool, hub: HubId, range: TimeRange) -> Result<Vec<StoredTick>, Error> {
    stream(pool, hub, range).try_collect().await
}

/// A year of ticks is too much to be held at once.
pub(super) async fn quarter_hours(
    pool: &SqlitePool,
    hub: HubId,
    range: TimeRange,
) -> Result<Vec<SocketSums>, Error> {
    let mut ticks = std::pin::pin!(stream(pool, hub, range));
    let mut sums = Sums::default();
    while let Some(tick) = ticks.try_next().await? {
        sums.push(tick);
    }
    Ok(sums.finish())
}

/// In order of time.
fn stream(pool: &SqlitePool, hub: HubId, range: TimeRange) -> impl Stream<Item = Result<StoredTick, Error>> {
    sqlx::query(
        "SELECT start, length, sockets, joules FROM tick WHERE hub = ? AND start >= ? AND start < ? ORDER BY start",
    )
    .bind(hub.as_bytes().to_vec())
    .bind(range.start.0)
    .bind(range.end.0)
    .fetch(pool)
    .and_then(|row| std::future::ready(tick(&row)))
}

/// From the fifth column.
pub(super) fn hub(row: &SqliteRow) -> Result<HubId, Error> {
    let bytes = row.try_get::<&[u8], _>(4)?;
    bytes.try_into().map(HubId::from_bytes).map_err(|error| Error::Decode(Box::new(error)))
}

/// From the first four columns.
pub(super) fn tick(row: &SqliteRow) -> Result<StoredTick, Error> {
    let start = UtcMillis(row.try_get(0)?);
    let length = TickLength::from_millis(row.try_get(1)?).map_err(|error| Error::Decode(Box::new(error)))?;
    let mask = row.try_get::<i64, _>(2)?.cast_unsigned();
    let energy = joules::unpack(mask, row.try_get(3)?)
        .ok_or_else(|| Error::Decode(format!("the values of the tick of {start} are damaged").into()))?;
    Ok(StoredTick { start, length, energy })
}
