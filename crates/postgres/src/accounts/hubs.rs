//! Which hub is in which household, and what its sockets are called there.

use domain::accounts::{HubAssignment, SocketLabel};
use domain::{HouseholdId, HubId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as};
use uuid::Uuid;

use crate::rows::{LabelRow, socket_label};

pub(super) async fn assign(pool: &PgPool, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    lock_hub(&mut transaction, assignment.hub).await?;
    give_way(&mut transaction, assignment).await?;
    query(
        "INSERT INTO hub_assignment (hub, household, name, since, until)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(assignment.hub.as_uuid())
    .bind(assignment.household.as_uuid())
    .bind(&assignment.name)
    .bind(assignment.since.0)
    .bind(assignment.until.map(|until| until.0))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

pub(super) async fn release(
    pool: &PgPool,
    household: HouseholdId,
    hub: HubId,
    until: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    lock_hub(&mut transaction, hub).await?;
    let never_started = query(
        "DELETE FROM hub_assignment
         WHERE household = $1 AND hub = $2 AND until IS NULL AND since >= $3",
    )
    .bind(household.as_uuid())
    .bind(hub.as_uuid())
    .bind(until.0)
    .execute(&mut *transaction)
    .await?;
    let ended = query(
        "UPDATE hub_assignment SET until = $3
         WHERE household = $1 AND hub = $2 AND until IS NULL",
    )
    .bind(household.as_uuid())
    .bind(hub.as_uuid())
    .bind(until.0)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(never_started.rows_affected() + ended.rows_affected() > 0)
}

pub(super) async fn list(pool: &PgPool, household: HouseholdId) -> Result<Vec<HubAssignment>, sqlx::Error> {
    let rows: Vec<(Uuid, String, i64, Option<i64>)> = query_as(
        "SELECT hub, name, since, until FROM hub_assignment
         WHERE household = $1 ORDER BY since, hub",
    )
    .bind(household.as_uuid())
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(hub, name, since, until)| HubAssignment {
            hub: HubId::from_uuid(hub),
            household,
            name,
            since: UtcMillis(since),
            until: until.map(UtcMillis),
        })
        .collect())
}

pub(super) async fn label(
    pool: &PgPool,
    household: HouseholdId,
    hub: HubId,
    sockets: &[SocketLabel],
) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    lock_hub(&mut transaction, hub).await?;
    query("DELETE FROM socket_label WHERE household = $1 AND hub = $2")
        .bind(household.as_uuid())
        .bind(hub.as_uuid())
        .execute(&mut *transaction)
        .await?;
    for socket in sockets {
        query(
            "INSERT INTO socket_label (household, hub, number, name, room, icon, hidden)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(household.as_uuid())
        .bind(hub.as_uuid())
        .bind(i16::from(socket.number.get()))
        .bind(&socket.name)
        .bind(&socket.room)
        .bind(&socket.icon)
        .bind(socket.hidden)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

pub(super) async fn labels(
    pool: &PgPool,
    household: HouseholdId,
    hub: HubId,
) -> Result<Vec<SocketLabel>, sqlx::Error> {
    let rows: Vec<LabelRow> = query_as(
        "SELECT number, name, room, icon, hidden FROM socket_label
         WHERE household = $1 AND hub = $2 ORDER BY number",
    )
    .bind(household.as_uuid())
    .bind(hub.as_uuid())
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(socket_label).collect()
}

/// Two transactions that both insert into an exclusion constraint would wait for each other.
async fn lock_hub(connection: &mut PgConnection, hub: HubId) -> Result<(), sqlx::Error> {
    query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(hub.to_string())
        .execute(connection)
        .await
        .map(|_| ())
}

/// The household's own earlier assignments of the hub make room for `assignment`.
async fn give_way(connection: &mut PgConnection, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    query("DELETE FROM hub_assignment WHERE household = $1 AND hub = $2 AND (until IS NULL OR since >= $3)")
        .bind(assignment.household.as_uuid())
        .bind(assignment.hub.as_uuid())
        .bind(assignment.since.0)
        .execute(&mut *connection)
        .await?;
    query("UPDATE hub_assignment SET until = $3 WHERE household = $1 AND hub = $2 AND until > $3")
        .bind(assignment.household.as_uuid())
        .bind(assignment.hub.as_uuid())
        .bind(assignment.since.0)
        .execute(connection)
        .await
        .map(|_| ())
}
