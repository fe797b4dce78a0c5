use std::time::Duration;

use domain::accounts::AccountsError;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::Config;
use crate::schema::{Schema, SchemaError};

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the PostgreSQL URL is malformed")]
    Url(#[source] sqlx::Error),
}

/// A pool that connects when it is first needed and brings the schema up to date before anything else.
pub(crate) struct Database {
    pool: PgPool,
    schema: Schema,
    migrated: OnceCell<()>,
    operation_timeout: Duration,
}

impl Database {
    pub(crate) fn connect(config: &Config) -> Result<Self, ConnectError> {
        let options = config
            .options()
            .map_err(ConnectError::Url)?
            .application_name("wattline")
            .options([("statement_timeout", config.statement_timeout_millis)]);
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout())
            .connect_lazy_with(options);
        Ok(Self {
            pool,
            schema: Schema::new(config)?,
            migrated: OnceCell::new(),
            operation_timeout: config.operation_timeout(),
        })
    }

    async fn migrate(&self) -> Result<(), SchemaError> {
        let migrate = async {
            let schema = self.schema.up().await?;
            if schema.database > schema.program {
                tracing::warn!(
                    database = schema.database,
                    program = schema.program,
                    "the schema of the accounts is of a newer release, with which this one works"
                );
            } else {
                tracing::info!(version = schema.database, "the schema of the accounts is up to date");
            }
            Ok(())
        };
        self.migrated.get_or_try_init(|| migrate).await.copied()
    }

    /// Runs `work` within the time limit and names `operation` in what goes wrong.
    pub(crate) async fn run<T>(
        &self,
        operation: &'static str,
        work: impl AsyncFnOnce(&PgPool) -> Result<T, sqlx::Error>,
    ) -> Result<T, AccountsError> {
        let limited = timeout(self.operation_timeout, async {
            self.migrate()
                .await
                .map_err(|error| AccountsError::Unavailable { operation, reason: chain(&error) })?;
            work(&self.pool).await.map_err(|error| accounts_error(operation, &error))
        });
        match limited.await {
            Ok(result) => result,
            Err(_) => Err(AccountsError::Unavailable {
                operation,
                reason: format!("no answer within {} ms", self.operation_timeout.as_millis()),
            }),
        }
    }
}

/// The error and what it came from, in one sentence.
fn chain(error: &SchemaError) -> String {
    let mut sentence = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        sentence = format!("{sentence}: {error}");
        source = error.source();
    }
    sentence
}

fn accounts_error(operation: &'static str, error: &sqlx::Error) -> AccountsError {
    use sqlx::error::ErrorKind;

    let Some(refusal) = error.as_database_error() else {
        return AccountsError::Unavailable { operation, reason: error.to_string() };
    };
    match (refusal.constraint(), refusal.kind()) {
        (Some("person_email_taken"), _) => AccountsError::EmailTaken,
        (Some("hub_in_one_household" | "hub_running" | "hub_assignment_pkey"), _) => AccountsError::HubTaken,
        (_, ErrorKind::Other) => AccountsError::Unavailable { operation, reason: error.to_string() },
        _ => AccountsError::Refused { operation, reason: error.to_string() },
    }
}
