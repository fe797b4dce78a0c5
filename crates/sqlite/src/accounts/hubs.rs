//! Which hub is in which household, and what its sockets are called there.

use domain::accounts::{HubAssignment, SocketLabel};
use domain::{HouseholdId, HubId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, query, query_as};

use super::{BEGIN, LabelRow, id_bytes, socket_label};

pub(super) async fn assign(pool: &SqlitePool, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    give_way(&mut transaction, assignment).await?;
    query("INSERT INTO hub_assignment (hub, household, name, since, until) VALUES (?, ?, ?, ?, ?)")
        .bind(&assignment.hub.as_bytes()[..])
        .bind(&assignment.household.as_bytes()[..])
        .bind(&assignment.name)
        .bind(assignment.since.0)
        .bind(assignment.until.map(|until| until.0))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

pub(super) async fn release(
    pool: &SqlitePool,
    household: HouseholdId,
    hub: HubId,
    until: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let never_started =
        query("DELETE FROM hub_assignment WHERE household = ? AND hub = ? AND until IS NULL AND since >= ?")
            .bind(&household.as_bytes()[..])
            .bind(&hub.as_bytes()[..])
            .bind(until.0)
            .execute(&mut *transaction)
            .await?;
    let ended =
        query("UPDATE hub_assignment SET until = ? WHERE household = ? AND hub = ? AND until IS NULL")
            .bind(until.0)
            .bind(&household.as_bytes()[..])
            .bind(&hub.as_bytes()[..])
            .execute(&mut *transaction)
            .await?;
    transaction.commit().await?;
    Ok(never_started.rows_affected() + ended.rows_affected() > 0)
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

/// The household's own earlier assignments of the hub make room for `assignment`.
async fn give_way(connection: &mut SqliteConnection, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
    query("DELETE FROM hub_assignment WHERE household = ? AND hub = ? AND (until IS NULL OR since >= ?)")
        .bind(&assignment.household.as_bytes()[..])
        .bind(&assignment.hub.as_bytes()[..])
        .bind(assignment.since.0)
        .execute(&mut *connection)
        .await?;
    query("UPDATE hub_assignment SET until = ?3 WHERE household = ?1 AND hub = ?2 AND until > ?3")
        .bind(&assignment.household.as_bytes()[..])
        .bind(&assignment.hub.as_bytes()[..])
        .bind(assignment.since.0)
        .execute(connection)
        .await
        .map(|_| ())
}
