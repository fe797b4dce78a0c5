//! What all files have in common.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{Connection, Sqlite, SqliteConnection};
use tokio::time::Instant;

/// How long whoever meets others at a file waits for them: to write, to open it, and for a connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// Takes the write lock at once; one that begins by reading would have to give up where another writes.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";
const PAUSE: Duration = Duration::from_millis(20);
/// `SQLITE_BUSY`; what is in the higher bytes says more of it.
const BUSY: u32 = 5;

/// Makes the file, for its owner's eyes only; SQLite gives its side files the mode of the file.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// Connections that have lost count of their transactions are closed.
pub(crate) fn pool() -> SqlitePoolOptions {
    sqlx::pool::PoolOptions::<Sqlite>::new()
        .after_release(|connection, _| Box::pin(is_outside_transactions(connection)))
}

/// Also while others open the same file: who finds it without a write-ahead log makes one, alone, and there SQLite does not wait
/// but refuses. With the log nobody has to make one any more.
pub(crate) async fn connect(
    pool: SqlitePoolOptions,
    options: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    let began = Instant::now();
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == BUSY)
}

/// After some errors (a full disk) SQLite rolls back by itself; sqlx then still counts a transaction and would
/// never begin another one.
async fn is_outside_transactions(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // A rollback that is under way must have ended.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}
