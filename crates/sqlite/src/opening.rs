//! What all files have in common.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Connection, Sqlite, SqliteConnection};

/// Makes the file, for its owner's eyes only; SQLite gives its side files the mode of the file.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// Connections that have lost count of their transactions are closed.
pub(crate) fn pool() -> SqlitePoolOptions {
    sqlx::pool::PoolOptions::<Sqlite>::new()
        .after_release(|connection, _| Box::pin(is_outside_transactions(connection)))
}

/// After some errors (a full disk) SQLite rolls back by itself; sqlx then still counts a transaction and would
/// never begin another one.
async fn is_outside_transactions(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // A rollback that is under way must have ended.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}
