//! Who is logged in.

use domain::accounts::{Session, USE_STEP_MILLIS};
use domain::{PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

use crate::rows::hash;

#[derive(FromRow)]
struct Row {
    secret_hash: Vec<u8>,
    person: Uuid,
    created: i64,
    expires: i64,
    client: String,
    last_used: i64,
}

impl TryFrom<Row> for Session {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            secret_hash: hash(row.secret_hash)?,
            person: PersonId::from_uuid(row.person),
            created: UtcMillis(row.created),
            expires: UtcMillis(row.expires),
            client: row.client,
            last_used: UtcMillis(row.last_used),
        })
    }
}

pub(super) async fn open(pool: &PgPool, session: &Session) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO session (secret_hash, person, created, expires, client, last_used)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(session.secret_hash.as_slice())
    .bind(session.person.as_uuid())
    .bind(session.created.0)
    .bind(session.expires.0)
    .bind(&session.client)
    .bind(session.last_used.0)
    .execute(pool)
    .await
    .map(|_| ())
}

pub(super) async fn used(
    pool: &PgPool,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<Session>, sqlx::Error> {
    let row: Option<Row> = query_as("SELECT * FROM session WHERE secret_hash = $1 AND expires > $2")
        .bind(secret_hash.as_slice())
        .bind(now.0)
        .fetch_optional(pool)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut session = Session::try_from(row)?;
    if session.use_is_due(now) {
        write_down_use(pool, secret_hash, now).await?;
        session.last_used = now;
    }
    Ok(Some(session))
}

/// Somebody else may just have done so.
async fn write_down_use(pool: &PgPool, secret_hash: &[u8; 32], now: UtcMillis) -> Result<(), sqlx::Error> {
    query("UPDATE session SET last_used = $2 WHERE secret_hash = $1 AND last_used <= $3")
        .bind(secret_hash.as_slice())
        .bind(now.0)
        .bind(now.0 - USE_STEP_MILLIS)
        .execute(pool)
        .await
        .map(|_| ())
}

pub(super) async fn close(pool: &PgPool, secret_hash: &[u8; 32]) -> Result<bool, sqlx::Error> {
    query("DELETE FROM session WHERE secret_hash = $1")
        .bind(secret_hash.as_slice())
        .execute(pool)
        .await
        .map(|done| done.rows_affected() > 0)
}

pub(super) async fn list(
    pool: &PgPool,
    person: PersonId,
    now: UtcMillis,
) -> Result<Vec<Session>, sqlx::Error> {
    let rows: Vec<Row> = query_as(
        "SELECT * FROM session WHERE person = $1 AND expires > $2 ORDER BY created DESC, secret_hash",
    )
    .bind(person.as_uuid())
    .bind(now.0)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

pub(super) async fn close_others(
    connection: &mut PgConnection,
    person: PersonId,
    except: Option<&[u8; 32]>,
) -> Result<u64, sqlx::Error> {
    query("DELETE FROM session WHERE person = $1 AND secret_hash IS DISTINCT FROM $2")
        .bind(person.as_uuid())
        .bind(except.map(<[u8; 32]>::as_slice))
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

pub(super) async fn purge(pool: &PgPool, now: UtcMillis) -> Result<u64, sqlx::Error> {
    query("DELETE FROM session WHERE expires <= $1")
        .bind(now.0)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
}
