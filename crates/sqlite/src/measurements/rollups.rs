//! Rollups beside the ticks: a row per hub and UTC day.

use std::ops::Range;

use async_trait::async_trait;
use domain::measurement::StoreError;
use domain::rollup::{DayRollup, Detail, Mark, PackedDay, Rollups, UtcDay};
use domain::{HubId, UtcMillis};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, QueryBuilder, Row as _, Sqlite, SqlitePool};

use super::{Measurements, unavailable};
use crate::opening::BEGIN;

/// Rows of one transaction: ticks that are to be written wait for no more.
const ROWS: usize = 64;

const PUT: &str = "keeping rollups";

#[async_trait]
impl Rollups for Measurements {
    async fn put_days(&self, days: &[PackedDay]) -> Result<(), StoreError> {
        let rows: Vec<(&PackedDay, &[u8])> =
            days.iter().map(|day| Ok((day, power(day)?))).collect::<Result<_, StoreError>>()?;
        for rows in rows.chunks(ROWS) {
            put(&self.writer, rows).await.map_err(unavailable(PUT))?;
        }
        Ok(())
    }

    async fn days(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError> {
        read(&self.readers, hub, days, detail).await.map_err(unavailable("reading rollups"))
    }

    async fn watermark(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        let row: Option<(i32, u8)> =
            sqlx::query_as("SELECT day, quarters FROM rollup_day WHERE hub = ? ORDER BY day DESC LIMIT 1")
                .bind(&hub.as_bytes()[..])
                .fetch_optional(&self.readers)
                .await
                .map_err(unavailable("looking for the latest rollup"))?;
        Ok(row.map(|(day, quarters)| DayRollup { quarters, ..DayRollup::empty(hub, UtcDay(day)) }.until()))
    }

    async fn active_hubs(&self, since: UtcMillis) -> Result<Vec<HubId>, StoreError> {
        active_hubs(&self.readers, since).await.map_err(unavailable("looking for active hubs"))
    }

    async fn first_tick(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        let first: Option<i64> = sqlx::query_scalar("SELECT min(start) FROM tick WHERE hub = ?")
            .bind(&hub.as_bytes()[..])
            .fetch_one(&self.readers)
            .await
            .map_err(unavailable("looking for the first tick"))?;
        Ok(first.map(UtcMillis))
    }

    async fn mark(&self, marks: &[Mark]) -> Result<(), StoreError> {
        change_marks(&self.writer, marks, Change::Open).await.map_err(unavailable("marking days"))
    }

    async fn marks(&self, limit: usize) -> Result<Vec<Mark>, StoreError> {
        marks(&self.readers, limit).await.map_err(unavailable("reading marks"))
    }

    async fn settle(&self, marks: &[Mark]) -> Result<(), StoreError> {
        change_marks(&self.writer, marks, Change::Settle).await.map_err(unavailable("settling marks"))
    }
}

/// What was read without its power must not replace what has it.
fn power(day: &PackedDay) -> Result<&[u8], StoreError> {
    day.power.as_deref().ok_or_else(|| StoreError::Rejected {
        operation: PUT,
        reason: format!("the rollup of {} of hub {} has no power", day.day, day.hub),
        ticks: Vec::new(),
    })
}

async fn put(writer: &SqlitePool, rows: &[(&PackedDay, &[u8])]) -> Result<(), Error> {
    let mut transaction = writer.begin_with(BEGIN).await?;
    for (day, power) in rows {
        sqlx::query(
            "INSERT INTO rollup_day (hub, day, quarters, energy, power) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (hub, day) DO UPDATE SET
             quarters = excluded.quarters, energy = excluded.energy, power = excluded.power",
        )
        .bind(&day.hub.as_bytes()[..])
        .bind(day.day.0)
        .bind(day.quarters)
        .bind(&day.energy)
        .bind(power)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

async fn read(
    readers: &SqlitePool,
    hub: HubId,
    days: Range<UtcDay>,
    detail: Detail,
) -> Result<Vec<PackedDay>, Error> {
    let what = match detail {
        Detail::Energy => {
            "SELECT day, quarters, energy FROM rollup_day WHERE hub = ? AND day >= ? AND day < ? ORDER BY day"
        }
        Detail::Power => {
            "SELECT day, quarters, energy, power FROM rollup_day
             WHERE hub = ? AND day >= ? AND day < ? ORDER BY day"
        }
    };
    let rows = sqlx::query(what)
        .bind(&hub.as_bytes()[..])
        .bind(days.start.0)
        .bind(days.end.0)
        .fetch_all(readers)
        .await?;
    let packed = |row: &SqliteRow| {
        let power = match detail {
            Detail::Energy => None,
            Detail::Power => Some(row.try_get(3)?),
        };
        Ok(PackedDay {
            hub,
            day: UtcDay(row.try_get(0)?),
            quarters: row.try_get(1)?,
            energy: row.try_get(2)?,
            power,
        })
    };
    rows.iter().map(packed).collect()
}

/// From hub to hub along the primary key, a few pages each, however many ticks they have.
const ACTIVE_HUBS: &str = "
    WITH RECURSIVE known (hub) AS (
        SELECT min(hub) FROM tick
        UNION ALL
        SELECT (SELECT min(tick.hub) FROM tick WHERE tick.hub > known.hub) FROM known WHERE known.hub IS NOT NULL
    )
    SELECT hub FROM known
    WHERE hub IS NOT NULL AND EXISTS (SELECT 1 FROM tick WHERE tick.hub = known.hub AND tick.start >= ?)";

async fn active_hubs(readers: &SqlitePool, since: UtcMillis) -> Result<Vec<HubId>, Error> {
    let hubs: Vec<Vec<u8>> = sqlx::query_scalar(ACTIVE_HUBS).bind(since.0).fetch_all(readers).await?;
    hubs.iter().map(|hub| hub_id(hub)).collect()
}

fn hub_id(bytes: &[u8]) -> Result<HubId, Error> {
    bytes.try_into().map(HubId::from_bytes).map_err(|error| Error::Decode(Box::new(error)))
}

#[derive(Clone, Copy)]
enum Change {
    Open,
    Settle,
}

async fn change_marks(writer: &SqlitePool, marks: &[Mark], change: Change) -> Result<(), Error> {
    for marks in marks.chunks(ROWS) {
        let mut statement = QueryBuilder::<Sqlite>::new(match change {
            Change::Open => "INSERT OR IGNORE INTO stale_day (hub, day, nonce) ",
            Change::Settle => "DELETE FROM stale_day WHERE (hub, day, nonce) IN (",
        });
        statement.push_values(marks, |mut row, mark| {
            row.push_bind(mark.hub.as_bytes().to_vec()).push_bind(mark.day.0).push_bind(mark.nonce);
        });
        if let Change::Settle = change {
            statement.push(")");
        }
        statement.build().execute(writer).await?;
    }
    Ok(())
}

async fn marks(readers: &SqlitePool, limit: usize) -> Result<Vec<Mark>, Error> {
    // So many of each hub, so that one with many keeps nobody waiting.
    let rows: Vec<(Vec<u8>, i32, u32)> = sqlx::query_as(
        "SELECT hub, day, nonce FROM
           (SELECT *, row_number() OVER (PARTITION BY hub ORDER BY day, nonce) AS place FROM stale_day)
         WHERE place <= ?",
    )
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(readers)
    .await?;
    rows.into_iter()
        .map(|(hub, day, nonce)| Ok(Mark { hub: hub_id(&hub)?, day: UtcDay(day), nonce }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scan of all ticks would take a second for each year and home.
    #[tokio::test]
    async fn active_hubs_are_found_along_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = Measurements::open(folder.path().join("measurements.db")).await.unwrap();
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {ACTIVE_HUBS}")))
                .bind(0)
                .fetch_all(&store.readers)
                .await
                .unwrap();
        let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
        assert_eq!(steps.iter().filter(|step| step.starts_with("SEARCH tick USING")).count(), 2, "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN tick")), "{steps:?}");
    }
}
