//! Erasing, in small transactions as with forgetting. What is erased is overwritten in the file, and the log that still has
//! it is emptied.

use std::ops::Range;

use async_trait::async_trait;
use domain::erasure::MeasurementErasure;
use domain::measurement::StoreError;
use domain::rollup::{PackedDay, Rollups as _, UtcDay};
use domain::{HubId, TimeRange};
use sqlx::{Error, SqlitePool};

use super::{Measurements, unavailable};

/// Rows of one transaction.
const CHUNK: i64 = 2_000;

#[async_trait]
impl MeasurementErasure for Measurements {
    async fn erase_ticks(&self, hub: HubId, range: TimeRange) -> Result<(), StoreError> {
        ticks(&self.writer, hub, range).await.map_err(unavailable("erasing ticks"))
    }

    async fn erase_days(&self, hub: HubId, days: Range<UtcDay>) -> Result<(), StoreError> {
        of_days(&self.writer, hub, days).await.map_err(unavailable("erasing rollups"))
    }

    async fn replace_day(&self, day: &PackedDay) -> Result<(), StoreError> {
        self.put_days(std::slice::from_ref(day)).await
    }
}

async fn ticks(writer: &SqlitePool, hub: HubId, range: TimeRange) -> Result<(), Error> {
    loop {
        let done = sqlx::query(
            "DELETE FROM tick WHERE hub = ?1 AND start >= ?2 AND start < ?3 AND start < coalesce(
               (SELECT start FROM tick WHERE hub = ?1 AND start >= ?2 AND start < ?3
                ORDER BY start LIMIT 1 OFFSET ?4), ?3)",
        )
        .bind(&hub.as_bytes()[..])
        .bind(range.start.0)
        .bind(range.end.0)
        .bind(CHUNK)
        .execute(writer)
        .await?;
        if done.rows_affected() < CHUNK.unsigned_abs() {
            return empty_log(writer).await;
        }
    }
}

async fn of_days(writer: &SqlitePool, hub: HubId, days: Range<UtcDay>) -> Result<(), Error> {
    for statement in [
        "DELETE FROM rollup_day WHERE hub = ? AND day >= ? AND day < ?",
        "DELETE FROM stale_day WHERE hub = ? AND day >= ? AND day < ?",
    ] {
        sqlx::query(statement)
            .bind(&hub.as_bytes()[..])
            .bind(days.start.0)
            .bind(days.end.0)
            .execute(writer)
            .await?;
    }
    empty_log(writer).await
}

/// As far as nobody reads from it just now; the next checkpoint does the rest.
async fn empty_log(writer: &SqlitePool) -> Result<(), Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await.map(|_| ())
}
