//! Measurements, for those who run everything in one process: a row per hub and tick.

mod erasure;
mod joules;
mod read;
mod retention;
mod rollups;
mod sums;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use domain::measurement::{MeasurementQuery, MeasurementStore, SocketSums, StoreError, StoredTick};
use domain::rollup::UtcDay;
use domain::{HubId, Ticks, TimeRange, UtcMillis};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::opening::{self, PATIENCE};
use crate::schema::{self, SchemaError};

/// For a turn at a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// So many rows may be ready before anybody takes them: with the 50 of sqlx the two threads wait for one another most of
/// the time that a day of ticks takes.
const ROWS_AHEAD: usize = 512;

pub use retention::oldest_tick;

/// Why the file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenMeasurementsError {
    #[error("opening {path}")]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("bringing {path} up to date")]
    Migrate { path: PathBuf, source: SchemaError },
}

/// The measurements in one SQLite file.
#[derive(Clone, Debug)]
pub struct Measurements {
    /// One connection: SQLite has one writer at a time anyway, and this way they queue here and not in it.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Measurements {
    /// Opens the file, or makes it, and brings its schema up to date.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenMeasurementsError> {
        let path = path.as_ref();
        let failed = |source| OpenMeasurementsError::Open { path: path.to_owned(), source };
        opening::create(path).map_err(|source| failed(source.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(PATIENCE)
            .statement_cache_capacity(write::STATEMENTS);
        let pool =
            |connections| opening::pool().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
        let writing = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            // `Ok` means durable, and lets the container be acknowledged: NORMAL would lose the last
            // commits when the power fails.
            .synchronous(SqliteSynchronous::Full)
            // What is erased is not to be read from the file any more.
            .pragma("secure_delete", "ON");
        let writer = opening::connect(pool(1), writing).await.map_err(failed)?;
        schema::up(&mut *writer.acquire().await.map_err(failed)?, &schema::of_measurements())
            .await
            .map_err(|source| OpenMeasurementsError::Migrate { path: path.to_owned(), source })?;
        let options = options.read_only(true).row_buffer_size(ROWS_AHEAD);
        let readers = pool(READERS).connect_with(options).await.map_err(failed)?;
        Ok(Self { writer, readers })
    }

    /// Forgets the ticks of all UTC days that end at or before `before`, and the marks of these days: what is not
    /// whole any more cannot be rolled up again. Gives how many ticks. Writes take turns with it.
    pub async fn forget_ticks(&self, before: UtcMillis) -> Result<u64, StoreError> {
        let before = UtcDay::of(before);
        retention::forget(&self.writer, before).await.map_err(unavailable("forgetting ticks"))
    }

    /// Waits for what is going on and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// SQLite rejects no data: every value fits its column. What fails is the disk, or the wait for it.
fn unavailable(operation: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::Unavailable { operation, reason: error.to_string(), retry_after: None }
}

#[async_trait]
impl MeasurementStore for Measurements {
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        write::write(&self.writer, ticks).await.map_err(unavailable("writing measurements"))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let answer = sqlx::query("SELECT 1").execute(&self.writer).await;
        answer.map(drop).map_err(unavailable("asking for the writer"))
    }
}

#[async_trait]
impl MeasurementQuery for Measurements {
    async fn ticks(&self, hub: HubId, range: TimeRange) -> Result<Vec<StoredTick>, StoreError> {
        read::ticks(&self.readers, hub, range).await.map_err(unavailable("reading ticks"))
    }

    async fn quarter_hours(&self, hub: HubId, range: TimeRange) -> Result<Vec<SocketSums>, StoreError> {
        read::quarter_hours(&self.readers, hub, range).await.map_err(unavailable("reading quarter hours"))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let answer = sqlx::query("SELECT 1").execute(&self.readers).await;
        answer.map(drop).map_err(unavailable("asking for a reader"))
    }
}

#[cfg(test)]
mod tests {
    use testkit::containers::{ContainerBuilder, random_hub};
    use testkit::suites::measurements::day;

    use super::*;

    async fn limit_pages(store: &Measurements, count: u32) {
        let pragma = format!("PRAGMA max_page_count = {count}");
        sqlx::query(sqlx::AssertSqlSafe(pragma)).execute(&store.writer).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_written_after_the_disk_was_full_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("measurements.db");
        let store = Measurements::open(&path).await.unwrap();
        let hub = random_hub();
        let tick = |sequence| [ContainerBuilder::new(hub).sequence(sequence).ticks(1).sockets(64).build()];
        // Not less than it has.
        limit_pages(&store, 1).await;
        let mut sequence = 1;
        let error = loop {
            match store.write_containers(&tick(sequence)).await {
                Ok(()) => sequence += 1,
                Err(error) => break error,
            }
        };
        assert!(error.to_string().contains("full"), "{error}");

        limit_pages(&store, 1_000_000).await;
        for sequence in sequence..sequence + 3 {
            store.write_containers(&tick(sequence)).await.unwrap();
        }
        let other = Measurements::open(&path).await.unwrap();
        let seen = other.ticks(hub, day()).await.unwrap().len();
        assert_eq!(seen as u64, sequence + 2);
    }
}
