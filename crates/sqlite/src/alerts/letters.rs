//! What is still to be sent.

use domain::alerts::{Channel, Letter, LetterId, Outcome};
use domain::{HouseholdId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{FromRow, SqliteConnection, query, query_as};

use super::unreadable;
use crate::accounts::{BEGIN, id_bytes};

#[derive(FromRow)]
struct Row {
    id: Vec<u8>,
    household: Vec<u8>,
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
            id: LetterId::from_bytes(id_bytes(row.id)?),
            household: HouseholdId::from_bytes(id_bytes(row.household)?),
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
pub(super) async fn insert(connection: &mut SqliteConnection, letter: &Letter) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO letter (id, household, channel, recipient, subject, body, created, attempts, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7)",
    )
    .bind(&letter.id.as_bytes()[..])
    .bind(&letter.household.as_bytes()[..])
    .bind(letter.channel.as_str())
    .bind(&letter.to)
    .bind(&letter.subject)
    .bind(&letter.body)
    .bind(letter.created.0)
    .bind(letter.attempts)
    .execute(connection)
    .await
    .map(|_| ())
}

pub(super) async fn take(
    pool: &SqlitePool,
    now: UtcMillis,
    lease: UtcMillis,
    limit: u32,
) -> Result<Vec<Letter>, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let rows: Vec<Row> = query_as("SELECT * FROM letter WHERE due <= ? ORDER BY due, id LIMIT ?")
        .bind(now.0)
        .bind(limit)
        .fetch_all(&mut *transaction)
        .await?;
    let mut letters = Vec::with_capacity(rows.len());
    for row in rows {
        let mut letter = Letter::try_from(row)?;
        letter.attempts += 1;
        query("UPDATE letter SET due = ?, attempts = ? WHERE id = ?")
            .bind(lease.0)
            .bind(letter.attempts)
            .bind(&letter.id.as_bytes()[..])
            .execute(&mut *transaction)
            .await?;
        letters.push(letter);
    }
    transaction.commit().await?;
    Ok(letters)
}

pub(super) async fn settle(pool: &SqlitePool, id: LetterId, outcome: Outcome) -> Result<(), sqlx::Error> {
    let id = &id.as_bytes()[..];
    let done = match outcome {
        Outcome::Done => query("DELETE FROM letter WHERE id = ?").bind(id).execute(pool).await,
        Outcome::Again(at) => {
            query("UPDATE letter SET due = ? WHERE id = ?").bind(at.0).bind(id).execute(pool).await
        }
    };
    done.map(|_| ())
}
