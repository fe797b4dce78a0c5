//! Who is logged in.

use domain::accounts::{SESSIONS_AT_MOST, Session, USE_STEP_MILLIS};
use domain::{PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
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

/// With `password_hash` only as long as it is that of the person. Whether it was opened.
pub(super) async fn open(
    pool: &PgPool,
    session: &Session,
    password_hash: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let now: Option<String> = lock_person(&mut transaction, session.person).await?;
    if password_hash.is_some() && password_hash != now.as_deref() {
        return Ok(false);
    }
    insert(&mut transaction, session).await?;
    query(
        "DELETE FROM session WHERE secret_hash IN (
           SELECT secret_hash FROM session WHERE person = $1
           ORDER BY last_used DESC, created DESC, secret_hash OFFSET $2)",
    )
    .bind(session.person.as_uuid())
    .bind(i64::from(SESSIONS_AT_MOST))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whoever sets another password or ends sessions waits until the transaction has ended, and this one for them. Gives the
/// hash of the password.
pub(crate) async fn lock_person(
    connection: &mut PgConnection,
    id: PersonId,
) -> Result<Option<String>, sqlx::Error> {
    query_scalar("SELECT password_hash FROM person WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id.as_uuid())
        .fetch_optional(connection)
        .await
}

/// Locks the person, who comes before the household in the order of all locks. Whether the session is open still, or there
/// is none to ask for.
pub(crate) async fn is_still_open(
    connection: &mut PgConnection,
    person: PersonId,
    session: Option<&[u8; 32]>,
) -> Result<bool, sqlx::Error> {
    lock_person(connection, person).await?;
    let Some(session) = session else { return Ok(true) };
    query_scalar("SELECT EXISTS (SELECT FROM session WHERE secret_hash = $1 AND person = $2)")
        .bind(session.as_slice())
        .bind(person.as_uuid())
        .fetch_one(connection)
        .await
}

async fn insert(connection: &mut PgConnection, session: &Session) -> Result<(), sqlx::Error> {
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
    .execute(connection)
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
