//! The schema's version: that of a file, that of this program, and the way from one to the other.

use std::path::{Path, PathBuf};

use domain::schema::{Applied, Script};
pub use domain::schema::{IncompatibleSchema, SchemaStatus};
use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode};
use sqlx::{Connection as _, SqliteConnection};

use crate::opening::{BEGIN, PATIENCE};

#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("opening {}", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("{} cannot be had alone: stop whoever has it open", path.display())]
    InUse { path: PathBuf, source: sqlx::Error },
    #[error("reading the version of the schema")]
    Read(#[source] sqlx::Error),
    #[error(transparent)]
    Incompatible(#[from] IncompatibleSchema),
    #[error("bringing the schema to version {to}")]
    Migrate { to: i64, source: MigrateError },
    #[error("the file is empty: there is no version to go back to")]
    Empty,
    #[error("this program knows no way back from version {0}")]
    NoWayBack(i64),
    /// What the script says of itself, and what stood in the way.
    #[error("the way back from version {from} was refused, and nothing has changed. {why}")]
    WayBackRefused { from: i64, why: String, source: MigrateError },
}

/// The schema of a file, for operators. Whoever opens the file for use brings it up to date.
#[derive(Clone, Debug)]
pub struct Schema {
    path: PathBuf,
    migrations: fn() -> Migrator,
}

impl Schema {
    pub fn of_accounts(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), migrations: of_accounts }
    }

    pub fn of_measurements(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), migrations: of_measurements }
    }

    /// Changes nothing, also while others have the file open. A file that this program does not go with is an error that
    /// names both versions, and so is one that is not there.
    pub async fn status(&self) -> Result<SchemaStatus, SchemaError> {
        let mut connection = self.connect(options(&self.path).read_only(true)).await?;
        let outcome = now(&mut connection, &(self.migrations)()).await;
        self.finish(connection, outcome).await
    }

    /// Applies what is missing, all of it or nothing.
    pub async fn up(&self) -> Result<SchemaStatus, SchemaError> {
        let mut connection = self.connect_alone().await?;
        let outcome = up(&mut connection, &(self.migrations)()).await;
        self.finish(connection, outcome).await
    }

    /// Goes back by one version, in one transaction.
    pub async fn down(&self) -> Result<SchemaStatus, SchemaError> {
        let mut connection = self.connect_alone().await?;
        let outcome = down(&mut connection, &(self.migrations)()).await;
        self.finish(connection, outcome).await
    }

    async fn connect(&self, options: SqliteConnectOptions) -> Result<SqliteConnection, SchemaError> {
        let opened = SqliteConnection::connect_with(&options).await;
        opened.map_err(|source| SchemaError::Open { path: self.path.clone(), source })
    }

    /// In this locking mode SQLite refuses while anybody else has the file open: a process that goes on with a schema that
    /// was taken from under it would fail with every question.
    async fn connect_alone(&self) -> Result<SqliteConnection, SchemaError> {
        let options = options(&self.path).locking_mode(SqliteLockingMode::Exclusive);
        let mut connection = self.connect(options.pragma("secure_delete", "ON")).await?;
        // It takes the lock with the first question.
        let question = sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await;
        question.map_err(|source| SchemaError::InUse { path: self.path.clone(), source })?;
        Ok(connection)
    }

    async fn finish(
        &self,
        connection: SqliteConnection,
        outcome: Result<SchemaStatus, SchemaError>,
    ) -> Result<SchemaStatus, SchemaError> {
        let closed = connection.close().await;
        let status = outcome?;
        closed.map_err(|source| SchemaError::Open { path: self.path.clone(), source })?;
        Ok(status)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(PATIENCE)
}

pub(crate) fn of_accounts() -> Migrator {
    tolerant(sqlx::migrate!("./migrations/accounts"))
}

pub(crate) fn of_measurements() -> Migrator {
    tolerant(sqlx::migrate!("./migrations/measurements"))
}

/// What the program does not know was judged by `domain::schema`.
fn tolerant(mut migrations: Migrator) -> Migrator {
    migrations.set_ignore_missing(true);
    migrations
}

/// Brings what `connection` has open up to date, all of it or nothing; several may do so at once. A file that is one version
/// ahead is left as it is.
pub(crate) async fn up(
    connection: &mut SqliteConnection,
    migrations: &Migrator,
) -> Result<SchemaStatus, SchemaError> {
    let before = now(connection, migrations).await?;
    if before.pending.is_empty() {
        return Ok(before);
    }
    let failed = |source| SchemaError::Migrate { to: before.program, source };
    // Two that find the same migration missing take turns; the second finds it done.
    let mut transaction =
        connection.begin_with(BEGIN).await.map_err(|source| failed(MigrateError::Execute(source)))?;
    migrations.run(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(|source| failed(MigrateError::Execute(source)))?;
    now(connection, migrations).await
}

/// `connection` has the file alone since it looked first, so what is looked at is what is taken back.
async fn down(connection: &mut SqliteConnection, migrations: &Migrator) -> Result<SchemaStatus, SchemaError> {
    let SchemaStatus { database: from, way_back, .. } = now(connection, migrations).await?;
    if from == 0 {
        return Err(SchemaError::Empty);
    }
    let why = way_back.ok_or(SchemaError::NoWayBack(from))?;
    let outcome = migrations.undo(&mut *connection, from - 1).await;
    outcome.map_err(|source| SchemaError::WayBackRefused { from, why, source })?;
    now(connection, migrations).await
}

async fn now(connection: &mut SqliteConnection, migrations: &Migrator) -> Result<SchemaStatus, SchemaError> {
    let applied = applied(connection).await.map_err(SchemaError::Read)?;
    Ok(status(migrations, &applied)?)
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<Applied>, sqlx::Error> {
    let is_there: bool =
        sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *connection)
            .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, String, Vec<u8>)> =
        sqlx::query_as("SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(version, name, checksum)| Applied { version, name, checksum }).collect())
}

fn status(migrations: &Migrator, applied: &[Applied]) -> Result<SchemaStatus, IncompatibleSchema> {
    SchemaStatus::of(&migrations.iter().map(script).collect::<Vec<_>>(), applied)
}

fn script(migration: &Migration) -> Script<'_> {
    Script {
        version: migration.version,
        name: &migration.description,
        checksum: &migration.checksum,
        sql: migration.sql.as_str(),
        is_way_back: migration.migration_type.is_down_migration(),
    }
}
