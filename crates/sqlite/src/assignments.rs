//! Which household a hub is in, and since when: the statements that others make part of their transactions.

use domain::accounts::HubAssignment;
use domain::{HouseholdId, HubId, UtcMillis};
use sqlx::{SqliteConnection, query};

/// Starts it, in place of the household's own earlier ones.
pub(crate) async fn begin(
    connection: &mut SqliteConnection,
    assignment: &HubAssignment,
) -> Result<(), sqlx::Error> {
    give_way(connection, assignment).await?;
    crate::erasures::on_assignment(connection, assignment).await?;
    query("INSERT INTO hub_assignment (hub, household, name, since, until) VALUES (?, ?, ?, ?, ?)")
        .bind(&assignment.hub.as_bytes()[..])
        .bind(&assignment.household.as_bytes()[..])
        .bind(&assignment.name)
        .bind(assignment.since.0)
        .bind(assignment.until.map(|until| until.0))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Ends the running assignment; one that had not started by then is forgotten.
pub(crate) async fn end(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    hub: HubId,
    until: UtcMillis,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM hub_assignment WHERE household = ?1 AND hub = ?2 AND until IS NULL AND since >= ?3")
        .bind(&household.as_bytes()[..])
        .bind(&hub.as_bytes()[..])
        .bind(until.0)
        .execute(&mut *connection)
        .await?;
    query("UPDATE hub_assignment SET until = ?3 WHERE household = ?1 AND hub = ?2 AND until IS NULL")
        .bind(&household.as_bytes()[..])
        .bind(&hub.as_bytes()[..])
        .bind(until.0)
        .execute(connection)
        .await
        .map(|_| ())
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
