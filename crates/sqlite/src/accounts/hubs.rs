//! Which hub is in which household, and what its sockets are called there.

use domain::accounts::{HubAssignment, SocketLabel};
use domain::{HouseholdId, HubId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{query, query_as};

use super::{BEGIN, LabelRow, id_bytes, socket_label};
use crate::{assignments, hubs as credentials};

pub(super) async fn assign(pool: &SqlitePool, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    assignments::begin(&mut transaction, assignment).await?;
    transaction.commit().await
}

pub(super) async fn release(
    pool: &SqlitePool,
    household: HouseholdId,
    hub: HubId,
    until: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let is_released = assignments::end(&mut transaction, household, hub, until).await?;
    if is_released {
        credentials::revoke(&mut transaction, hub, until).await?;
    }
    transaction.commit().await?;
    Ok(is_released)
}

pub(super) async fn list(
    pool: &SqlitePool,
    household: HouseholdId,
) -> Result<Vec<HubAssignment>, sqlx::Error> {
    let rows: Vec<(Vec<u8>, String, i64, Option<i64>)> = query_as(
        "SELECT hub, name, since, until FROM hub_assignment WHERE household = ? ORDER BY since, hub",
    )
    .bind(&household.as_bytes()[..])
    .fetch_all(pool)
    .await?;
    let assignment = |(hub, name, since, until): (Vec<u8>, String, i64, Option<i64>)| {
        Ok(HubAssignment {
            hub: HubId::from_bytes(id_bytes(hub)?),
            household,
            name,
            since: UtcMillis(since),
            until: until.map(UtcMillis),
        })
    };
    rows.into_iter().map(assignment).collect()
}

pub(super) async fn label(
    pool: &SqlitePool,
    household: HouseholdId,
    hub: HubId,
    sockets: &[SocketLabel],
) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    query("DELETE FROM socket_label WHERE household = ? AND hub = ?")
        .bind(&household.as_bytes()[..])
        .bind(&hub.as_bytes()[..])
        .execute(&mut *transaction)
        .await?;
    for socket in sockets {
        query(
            "INSERT INTO socket_label (household, hub, number, name, room, icon, hidden)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&household.as_bytes()[..])
        .bind(&hub.as_bytes()[..])
        .bind(i64::from(socket.number.get()))
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
    pool: &SqlitePool,
    household: HouseholdId,
    hub: HubId,
) -> Result<Vec<SocketLabel>, sqlx::Error> {
    let rows: Vec<LabelRow> = query_as(
        "SELECT number, name, room, icon, hidden FROM socket_label
         WHERE household = ? AND hub = ? ORDER BY number",
    )
    .bind(&household.as_bytes()[..])
    .bind(&hub.as_bytes()[..])
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(socket_label).collect()
}
