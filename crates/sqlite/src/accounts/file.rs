use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

/// How long a writer waits for another, and a caller for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_CONNECTIONS: u32 = 4;

#[derive(Debug, thiserror::Error)]
pub enum OpenAccountsError {
    #[error("making the accounts file {}", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("opening the accounts file {}", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("bringing the schema of {} up to date", path.display())]
    Migrate { path: PathBuf, source: sqlx::migrate::MigrateError },
}

pub(super) async fn open(path: &Path) -> Result<SqlitePool, OpenAccountsError> {
    create(path).map_err(|source| OpenAccountsError::Create { path: path.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE);
    let pool = SqlitePoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(|source| OpenAccountsError::Open { path: path.to_owned(), source })?;
    sqlx::migrate!("./migrations/accounts")
        .run(&pool)
        .await
        .map_err(|source| OpenAccountsError::Migrate { path: path.to_owned(), source })?;
    Ok(pool)
}

/// Password hashes are for the owner's eyes only; SQLite gives its side files the mode of the file.
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}
