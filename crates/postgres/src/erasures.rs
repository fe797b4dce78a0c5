//! The list of what is to be erased from the measurements.

use async_trait::async_trait;
use domain::accounts::{AccountsError, HubAssignment};
use domain::erasure::{AGAIN_MILLIS, Erasure, ErasureId, Erasures};
use domain::{HubId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

use crate::Accounts;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    hub: Uuid,
    since: i64,
    until: i64,
    tail: i64,
    asked: i64,
    rounds: i64,
    due: i64,
}

impl TryFrom<Row> for Erasure {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: ErasureId::from_uuid(row.id),
            hub: HubId::from_uuid(row.hub),
            since: UtcMillis(row.since),
            until: UtcMillis(row.until),
            tail: UtcMillis(row.tail),
            asked: UtcMillis(row.asked),
            rounds: u32::try_from(row.rounds).map_err(|error| sqlx::Error::Decode(error.into()))?,
            due: UtcMillis(row.due),
        })
    }
}

#[async_trait]
impl Erasures for Accounts {
    async fn due_erasures(
        &self,
        now: UtcMillis,
        after: Option<ErasureId>,
        limit: u32,
    ) -> Result<Vec<Erasure>, AccountsError> {
        self.database
            .run("list erasures", async |pool: &PgPool| {
                let rows: Vec<Row> = query_as(
                    "SELECT * FROM erasure WHERE due <= $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
                )
                .bind(now.0)
                .bind(after.map(|id| id.as_uuid()))
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(Erasure::try_from).collect()
            })
            .await
    }

    async fn carried_out(&self, erasure: &Erasure) -> Result<(), AccountsError> {
        self.database
            .run("note an erasure", async |pool: &PgPool| {
                // It may have become due anew meanwhile, by a pairing.
                query(
                    "UPDATE erasure SET rounds = rounds + 1, due = $4
                     WHERE id = $1 AND rounds = $2 AND asked = $3",
                )
                .bind(erasure.id.as_uuid())
                .bind(i64::from(erasure.rounds))
                .bind(erasure.asked.0)
                .bind(erasure.due_again().map(|due| due.0))
                .execute(pool)
                .await
                .map(|_| ())
            })
            .await
    }
}

/// The hub's spool may still hold something for those who had it before: that is erased once more when it has arrived.
/// What the hub measures from now on is not theirs.
pub(crate) async fn on_assignment(
    connection: &mut PgConnection,
    assignment: &HubAssignment,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE erasure SET tail = GREATEST(until, LEAST(tail, $2)),
             rounds = CASE WHEN rounds = 0 THEN 0 ELSE 1 END,
             due = CASE WHEN rounds = 0 THEN due ELSE $2 + $3 END, asked = $2
         WHERE hub = $1 AND asked < $2",
    )
    .bind(assignment.hub.as_uuid())
    .bind(assignment.since.0)
    .bind(AGAIN_MILLIS[0])
    .execute(connection)
    .await
    .map(|_| ())
}
