//! Which hub is in which household, and what its sockets are called there.

use domain::accounts::{HubAssignment, SocketLabel};
use domain::{HouseholdId, HubId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{query, query_as};
use uuid::Uuid;

use crate::rows::{LabelRow, socket_label};
use crate::{assignments, hubs as credentials};

pub(super) async fn assign(pool: &PgPool, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    assignments::begin(&mut transaction, assignment).await?;
    transaction.commit().await
}

pub(super) async fn release(
    pool: &PgPool,
    household: HouseholdId,
    hub: HubId,
    until: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let is_released = assignments::end(&mut transaction, household, hub, until).await?;
    if is_released {
        credentials::revoke(&mut transaction, hub, until).await?;
    }
    transaction.commit().await?;
    Ok(is_released)
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
    assignments::lock_hub(&mut transaction, hub).await?;
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
