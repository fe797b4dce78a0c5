//! Another password, another address, no session any more: each with the end of what an intruder could come back by.

use domain::accounts::Person;
use domain::tickets::TicketKind;
use domain::{PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::sessions;

pub(super) async fn set(pool: &PgPool, id: PersonId, password_hash: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let is_known = put_hash(&mut transaction, id, password_hash).await?;
    transaction.commit().await?;
    Ok(is_known)
}

pub(super) async fn change(
    pool: &PgPool,
    id: PersonId,
    password_hash: &str,
    session: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    if !sessions::is_still_open(&mut transaction, id, Some(session)).await? {
        return Ok(false);
    }
    let is_known = put_hash(&mut transaction, id, password_hash).await?;
    sessions::close_others(&mut transaction, id, Some(session)).await?;
    transaction.commit().await?;
    Ok(is_known)
}

pub(super) async fn reset(
    pool: &PgPool,
    secret_hash: &[u8; 32],
    password_hash: &str,
    now: UtcMillis,
) -> Result<Option<Person>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let taken = take(&mut transaction, TicketKind::Reset, secret_hash, now).await?;
    let Some(person) = taken.and_then(|(person, sent_to)| (person.email == sent_to).then_some(person)) else {
        return Ok(None);
    };
    put_hash(&mut transaction, person.id, password_hash).await?;
    sessions::close_others(&mut transaction, person.id, None).await?;
    query("DELETE FROM personal_token WHERE person = $1")
        .bind(person.id.as_uuid())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(person))
}

pub(super) async fn move_to(
    pool: &PgPool,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<Person>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let taken = take(&mut transaction, TicketKind::ChangeEmail, secret_hash, now).await?;
    let Some((before, email)) = taken else { return Ok(None) };
    query("UPDATE person SET email = $2 WHERE id = $1")
        .bind(before.id.as_uuid())
        .bind(email)
        .execute(&mut *transaction)
        .await?;
    end_links(&mut transaction, before.id).await?;
    transaction.commit().await?;
    Ok(Some(before))
}

pub(super) async fn log_out(pool: &PgPool, id: PersonId) -> Result<u64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // Whoever is about to leave a way back, with one of the sessions that end, has done so before this, or finds it ended.
    sessions::lock_person(&mut transaction, id).await?;
    end_what_is_under_way(&mut transaction, id).await?;
    let closed = sessions::close_others(&mut transaction, id, None).await?;
    transaction.commit().await?;
    Ok(closed)
}

/// Whose link it was, and where it was sent.
async fn take(
    connection: &mut PgConnection,
    kind: TicketKind,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<(Person, String)>, sqlx::Error> {
    // The person first, as whoever ends all links of a person does: else two would wait for each other.
    let row: Option<(Uuid, String, String)> = query_as(
        "SELECT id, email, name FROM person WHERE id = (SELECT person FROM ticket WHERE secret_hash = $1)
         FOR UPDATE",
    )
    .bind(secret_hash.as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    let sent_to: Option<String> = query_scalar(
        "DELETE FROM ticket WHERE secret_hash = $1 AND kind = $2 AND expires > $3 RETURNING email",
    )
    .bind(secret_hash.as_slice())
    .bind(kind.as_str())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    let person = row.map(|(id, email, name)| Person { id: PersonId::from_uuid(id), email, name });
    Ok(person.zip(sent_to))
}

async fn put_hash(
    connection: &mut PgConnection,
    id: PersonId,
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let done = query("UPDATE person SET password_hash = $2 WHERE id = $1")
        .bind(id.as_uuid())
        .bind(password_hash)
        .execute(&mut *connection)
        .await?;
    end_what_is_under_way(connection, id).await?;
    Ok(done.rows_affected() > 0)
}

async fn end_what_is_under_way(connection: &mut PgConnection, id: PersonId) -> Result<(), sqlx::Error> {
    end_links(connection, id).await?;
    query("DELETE FROM provider_flow WHERE person = $1")
        .bind(id.as_uuid())
        .execute(connection)
        .await
        .map(|_| ())
}

/// Tickets with a person set a password or change the address.
async fn end_links(connection: &mut PgConnection, id: PersonId) -> Result<(), sqlx::Error> {
    query("DELETE FROM ticket WHERE person = $1").bind(id.as_uuid()).execute(connection).await.map(|_| ())
}
