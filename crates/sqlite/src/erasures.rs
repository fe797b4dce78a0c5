//! The list of what is to be erased from the measurements.

use async_trait::async_trait;
use domain::accounts::{AccountsError, HubAssignment};
use domain::erasure::{AGAIN_MILLIS, Erasure, ErasureId, Erasures};
use domain::{HubId, UtcMillis};
use sqlx::{FromRow, SqliteConnection, query, query_as};

use crate::accounts::{Accounts, because, id_bytes};

const LIST: &str = "list erasures";

#[derive(FromRow)]
struct Row {
    id: Vec<u8>,
    hub: Vec<u8>,
    since: i64,
    until: i64,
    tail: i64,
    asked: i64,
    rounds: u32,
    due: i64,
}

impl TryFrom<Row> for Erasure {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: ErasureId::from_bytes(id_bytes(row.id)?),
            hub: HubId::from_bytes(id_bytes(row.hub)?),
            since: UtcMillis(row.since),
            until: UtcMillis(row.until),
            tail: UtcMillis(row.tail),
            asked: UtcMillis(row.asked),
            rounds: row.rounds,
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
        let rows: Vec<Row> = query_as(
            "SELECT * FROM erasure WHERE due <= ?1 AND (?2 IS NULL OR id > ?2) ORDER BY id LIMIT ?3",
        )
        .bind(now.0)
        .bind(after.as_ref().map(|id| &id.as_bytes()[..]))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(because(LIST))?;
        rows.into_iter().map(Erasure::try_from).collect::<Result<_, _>>().map_err(because(LIST))
    }

    async fn carried_out(&self, erasure: &Erasure) -> Result<(), AccountsError> {
        // It may have become due anew meanwhile, by a pairing.
        query(
            "UPDATE erasure SET rounds = rounds + 1, due = ?4 WHERE id = ?1 AND rounds = ?2 AND asked = ?3",
        )
        .bind(&erasure.id.as_bytes()[..])
        .bind(erasure.rounds)
        .bind(erasure.asked.0)
        .bind(erasure.due_again().map(|due| due.0))
        .execute(&self.pool)
        .await
        .map_err(because("note an erasure"))?;
        Ok(())
    }
}

/// The hub's spool may still hold something for those who had it before: that is erased once more when it has arrived.
/// What the hub measures from now on is not theirs.
pub(crate) async fn on_assignment(
    connection: &mut SqliteConnection,
    assignment: &HubAssignment,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE erasure SET tail = max(until, min(tail, ?2)),
             rounds = CASE WHEN rounds = 0 THEN 0 ELSE 1 END,
             due = CASE WHEN rounds = 0 THEN due ELSE ?2 + ?3 END, asked = ?2
         WHERE hub = ?1 AND asked < ?2",
    )
    .bind(&assignment.hub.as_bytes()[..])
    .bind(assignment.since.0)
    .bind(AGAIN_MILLIS[0])
    .execute(connection)
    .await
    .map(|_| ())
}
