//! The schema's version: that of the database, that of this program, and the way from one to the other.
//!
//! Everything here works on a connection of its own and closes it. The migrator's lock is the session's: after an error, or
//! when the caller gave up waiting, a connection of a pool would go back with the lock and keep all others out.

use std::time::Duration;

use domain::schema::{Applied, Script};
pub use domain::schema::{IncompatibleSchema, SchemaStatus};
use sqlx::migrate::{Migrate as _, MigrateError, Migration, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::{Config, ConnectError};

#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("connecting to the accounts' database")]
    Connect(#[source] sqlx::Error),
    #[error("no answer from the accounts' database within {} ms", .0.as_millis())]
    TimedOut(Duration),
    #[error("reading the version of the accounts' schema")]
    Read(#[source] sqlx::Error),
    #[error(transparent)]
    Incompatible(#[from] IncompatibleSchema),
    #[error("bringing the schema of the accounts to version {to}")]
    Migrate { to: i64, source: MigrateError },
    #[error("waiting for whoever changes the schema of the accounts just now")]
    Lock(#[source] MigrateError),
    #[error("the database is empty: there is no version to go back to")]
    Empty,
    #[error("this program knows no way back from version {0} of the accounts' schema")]
    NoWayBack(i64),
    /// What the script says of itself, and what stood in the way.
    #[error("the way back from version {from} was refused, and nothing has changed. {why}")]
    WayBackRefused { from: i64, why: String, source: MigrateError },
}

/// The schema of the accounts, for operators. Services bring it up to date by themselves.
#[derive(Clone, Debug)]
pub struct Schema {
    options: PgConnectOptions,
    connect_timeout: Duration,
    limit: Duration,
}

impl Schema {
    /// `config.statement_timeout_millis` is for each statement of a migration too.
    pub fn new(config: &Config) -> Result<Self, ConnectError> {
        let options = config
            .options()
            .map_err(ConnectError::Url)?
            .application_name("wattline-schema")
            .options([("statement_timeout", config.statement_timeout_millis)]);
        Ok(Self { options, connect_timeout: config.acquire_timeout(), limit: config.operation_timeout() })
    }

    /// Changes nothing. A database that this program does not go with is an error that names both versions.
    pub async fn status(&self) -> Result<SchemaStatus, SchemaError> {
        let mut connection = self.connect().await?;
        let outcome = timeout(self.limit, now(&mut connection)).await;
        self.finish(connection, outcome).await
    }

    /// Applies what is missing; several may do so at once, and each migration is done once. A database that is one
    /// version ahead is left as it is. When nothing is missing it waits for nobody.
    pub async fn up(&self) -> Result<SchemaStatus, SchemaError> {
        let mut connection = self.connect().await?;
        let outcome = timeout(self.limit, up(&mut connection)).await;
        self.finish(connection, outcome).await
    }

    /// Goes back by one version, in one transaction. Whoever uses the database meanwhile must know the version before.
    pub async fn down(&self) -> Result<SchemaStatus, SchemaError> {
        let mut connection = self.connect().await?;
        let outcome = timeout(self.limit, down(&mut connection)).await;
        self.finish(connection, outcome).await
    }

    async fn connect(&self) -> Result<PgConnection, SchemaError> {
        timeout(self.connect_timeout, PgConnection::connect_with(&self.options))
            .await
            .map_err(|_| SchemaError::TimedOut(self.connect_timeout))?
            .map_err(SchemaError::Connect)
    }

    /// The session ends, however it went, and with it the lock.
    async fn finish<T>(
        &self,
        connection: PgConnection,
        outcome: Result<Result<T, SchemaError>, Elapsed>,
    ) -> Result<T, SchemaError> {
        let farewell = timeout(self.connect_timeout, connection.close()).await;
        tracing::debug!(?farewell, "the connection for the schema is closed");
        outcome.map_err(|_| SchemaError::TimedOut(self.limit))?
    }
}

async fn now(connection: &mut PgConnection) -> Result<SchemaStatus, SchemaError> {
    Ok(status(&migrations(), &applied(connection).await?)?)
}

async fn up(connection: &mut PgConnection) -> Result<SchemaStatus, SchemaError> {
    let before = now(connection).await?;
    // Who takes the lock for nothing is not ready as long as somebody else works on the schema.
    if before.pending.is_empty() {
        return Ok(before);
    }
    // `run` says nothing of `Send` for a borrowed connection; this is what it calls.
    let outcome = migrations().run_direct(None, connection, false).await;
    outcome.map_err(|source| SchemaError::Migrate { to: before.program, source })?;
    now(connection).await
}

async fn down(connection: &mut PgConnection) -> Result<SchemaStatus, SchemaError> {
    // From here to the end of the session: what is looked at is what is taken back.
    connection.lock().await.map_err(SchemaError::Lock)?;
    let SchemaStatus { database: from, way_back, .. } = now(connection).await?;
    if from == 0 {
        return Err(SchemaError::Empty);
    }
    let why = way_back.ok_or(SchemaError::NoWayBack(from))?;
    let outcome = migrations().undo(&mut *connection, from - 1).await;
    outcome.map_err(|source| SchemaError::WayBackRefused { from, why, source })?;
    now(connection).await
}

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("./migrations");
    // What this program does not know was judged by `domain::schema`.
    migrations.set_ignore_missing(true);
    migrations
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, SchemaError> {
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .map_err(SchemaError::Read)?;
    if !is_there {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, String, Vec<u8>)> =
        sqlx::query_as("SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(connection)
            .await
            .map_err(SchemaError::Read)?;
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
