//! Forgetting in small transactions, each of which holds the writer for some milliseconds only: between two of them
//! comes whoever else waits for it.

use std::path::Path;

use domain::UtcMillis;
use domain::measurement::StoreError;
use domain::rollup::UtcDay;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Error, SqliteConnection, SqlitePool};

use crate::opening::PATIENCE;

/// Rows of one transaction.
const CHUNK: i64 = 2_000;

/// The earliest tick of the file, for operators: also while others have it open, and whatever its version.
pub async fn oldest_tick(path: &Path) -> Result<Option<UtcMillis>, StoreError> {
    let failed = super::unavailable("asking the file for its oldest tick");
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(PATIENCE);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(&failed)?;
    // From hub to hub, and not from row to row.
    let oldest: Option<i64> = sqlx::query_scalar(
        "WITH RECURSIVE known (hub) AS (
           SELECT min(hub) FROM tick
           UNION ALL
           SELECT (SELECT min(tick.hub) FROM tick WHERE tick.hub > known.hub) FROM known WHERE known.hub IS NOT NULL
         )
         SELECT min((SELECT min(start) FROM tick WHERE tick.hub = known.hub)) FROM known",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(&failed)?;
    connection.close().await.map_err(failed)?;
    Ok(oldest.map(UtcMillis))
}

pub(super) async fn forget(writer: &SqlitePool, before: UtcDay) -> Result<u64, Error> {
    let mut forgotten = 0;
    let mut next: Option<Vec<u8>> = sqlx::query_scalar("SELECT min(hub) FROM tick").fetch_one(writer).await?;
    while let Some(hub) = next {
        loop {
            let rows = forget_some(writer, &hub, before).await?;
            forgotten += rows;
            if rows < CHUNK.unsigned_abs() {
                break;
            }
        }
        next = sqlx::query_scalar("SELECT min(hub) FROM tick WHERE hub > ?")
            .bind(&hub)
            .fetch_one(writer)
            .await?;
    }
    sqlx::query("DELETE FROM stale_day WHERE day < ?").bind(before.0).execute(writer).await?;
    Ok(forgotten)
}

/// The oldest ticks of the hub.
async fn forget_some(writer: &SqlitePool, hub: &[u8], before: UtcDay) -> Result<u64, Error> {
    let done = sqlx::query(
        "DELETE FROM tick WHERE hub = ?1 AND start < ?2 AND start < coalesce(
           (SELECT start FROM tick WHERE hub = ?1 AND start < ?2 ORDER BY start LIMIT 1 OFFSET ?3), ?2)",
    )
    .bind(hub)
    .bind(before.start().0)
    .bind(CHUNK)
    .execute(writer)
    .await?;
    Ok(done.rows_affected())
}
