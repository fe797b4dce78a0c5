//! Who is logged in.

use domain::accounts::{SESSIONS_AT_MOST, Session, USE_STEP_MILLIS};
use domain::{PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};

use super::{BEGIN, hash, id_bytes};

#[derive(FromRow)]
struct Row {
    secret_hash: Vec<u8>,
    person: Vec<u8>,
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
            person: PersonId::from_bytes(id_bytes(row.person)?),
            created: UtcMillis(row.created),
            expires: UtcMillis(row.expires),
            client: row.client,
            last_used: UtcMillis(row.last_used),
        })
    }
}

/// With `password_hash` only as long as it is that of the person. Whether it was opened.
pub(super) async fn open(
    pool: &SqlitePool,
    session: &Session,
    password_hash: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    if let Some(password_hash) = password_hash {
        let is_so: bool =
            query_scalar("SELECT EXISTS (SELECT 1 FROM person WHERE id = ? AND password_hash = ?)")
                .bind(&session.person.as_bytes()[..])
                .bind(password_hash)
                .fetch_one(&mut *transaction)
                .await?;
        if !is_so {
            return Ok(false);
        }
    }
    insert(&mut transaction, session).await?;
    query(
        "DELETE FROM session WHERE secret_hash IN (
           SELECT secret_hash FROM session WHERE person = ?
           ORDER BY last_used DESC, created DESC, secret_hash LIMIT -1 OFFSET ?)",
    )
    .bind(&session.person.as_bytes()[..])
    .bind(i64::from(SESSIONS_AT_MOST))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// In the transaction that needs it, which is alone. Whether the session is open still, or there is none to ask for.
pub(crate) async fn is_still_open(
    connection: &mut SqliteConnection,
    person: PersonId,
    session: Option<&[u8; 32]>,
) -> Result<bool, sqlx::Error> {
    let Some(session) = session else { return Ok(true) };
    query_scalar("SELECT EXISTS (SELECT 1 FROM session WHERE secret_hash = ? AND person = ?)")
        .bind(&session[..])
        .bind(&person.as_bytes()[..])
        .fetch_one(connection)
        .await
}

async fn insert(connection: &mut SqliteConnection, session: &Session) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO session (secret_hash, person, created, expires, client, last_used)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(&session.secret_hash[..])
    .bind(&session.person.as_bytes()[..])
    .bind(session.created.0)
    .bind(session.expires.0)
    .bind(&session.client)
    .bind(session.last_used.0)
    .execute(connection)
    .await
    .map(|_| ())
}

pub(super) async fn used(
    pool: &SqlitePool,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<Session>, sqlx::Error> {
    let row: Option<Row> = query_as("SELECT * FROM session WHERE secret_hash = ? AND expires > ?")
        .bind(&secret_hash[..])
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
async fn write_down_use(
    pool: &SqlitePool,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<(), sqlx::Error> {
    query("UPDATE session SET last_used = ?2 WHERE secret_hash = ?1 AND last_used <= ?3")
        .bind(&secret_hash[..])
        .bind(now.0)
        .bind(now.0 - USE_STEP_MILLIS)
        .execute(pool)
        .await
        .map(|_| ())
}

pub(super) async fn close(pool: &SqlitePool, secret_hash: &[u8; 32]) -> Result<bool, sqlx::Error> {
    query("DELETE FROM session WHERE secret_hash = ?")
        .bind(&secret_hash[..])
        .execute(pool)
        .await
        .map(|done| done.rows_affected() > 0)
}

pub(super) async fn list(
    pool: &SqlitePool,
    person: PersonId,
    now: UtcMillis,
) -> Result<Vec<Session>, sqlx::Error> {
    let rows: Vec<Row> =
        query_as("SELECT * FROM session WHERE person = ? AND expires > ? ORDER BY created DESC, secret_hash")
            .bind(&person.as_bytes()[..])
            .bind(now.0)
            .fetch_all(pool)
            .await?;
    rows.into_iter().map(Session::try_from).collect()
}

pub(super) async fn close_others(
    connection: &mut SqliteConnection,
    person: PersonId,
    except: Option<&[u8; 32]>,
) -> Result<u64, sqlx::Error> {
    query("DELETE FROM session WHERE person = ? AND secret_hash IS NOT ?")
        .bind(&person.as_bytes()[..])
        .bind(except.map(|hash| &hash[..]))
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

pub(super) async fn purge(pool: &SqlitePool, now: UtcMillis) -> Result<u64, sqlx::Error> {
    query("DELETE FROM session WHERE expires <= ?")
        .bind(now.0)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
}
