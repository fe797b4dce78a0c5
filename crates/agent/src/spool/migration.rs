//! Spools of earlier versions.

use std::path::Path;

use domain::ticker::Checkpoint;
use sqlx::{Row, SqlitePool};

use super::SpoolError;
use super::database::{self, TABLES};
use super::row::{ATTEMPTED, Draft};

/// Containers that change tables in one transaction: few, as one may have a MiB.
const TOGETHER: u32 = 8;

/// Brings a spool of an earlier version to the present one. May be interrupted, and then goes on at the next start.
///
/// The second version differs in how checkpoints are written, and both ways are read: it is only marked, so that no earlier
/// agent reads what it does not know.
pub(super) async fn migrate(pool: &SqlitePool, path: &Path) -> Result<(), SpoolError> {
    let failed =
        |source| database::failed(path, "bringing the spool of an earlier version up to date", source);
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.map_err(failed)?;
    if !matches!(version, 1 | 2) {
        return Ok(());
    }
    if version == 1 || has_first_rows(pool).await.map_err(failed)? {
        extend(pool).await.map_err(failed)?;
        if version == 1 {
            tracing::info!("the spool is of an earlier version and is brought up to date");
            replace_tables(pool).await.map_err(failed)?;
        }
        while move_rows(pool).await.map_err(failed)? {}
    }
    sqlx::raw_sql("PRAGMA user_version = 3").execute(pool).await.map_err(failed)?;
    Ok(())
}

/// Rows are a little larger than they were, and the spool may be full: until it is opened again it may grow by half.
async fn extend(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let pages: i64 = sqlx::query_scalar("PRAGMA max_page_count").fetch_one(pool).await?;
    let more = format!("PRAGMA max_page_count = {}", pages + pages / 2 + 64);
    sqlx::raw_sql(sqlx::AssertSqlSafe(more)).execute(pool).await?;
    Ok(())
}

async fn has_first_rows(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'container_1'")
        .fetch_one(pool)
        .await
}

async fn replace_tables(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for statement in ["ALTER TABLE container RENAME TO container_1", "ALTER TABLE state RENAME TO state_1"]
        .iter()
        .chain(&TABLES)
    {
        sqlx::query(*statement).execute(&mut *transaction).await?;
    }
    let text: Option<String> =
        sqlx::query_scalar("SELECT checkpoint FROM state_1").fetch_one(&mut *transaction).await?;
    let checkpoint = text
        .map(|text| serde_json::from_str::<Checkpoint>(&text))
        .transpose()
        .map_err(|error| sqlx::Error::Decode(error.into()))?;
    sqlx::query(
        "INSERT INTO state (id, hub, born, next_sequence, checkpoint, checkpoint_of)
         SELECT id, hub, born, next_sequence, ?, next_sequence - 1 FROM state_1",
    )
    .bind(checkpoint.as_ref().map(wire::encode_checkpoint))
    .execute(&mut *transaction)
    .await?;
    for statement in ["DROP TABLE state_1", "PRAGMA user_version = 2"] {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// `false`: there are no more.
async fn move_rows(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let rows = sqlx::query("SELECT sequence, body FROM container_1 ORDER BY sequence LIMIT ?")
        .bind(TOGETHER)
        .fetch_all(&mut *transaction)
        .await?;
    let Some(last) = rows.last() else {
        sqlx::query("DROP TABLE container_1").execute(&mut *transaction).await?;
        transaction.commit().await?;
        return Ok(false);
    };
    // First, so that the room can be used again.
    sqlx::query("DELETE FROM container_1 WHERE sequence <= ?")
        .bind(last.get::<i64, _>(0))
        .execute(&mut *transaction)
        .await?;
    for row in rows {
        let container =
            wire::decode(&row.get::<Vec<u8>, _>(1)).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let draft = Draft {
            hub: container.hub,
            sequence: container.sequence,
            // Nobody wrote down which were handed over: any may have been.
            flags: ATTEMPTED,
            tick_length: container.tick_length,
            ticks: container.ticks,
            boot: None,
            checkpoint: None,
        };
        draft.write(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(true)
}
