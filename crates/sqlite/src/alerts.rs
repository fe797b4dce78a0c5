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
use sqlx::{FromRow, SqliteConnection, query, query_as};

use crate::accounts::{Accounts, BEGIN, because, id_bytes};

const LIST: &str = "list alerts";

#[derive(FromRow)]
struct Row {
    id: Vec<u8>,
    household: Vec<u8>,
    kind: String,
    hub: Option<Vec<u8>>,
    socket: Option<i64>,
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
        let hub = row.hub.map(id_bytes).transpose()?.map(HubId::from_bytes);
        let socket = |number: i64| {
            let number = u8::try_from(number).map_err(unreadable)?;
            SocketNumber::new(number).map_err(unreadable)
        };
        Ok(Self {
            id: AlertId::from_bytes(id_bytes(row.id)?),
            household: HouseholdId::from_bytes(id_bytes(row.household)?),
            key: AlertKey { kind, hub, socket: row.socket.map(socket).transpose()? },
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
        watched::page(&self.pool, after, limit).await.map_err(because("list what is watched"))
    }

    async fn alerts(
        &self,
        household: HouseholdId,
        since: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Alert>, AccountsError> {
        let rows: Vec<Row> = query_as(
            "SELECT * FROM (
                 SELECT * FROM alert WHERE household = ? AND (ended IS NULL OR ended >= ?)
                 ORDER BY ended IS NOT NULL, raised DESC, id LIMIT ?
             ) ORDER BY raised DESC, id",
        )
        .bind(&household.as_bytes()[..])
        .bind(since.0)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(because(LIST))?;
        rows.into_iter().map(Alert::try_from).collect::<Result<_, _>>().map_err(because(LIST))
    }

    async fn raise(&self, alerts: &[Alert], letters: &[Letter]) -> Result<bool, AccountsError> {
        self.keep_alerts(alerts, letters).await.map_err(because("raise alerts"))
    }

    async fn update(&self, id: AlertId, facts: &Facts) -> Result<bool, AccountsError> {
        const UPDATE: &str = "update an alert";

        let done = query("UPDATE alert SET facts = ? WHERE id = ? AND ended IS NULL")
            .bind(to_json(facts).map_err(because(UPDATE))?)
            .bind(&id.as_bytes()[..])
            .execute(&self.pool)
            .await
            .map_err(because(UPDATE))?;
        Ok(done.rows_affected() > 0)
    }

    async fn end(&self, id: AlertId, at: UtcMillis) -> Result<bool, AccountsError> {
        let done = query("UPDATE alert SET ended = ? WHERE id = ? AND ended IS NULL")
            .bind(at.0)
            .bind(&id.as_bytes()[..])
            .execute(&self.pool)
            .await
            .map_err(because("end an alert"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn reopen(&self, id: AlertId) -> Result<bool, AccountsError> {
        let done = query("UPDATE alert SET ended = NULL WHERE id = ? AND ended IS NOT NULL")
            .bind(&id.as_bytes()[..])
            .execute(&self.pool)
            .await;
        match done {
            Ok(done) => Ok(done.rows_affected() > 0),
            Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(false),
            Err(error) => Err(because("reopen an alert")(error)),
        }
    }

    async fn acknowledge(
        &self,
        household: HouseholdId,
        id: AlertId,
        at: UtcMillis,
    ) -> Result<bool, AccountsError> {
        let done =
            query("UPDATE alert SET acknowledged = COALESCE(acknowledged, ?) WHERE household = ? AND id = ?")
                .bind(at.0)
                .bind(&household.as_bytes()[..])
                .bind(&id.as_bytes()[..])
                .execute(&self.pool)
                .await
                .map_err(because("acknowledge an alert"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn take_letters(
        &self,
        now: UtcMillis,
        lease: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Letter>, AccountsError> {
        letters::take(&self.pool, now, lease, limit).await.map_err(because("take letters"))
    }

    async fn settle_letter(&self, id: LetterId, outcome: Outcome) -> Result<(), AccountsError> {
        letters::settle(&self.pool, id, outcome).await.map_err(because("settle a letter"))
    }

    async fn purge_alerts(&self, before: UtcMillis) -> Result<u64, AccountsError> {
        let done = query("DELETE FROM alert WHERE ended < ?")
            .bind(before.0)
            .execute(&self.pool)
            .await
            .map_err(because("purge alerts"))?;
        Ok(done.rows_affected())
    }
}

impl Accounts {
    async fn keep_alerts(&self, alerts: &[Alert], letters: &[Letter]) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let mut kept = 0;
        for alert in alerts {
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
}

/// 0 when it is passed over.
async fn insert(connection: &mut SqliteConnection, alert: &Alert) -> Result<u64, sqlx::Error> {
    let done = query(
        "INSERT INTO alert (id, household, kind, hub, socket, began, raised, ended, acknowledged, facts)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(&alert.id.as_bytes()[..])
    .bind(&alert.household.as_bytes()[..])
    .bind(alert.key.kind.as_str())
    .bind(alert.key.hub.as_ref().map(|hub| &hub.as_bytes()[..]))
    .bind(alert.key.socket.map(|socket| i64::from(socket.get())))
    .bind(alert.began.0)
    .bind(alert.raised.0)
    .bind(alert.ended.map(|at| at.0))
    .bind(alert.acknowledged.map(|at| at.0))
    .bind(to_json(&alert.facts)?)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
