//! Another password, another address, no session any more: each with the end of what an intruder could come back by.

use domain::accounts::Person;
use domain::tickets::TicketKind;
use domain::{PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use super::{BEGIN, id_bytes, sessions};

pub(super) async fn set(pool: &SqlitePool, id: PersonId, password_hash: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let is_known = put_hash(&mut transaction, id, password_hash).await?;
    transaction.commit().await?;
    Ok(is_known)
}

pub(super) async fn change(
    pool: &SqlitePool,
    id: PersonId,
    password_hash: &str,
    session: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    if !sessions::is_still_open(&mut transaction, id, Some(session)).await? {
        return Ok(false);
    }
    let is_known = put_hash(&mut transaction, id, password_hash).await?;
    sessions::close_others(&mut transaction, id, Some(session)).await?;
    transaction.commit().await?;
    Ok(is_known)
}

pub(super) async fn reset(
    pool: &SqlitePool,
    secret_hash: &[u8; 32],
    password_hash: &str,
    now: UtcMillis,
) -> Result<Option<Person>, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let taken = take(&mut transaction, TicketKind::Reset, secret_hash, now).await?;
    let Some(person) = taken.and_then(|(person, sent_to)| (person.email == sent_to).then_some(person)) else {
        return Ok(None);
    };
    put_hash(&mut transaction, person.id, password_hash).await?;
    sessions::close_others(&mut transaction, person.id, None).await?;
    query("DELETE FROM personal_token WHERE person = ?1")
        .bind(&person.id.as_bytes()[..])
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(person))
}

pub(super) async fn move_to(
    pool: &SqlitePool,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<Person>, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let taken = take(&mut transaction, TicketKind::ChangeEmail, secret_hash, now).await?;
    let Some((before, email)) = taken else { return Ok(None) };
    query("UPDATE person SET email = ?2 WHERE id = ?1")
        .bind(&before.id.as_bytes()[..])
        .bind(email)
        .execute(&mut *transaction)
        .await?;
    end_links(&mut transaction, before.id).await?;
    transaction.commit().await?;
    Ok(Some(before))
}

pub(super) async fn log_out(pool: &SqlitePool, id: PersonId) -> Result<u64, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    end_what_is_under_way(&mut transaction, id).await?;
    let closed = sessions::close_others(&mut transaction, id, None).await?;
    transaction.commit().await?;
    Ok(closed)
}

/// Whose link it was, and where it was sent.
async fn take(
    connection: &mut SqliteConnection,
    kind: TicketKind,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<(Person, String)>, sqlx::Error> {
    let row: Option<(Vec<u8>, String, String)> = query_as(
        "SELECT id, email, name FROM person WHERE id = (SELECT person FROM ticket WHERE secret_hash = ?1)",
    )
    .bind(&secret_hash[..])
    .fetch_optional(&mut *connection)
    .await?;
    let sent_to: Option<String> = query_scalar(
        "DELETE FROM ticket WHERE secret_hash = ?1 AND kind = ?2 AND expires > ?3 RETURNING email",
    )
    .bind(&secret_hash[..])
    .bind(kind.as_str())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    let (Some((id, email, name)), Some(sent_to)) = (row, sent_to) else { return Ok(None) };
    Ok(Some((Person { id: PersonId::from_bytes(id_bytes(id)?), email, name }, sent_to)))
}

async fn put_hash(
    connection: &mut SqliteConnection,
    id: PersonId,
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let done = query("UPDATE person SET password_hash = ?2 WHERE id = ?1")
        .bind(&id.as_bytes()[..])
        .bind(password_hash)
        .execute(&mut *connection)
        .await?;
    end_what_is_under_way(connection, id).await?;
    Ok(done.rows_affected() > 0)
}

async fn end_what_is_under_way(connection: &mut SqliteConnection, id: PersonId) -> Result<(), sqlx::Error> {
    end_links(connection, id).await?;
    query("DELETE FROM provider_flow WHERE person = ?1")
        .bind(&id.as_bytes()[..])
        .execute(connection)
        .await
        .map(|_| ())
}

/// Tickets with a person set a password or change the address.
async fn end_links(connection: &mut SqliteConnection, id: PersonId) -> Result<(), sqlx::Error> {
    query("DELETE FROM ticket WHERE person = ?1")
        .bind(&id.as_bytes()[..])
        .execute(connection)
        .await
        .map(|_| ())
}
