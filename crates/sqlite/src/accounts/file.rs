use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};

use crate::opening::{self, PATIENCE};
use crate::schema::{self, SchemaError};

const MAX_CONNECTIONS: u32 = 4;

#[derive(Debug, thiserror::Error)]
pub enum OpenAccountsError {
    #[error("making the accounts file {}", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("opening the accounts file {}", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("bringing the schema of {} up to date", path.display())]
    Migrate { path: PathBuf, source: SchemaError },
}

pub(super) async fn open(path: &Path) -> Result<SqlitePool, OpenAccountsError> {
    create(path).map_err(|source| OpenAccountsError::Create { path: path.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE);
    let pool = opening::pool().max_connections(MAX_CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = opening::connect(pool, options)
        .await
        .map_err(|source| OpenAccountsError::Open { path: path.to_owned(), source })?;
    let mut connection =
        pool.acquire().await.map_err(|source| OpenAccountsError::Open { path: path.to_owned(), source })?;
    schema::up(&mut connection, &schema::of_accounts())
        .await
        .map_err(|source| OpenAccountsError::Migrate { path: path.to_owned(), source })?;
    drop(connection);
    Ok(pool)
}

fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    opening::create(path)
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::super::BEGIN;
    use super::*;

    async fn insert(connection: &mut SqliteConnection, name: &str) -> Result<(), sqlx::Error> {
        let mut transaction = connection.begin_with(BEGIN).await?;
        sqlx::query("INSERT INTO household (id, name, zone) VALUES (randomblob(16), ?, 'UTC')")
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    #[tokio::test]
    async fn what_is_written_after_the_disk_was_full_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let pool = open(&path).await.unwrap();
        let mut full = pool.acquire().await.unwrap();
        sqlx::query("PRAGMA max_page_count = 1").execute(&mut *full).await.unwrap();
        let error = insert(&mut full, &"long ".repeat(100_000)).await.unwrap_err();
        assert!(error.to_string().contains("full"), "{error}");
        drop(full);

        // All at once, so that each that the pool has is among them.
        let mut connections = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            connections.push(pool.acquire().await.unwrap());
        }
        for connection in &mut connections {
            insert(connection, "short").await.unwrap();
        }
        let other = open(&path).await.unwrap();
        let seen: Vec<String> =
            sqlx::query_scalar("SELECT name FROM household").fetch_all(&other).await.unwrap();
        assert_eq!(seen, ["short"; MAX_CONNECTIONS as usize]);
    }
}
