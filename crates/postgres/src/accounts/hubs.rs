//! Which hub is in which household, and what its sockets are called there.

use domain::accounts::{HubAssignment, HubLabels, SocketLabel};
use domain::audit::{Action, Deed};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use crate::members::lock_household;
use crate::rows::{LabelRow, socket_label};
use crate::{assignments, audit, hubs as credentials};

pub(super) async fn assign(pool: &PgPool, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    assignments::begin(&mut transaction, assignment).await?;
    transaction.commit().await
}

pub(super) async fn release(
    pool: &PgPool,
    household: HouseholdId,
    hub: HubId,
    by: PersonId,
    until: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    assignments::lock_hub(&mut transaction, hub).await?;
    let name: Option<String> =
        query_scalar("SELECT name FROM hub_assignment WHERE household = $1 AND hub = $2 AND until IS NULL")
            .bind(household.as_uuid())
            .bind(hub.as_uuid())
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(name) = name else { return Ok(false) };
    assignments::end(&mut transaction, household, hub, until).await?;
    credentials::revoke(&mut transaction, hub, until).await?;
    lock_household(&mut transaction, household).await?;
    let deed = Deed::of_hub(Action::HubReleased, household, &name, Some(by), until);
    audit::insert(&mut transaction, &deed).await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn label_all(
    pool: &PgPool,
    household: HouseholdId,
    hub: HubId,
    labels: &HubLabels,
    by: PersonId,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    assignments::lock_hub(&mut transaction, hub).await?;
    let named = query(
        "UPDATE hub_assignment SET name = $3
         WHERE household = $1 AND hub = $2 AND (until IS NULL OR until > $4)",
    )
    .bind(household.as_uuid())
    .bind(hub.as_uuid())
    .bind(&labels.name)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    if named.rows_affected() == 0 {
        return Ok(false);
    }
    replace_labels(&mut transaction, household, hub, &labels.sockets).await?;
    lock_household(&mut transaction, household).await?;
    let deed = Deed::of_hub(Action::HubLabelled, household, &labels.name, Some(by), now);
    audit::insert(&mut transaction, &deed).await?;
    transaction.commit().await?;
    Ok(true)
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
    replace_labels(&mut transaction, household, hub, sockets).await?;
    transaction.commit().await
}

/// For who has the hub's lock.
async fn replace_labels(
    connection: &mut PgConnection,
    household: HouseholdId,
    hub: HubId,
    sockets: &[SocketLabel],
) -> Result<(), sqlx::Error> {
    query("DELETE FROM socket_label WHERE household = $1 AND hub = $2")
        .bind(household.as_uuid())
        .bind(hub.as_uuid())
        .execute(&mut *connection)
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
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
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
