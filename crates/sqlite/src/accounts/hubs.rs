//! Which hub is in which household, and what its sockets are called there.

use domain::accounts::{HubAssignment, HubLabels, SocketLabel};
use domain::audit::{Action, Deed};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use super::{BEGIN, LabelRow, id_bytes, socket_label};
use crate::{assignments, audit, hubs as credentials};

pub(super) async fn assign(pool: &SqlitePool, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    assignments::begin(&mut transaction, assignment).await?;
    transaction.commit().await
}

pub(super) async fn release(
    pool: &SqlitePool,
    household: HouseholdId,
    hub: HubId,
    by: PersonId,
    until: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let name: Option<String> =
        query_scalar("SELECT name FROM hub_assignment WHERE household = ? AND hub = ? AND until IS NULL")
            .bind(&household.as_bytes()[..])
            .bind(&hub.as_bytes()[..])
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(name) = name else { return Ok(false) };
    assignments::end(&mut transaction, household, hub, until).await?;
    credentials::revoke(&mut transaction, hub, until).await?;
    let deed = Deed::of_hub(Action::HubReleased, household, &name, Some(by), until);
    audit::insert(&mut *transaction, &deed).await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn label_all(
    pool: &SqlitePool,
    household: HouseholdId,
    hub: HubId,
    labels: &HubLabels,
    by: PersonId,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let named = query(
        "UPDATE hub_assignment SET name = ?3
         WHERE household = ?1 AND hub = ?2 AND (until IS NULL OR until > ?4)",
    )
    .bind(&household.as_bytes()[..])
    .bind(&hub.as_bytes()[..])
    .bind(&labels.name)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    if named.rows_affected() == 0 {
        return Ok(false);
    }
    replace_labels(&mut transaction, household, hub, &labels.sockets).await?;
    let deed = Deed::of_hub(Action::HubLabelled, household, &labels.name, Some(by), now);
    audit::insert(&mut *transaction, &deed).await?;
    transaction.commit().await?;
    Ok(true)
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
    replace_labels(&mut transaction, household, hub, sockets).await?;
    transaction.commit().await
}

async fn replace_labels(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    hub: HubId,
    sockets: &[SocketLabel],
) -> Result<(), sqlx::Error> {
    query("DELETE FROM socket_label WHERE household = ? AND hub = ?")
        .bind(&household.as_bytes()[..])
        .bind(&hub.as_bytes()[..])
        .execute(&mut *connection)
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
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
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
