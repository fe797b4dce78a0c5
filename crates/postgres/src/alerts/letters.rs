//! What is still to be sent.

use domain::alerts::{Channel, Letter, LetterId, Outcome};
use domain::{HouseholdId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

use super::unreadable;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    household: Uuid,
    channel: String,
    recipient: String,
    subject: String,
    body: String,
    created: i64,
    attempts: i64,
}

impl TryFrom<Row> for Letter {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let channel = Channel::parse(&row.channel);
        Ok(Self {
            id: LetterId::from_uuid(row.id),
            household: HouseholdId::from_uuid(row.household),
            channel: channel.ok_or_else(|| unreadable(format!("a channel {:?}", row.channel)))?,
            to: row.recipient,
            subject: row.subject,
            body: row.body,
            created: UtcMillis(row.created),
            attempts: u32::try_from(row.attempts).map_err(unreadable)?,
        })
    }
}

/// It is due at once.
pub(super) async fn insert(connection: &mut PgConnection, letter: &Letter) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO letter (id, household, channel, recipient, subject, body, created, attempts, due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)",
    )
    .bind(letter.id.as_uuid())
    .bind(letter.household.as_uuid())
    .bind(letter.channel.as_str())
    .bind(&letter.to)
    .bind(&letter.subject)
    .bind(&letter.body)
    .bind(letter.created.0)
    .bind(i64::from(letter.attempts))
    .execute(connection)
    .await
    .map(|_| ())
}

/// Nobody waits for those that somebody else is taking right now; they are not due any more afterwards.
pub(super) async fn take(
    pool: &PgPool,
    now: UtcMillis,
    lease: UtcMillis,
    limit: u32,
) -> Result<Vec<Letter>, sqlx::Error> {
    let rows: Vec<Row> = query_as(
        "WITH chosen AS MATERIALIZED (
             SELECT id, due FROM letter WHERE due <= $1 ORDER BY due, id LIMIT $3 FOR UPDATE SKIP LOCKED
         ), taken AS (
             UPDATE letter SET due = $2, attempts = letter.attempts + 1 FROM chosen
             WHERE letter.id = chosen.id RETURNING letter.*, chosen.due AS was_due
         )
         SELECT id, household, channel, recipient, subject, body, created, attempts FROM taken
         ORDER BY was_due, id",
    )
    .bind(now.0)
    .bind(lease.0)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Letter::try_from).collect()
}

pub(super) async fn settle(pool: &PgPool, id: LetterId, outcome: Outcome) -> Result<(), sqlx::Error> {
    let id = id.as_uuid();
    let done = match outcome {
        Outcome::Done => query("DELETE FROM letter WHERE id = $1").bind(id).execute(pool).await,
        Outcome::Again(at) => {
            query("UPDATE letter SET due = $2 WHERE id = $1").bind(id).bind(at.0).execute(pool).await
        }
    };
    done.map(|_| ())
}
