//! The file: how it is opened, what is in it, and what SQLite's errors mean.

use std::path::Path;
use std::time::Duration;

use domain::ticker::Checkpoint;
use domain::{HubId, UtcMillis};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Row, Sqlite, SqlitePool, Transaction};

use super::pages::Pages;
use super::{Identity, SpoolError, migration};

/// `WSpl`, so that no other program's file is taken for a spool.
const APPLICATION_ID: i64 = 0x5753_706c;
pub(super) const SCHEMA_VERSION: i64 = 3;

pub(super) struct State {
    pub(super) hub: HubId,
    pub(super) born: UtcMillis,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) depth: u64,
}

pub(super) async fn connect(path: &Path, max_bytes: u64) -> Result<SqlitePool, SpoolError> {
    let pages = Pages::of(path, max_bytes);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(pages.bytes)
        // The index of the journal is then in memory, and not a file that is written back with every tick. sqlx says it
        // before anything touches the journal, as it must be.
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        // What was appended must survive the loss of power, not only of the process.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .pragma("wal_autocheckpoint", pages.in_journal.to_string())
        // 512 KiB: a quarter of SQLite's own, as is their memory.
        .pragma("cache_size", "-512")
        .pragma("max_page_count", pages.most.to_string());
    // One connection: SQLite has one writer anyway, and nobody then waits for a lock.
    SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // After some errors SQLite rolls back by itself. sqlx then still counts a transaction, and what follows
        // would never be committed. The ping lets a rollback that is under way end.
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(options)
        .await
        .map_err(|source| failed(path, "opening the spool", source))
}

/// Begins a transaction that survives the loss of power when it is committed, or one that only survives the end of the
/// process until a later one does more.
pub(super) async fn begin(
    pool: &SqlitePool,
    durable: bool,
) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    // Not prepared and kept: SQLite obeys this pragma while it parses it.
    sqlx::raw_sql(if durable { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })
        .execute(pool)
        .await?;
    pool.begin().await
}

/// Makes or checks what is in the file.
pub(super) async fn prepare(pool: &SqlitePool, path: &Path, identity: Identity) -> Result<State, SpoolError> {
    let failed = |source| failed(path, "opening the spool", source);
    let damaged = |reason: &str| SpoolError::Damaged { path: path.to_owned(), reason: reason.to_owned() };

    let application: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(pool).await.map_err(failed)?;
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(pool).await.map_err(failed)?;
    if tables == 0 && application == 0 {
        create(pool, identity).await.map_err(failed)?;
    } else if application != APPLICATION_ID {
        return Err(damaged("it is another program's database"));
    }
    let check: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await.map_err(failed)?;
    if check != "ok" {
        return Err(damaged(check.lines().next().unwrap_or_default()));
    }
    migration::migrate(pool, path).await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.map_err(failed)?;
    if version != SCHEMA_VERSION {
        return Err(damaged(&format!("its version is {version}, this agent knows {SCHEMA_VERSION}")));
    }
    read(pool).await.map_err(failed)?.ok_or_else(|| damaged("it does not say whose it is"))
}

/// The tables of this version.
pub(super) const TABLES: [&str; 2] = [
    // The body comes last, so that what is before it is read without it.
    "CREATE TABLE container (
        sequence INTEGER PRIMARY KEY,
        flags INTEGER NOT NULL,
        tick_millis INTEGER NOT NULL,
        ticks INTEGER NOT NULL,
        start INTEGER NOT NULL,
        until INTEGER NOT NULL,
        boot BLOB,
        checkpoint BLOB,
        body BLOB NOT NULL
    )",
    // The checkpoint is that of the newest container that had one: here it is when that one has left. The next sequence
    // number is at least this one.
    "CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        hub BLOB NOT NULL,
        born INTEGER NOT NULL,
        next_sequence INTEGER NOT NULL,
        checkpoint BLOB,
        checkpoint_of INTEGER NOT NULL DEFAULT 0,
        thinned_millis INTEGER NOT NULL DEFAULT 0,
        thinned_until INTEGER,
        dropped_millis INTEGER NOT NULL DEFAULT 0,
        dropped_from INTEGER,
        dropped_until INTEGER,
        never_dated_millis INTEGER NOT NULL DEFAULT 0
    )",
];

async fn create(pool: &SqlitePool, identity: Identity) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for statement in
        TABLES.into_iter().chain(["PRAGMA application_id = 0x5753706c", "PRAGMA user_version = 3"])
    {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    sqlx::query("INSERT INTO state (id, hub, born, next_sequence) VALUES (1, ?, ?, 1)")
        .bind(identity.configured.unwrap_or(identity.fresh).as_bytes().as_slice())
        .bind(identity.now.0)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

async fn read(pool: &SqlitePool) -> Result<Option<State>, sqlx::Error> {
    let row = sqlx::query("SELECT hub, born FROM state").fetch_optional(pool).await?;
    let depth: i64 = sqlx::query_scalar("SELECT count(*) FROM container").fetch_one(pool).await?;
    let checkpoint = checkpoint(pool).await?;
    Ok(row.and_then(|row| {
        let hub = <[u8; 16]>::try_from(row.get::<Vec<u8>, _>(0)).ok()?;
        let born = UtcMillis(row.get(1));
        Some(State { hub: HubId::from_bytes(hub), born, checkpoint, depth: depth.unsigned_abs() })
    }))
}

/// The latest one.
pub(super) async fn checkpoint(pool: &SqlitePool) -> Result<Option<Checkpoint>, sqlx::Error> {
    let packed: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT coalesce(
            (SELECT checkpoint FROM container WHERE checkpoint IS NOT NULL AND sequence > checkpoint_of
             ORDER BY sequence DESC LIMIT 1),
            checkpoint
        ) FROM state",
    )
    .fetch_optional(pool)
    .await?
    .flatten();
    packed.map(|packed| unpack(&packed)).transpose()
}

/// How a checkpoint of the second version begins: `MessagePack`'s array of three, which is the beginning of no protobuf.
const MESSAGE_PACK: u8 = 0x93;

pub(super) fn unpack(packed: &[u8]) -> Result<Checkpoint, sqlx::Error> {
    if packed.first() == Some(&MESSAGE_PACK) {
        return rmp_serde::from_slice(packed).map_err(|error| sqlx::Error::Decode(error.into()));
    }
    wire::decode_checkpoint(packed).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The primary result codes of <https://www.sqlite.org/rescode.html>.
pub(super) fn failed(path: &Path, operation: &'static str, source: sqlx::Error) -> SpoolError {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const READONLY: i32 = 8;
    const IOERR: i32 = 10;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const CANTOPEN: i32 = 14;
    const NOTADB: i32 = 26;
    if matches!(source, sqlx::Error::PoolTimedOut) {
        return SpoolError::Disk { operation, source };
    }
    let code = source.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    match code.map(|extended| extended & 0xff) {
        Some(FULL) => SpoolError::Full { operation },
        Some(BUSY | LOCKED) => SpoolError::Locked { path: path.to_owned() },
        Some(READONLY | IOERR | CANTOPEN) => SpoolError::Disk { operation, source },
        Some(CORRUPT | NOTADB) => SpoolError::Damaged { path: path.to_owned(), reason: source.to_string() },
        _ => SpoolError::Other { operation, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn insert(pool: &SqlitePool, sequence: i64, bytes: i64) -> Result<(), sqlx::Error> {
        let mut transaction = pool.begin().await?;
        sqlx::query("INSERT INTO container VALUES (?, 0, 10000, 1, 0, 10000, NULL, NULL, zeroblob(?))")
            .bind(sequence)
            .bind(bytes)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    #[tokio::test]
    async fn what_is_appended_after_the_spool_was_full_is_committed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool.db");
        let pool = connect(&path, 64 * 1_024).await.unwrap();
        let hub = HubId::from_bytes([1; 16]);
        prepare(&pool, &path, Identity { configured: None, fresh: hub, now: UtcMillis(0) }).await.unwrap();
        let error = insert(&pool, 1, 1 << 20).await.unwrap_err();
        assert!(matches!(failed(&path, "filling", error), SpoolError::Full { .. }));
        // Given up, as happens when its caller is told to stop.
        drop(pool.begin().await.unwrap());
        insert(&pool, 2, 10).await.unwrap();

        // What was not committed is gone then.
        pool.close().await;
        let again = connect(&path, 64 * 1_024).await.unwrap();
        let seen: Vec<i64> =
            sqlx::query_scalar("SELECT sequence FROM container").fetch_all(&again).await.unwrap();
        assert_eq!(seen, [2]);
    }

    #[tokio::test]
    async fn a_connection_that_is_replaced_is_not_locked_out_by_the_former_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool.db");
        let pool = connect(&path, 1 << 20).await.unwrap();
        let hub = HubId::from_bytes([1; 16]);
        prepare(&pool, &path, Identity { configured: None, fresh: hub, now: UtcMillis(0) }).await.unwrap();
        for sequence in 1..=20 {
            sqlx::raw_sql("CREATE TEMP TABLE mine (one)").execute(&pool).await.unwrap();
            insert(&pool, sequence, 10).await.unwrap();
            // As after an error that made SQLite roll back by itself: the pool gives this connection up.
            let mut transaction = pool.begin().await.unwrap();
            sqlx::raw_sql("ROLLBACK").execute(&mut *transaction).await.unwrap();
            drop(transaction);
            let rows: i64 =
                sqlx::query_scalar("SELECT count(*) FROM container").fetch_one(&pool).await.unwrap();
            assert_eq!(rows, sequence);
            let former: i64 =
                sqlx::query_scalar("SELECT count(*) FROM sqlite_temp_schema").fetch_one(&pool).await.unwrap();
            assert_eq!(former, 0, "it is another connection");
        }
    }

    #[test]
    fn a_wait_for_the_connection_that_takes_too_long_may_pass() {
        let error = failed(Path::new("spool.db"), "reading the spool", sqlx::Error::PoolTimedOut);
        assert!(matches!(error, SpoolError::Disk { .. }) && error.may_pass());
    }
}
