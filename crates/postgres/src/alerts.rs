//! Alerts, and the letters that tell of them.

mod letters;
mod watched;

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::alerts::{
    Alert, AlertId, AlertKey, AlertKind, Alerts, Facts, Letter, LetterId, Outcome, Watched,
};
use domain::{HouseholdId, HubId, SocketNumber, UtcMillis};
use sqlx::error::BoxDynError;
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

use crate::Accounts;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    household: Uuid,
    kind: String,
    hub: Option<Uuid>,
    socket: Option<i16>,
    began: i64,
    raised: i64,
    ended: Option<i64>,
    acknowledged: Option<i64>,
    facts: String,
}

impl TryFrom<Row> for Alert {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let kind: AlertKind = row.kind.parse().map_err(unreadable)?;
        let socket = |number: i16| {
            let number = u8::try_from(number).map_err(unreadable)?;
            SocketNumber::new(number).map_err(unreadable)
        };
        let socket = row.socket.map(socket).transpose()?;
        Ok(Self {
            id: AlertId::from_uuid(row.id),
            household: HouseholdId::from_uuid(row.household),
            key: AlertKey { kind, hub: row.hub.map(HubId::from_uuid), socket },
            began: UtcMillis(row.began),
            raised: UtcMillis(row.raised),
            ended: row.ended.map(UtcMillis),
            acknowledged: row.acknowledged.map(UtcMillis),
            facts: serde_json::from_str(&row.facts).map_err(unreadable)?,
        })
    }
}

fn unreadable(error: impl Into<BoxDynError>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

fn to_json(facts: &Facts) -> Result<String, sqlx::Error> {
    serde_json::to_string(facts).map_err(|error| sqlx::Error::Encode(error.into()))
}

#[async_trait]
impl Alerts for Accounts {
    async fn watched(&self, after: Option<HouseholdId>, limit: u32) -> Result<Vec<Watched>, AccountsError> {
        self.database
            .run("list what is watched", async |pool: &PgPool| watched::page(pool, after, limit).await)
            .await
    }

    async fn alerts(
        &self,
        household: HouseholdId,
        since: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Alert>, AccountsError> {
        self.database
            .run("list alerts", async |pool: &PgPool| {
                let rows: Vec<Row> = query_as(
                    "SELECT * FROM (
                         SELECT * FROM alert WHERE household = $1 AND (ended IS NULL OR ended >= $2)
                         ORDER BY ended IS NOT NULL, raised DESC, id LIMIT $3
                     ) AS chosen ORDER BY raised DESC, id",
                )
                .bind(household.as_uuid())
                .bind(since.0)
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(Alert::try_from).collect()
            })
            .await
    }

    async fn raise(&self, alerts: &[Alert], letters: &[Letter]) -> Result<bool, AccountsError> {
        self.database
            .run("raise alerts", async |pool: &PgPool| keep_alerts(pool, alerts, letters).await)
            .await
    }

    async fn update(&self, id: AlertId, facts: &Facts) -> Result<bool, AccountsError> {
        self.database
            .run("update an alert", async |pool: &PgPool| {
                query("UPDATE alert SET facts = $2 WHERE id = $1 AND ended IS NULL")
                    .bind(id.as_uuid())
                    .bind(to_json(facts)?)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn end(&self, id: AlertId, at: UtcMillis) -> Result<bool, AccountsError> {
        self.database
            .run("end an alert", async |pool: &PgPool| {
                query("UPDATE alert SET ended = $2 WHERE id = $1 AND ended IS NULL")
                    .bind(id.as_uuid())
                    .bind(at.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn reopen(&self, id: AlertId) -> Result<bool, AccountsError> {
        self.database
            .run("reopen an alert", async |pool: &PgPool| {
                let done = query("UPDATE alert SET ended = NULL WHERE id = $1 AND ended IS NOT NULL")
                    .bind(id.as_uuid())
                    .execute(pool)
                    .await;
                match done {
                    Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(false),
                    done => done.map(|done| done.rows_affected() > 0),
                }
            })
            .await
    }

    async fn acknowledge(
        &self,
        household: HouseholdId,
        id: AlertId,
        at: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("acknowledge an alert", async |pool: &PgPool| {
                query(
                    "UPDATE alert SET acknowledged = COALESCE(acknowledged, $3)
                     WHERE household = $1 AND id = $2",
                )
                .bind(household.as_uuid())
                .bind(id.as_uuid())
                .bind(at.0)
                .execute(pool)
                .await
                .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn take_letters(
        &self,
        now: UtcMillis,
        lease: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Letter>, AccountsError> {
        self.database
            .run("take letters", async |pool: &PgPool| letters::take(pool, now, lease, limit).await)
            .await
    }

    async fn settle_letter(&self, id: LetterId, outcome: Outcome) -> Result<(), AccountsError> {
        self.database
            .run("settle a letter", async |pool: &PgPool| letters::settle(pool, id, outcome).await)
            .await
    }

    async fn purge_alerts(&self, before: UtcMillis) -> Result<u64, AccountsError> {
        self.database
            .run("purge alerts", async |pool: &PgPool| {
                query("DELETE FROM alert WHERE ended < $1")
                    .bind(before.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected())
            })
            .await
    }
}

async fn keep_alerts(pool: &PgPool, alerts: &[Alert], letters: &[Letter]) -> Result<bool, sqlx::Error> {
    // Who raises one that somebody else is raising waits for them: in the same order nobody waits in a circle.
    let mut in_order: Vec<&Alert> = alerts.iter().collect();
    in_order.sort_by_key(|alert| (alert.household, alert.key));
    let mut transaction = pool.begin().await?;
    let mut kept = 0;
    for alert in in_order {
        kept += insert(&mut transaction, alert).await?;
    }
    if kept == 0 {
        return Ok(false);
    }
    for letter in letters {
        letters::insert(&mut transaction, letter).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// 0 when it is passed over.
async fn insert(connection: &mut PgConnection, alert: &Alert) -> Result<u64, sqlx::Error> {
    let done = query(
        "INSERT INTO alert (id, household, kind, hub, socket, began, raised, ended, acknowledged, facts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
    )
    .bind(alert.id.as_uuid())
    .bind(alert.household.as_uuid())
    .bind(alert.key.kind.as_str())
    .bind(alert.key.hub.map(|hub| hub.as_uuid()))
    .bind(alert.key.socket.map(|socket| i16::from(socket.get())))
    .bind(alert.began.0)
    .bind(alert.raised.0)
    .bind(alert.ended.map(|at| at.0))
    .bind(alert.acknowledged.map(|at| at.0))
    .bind(to_json(&alert.facts)?)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
