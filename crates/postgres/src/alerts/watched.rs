//! Households with all that is to be known to watch over them, in a few queries for a whole page.

use domain::access::HubGrant;
use domain::accounts::Household;
use domain::alerts::Watched;
use domain::registry::{HomeSettings, HomeSocket};
use domain::{HouseholdId, HubId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query_as};
use uuid::Uuid;

use super::unreadable;
use crate::rows::{parse_zone, socket_label};

/// What all the queries see is of the same instant.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

pub(super) async fn page(
    pool: &PgPool,
    after: Option<HouseholdId>,
    limit: u32,
) -> Result<Vec<Watched>, sqlx::Error> {
    let mut snapshot = pool.begin_with(BEGIN).await?;
    let mut page = homes(&mut snapshot, after, limit).await?;
    let households: Vec<Uuid> = page.iter().map(|watched| watched.household.id.as_uuid()).collect();
    add_hubs(&mut snapshot, &households, &mut page).await?;
    add_sockets(&mut snapshot, &households, &mut page).await?;
    add_emails(&mut snapshot, &households, &mut page).await?;
    snapshot.commit().await?;
    Ok(page)
}

async fn homes(
    connection: &mut PgConnection,
    after: Option<HouseholdId>,
    limit: u32,
) -> Result<Vec<Watched>, sqlx::Error> {
    type Row = (Uuid, String, String, Option<String>);
    let rows: Vec<Row> = query_as(
        "SELECT h.id, h.name, h.zone, s.settings
         FROM household h LEFT JOIN home_settings s ON s.household = h.id
         WHERE $1::uuid IS NULL OR h.id > $1 ORDER BY h.id LIMIT $2",
    )
    .bind(after.map(|id| id.as_uuid()))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let home = |(id, name, zone, settings): Row| {
        let settings = settings.map_or_else(
            || Ok(HomeSettings::default()),
            |text| serde_json::from_str(&text).map_err(unreadable),
        )?;
        Ok(Watched {
            household: Household { id: HouseholdId::from_uuid(id), name, zone: parse_zone(&zone)? },
            settings,
            hubs: Vec::new(),
            sockets: Vec::new(),
            emails: Vec::new(),
        })
    };
    rows.into_iter().map(home).collect()
}

async fn add_hubs(
    connection: &mut PgConnection,
    households: &[Uuid],
    page: &mut [Watched],
) -> Result<(), sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, String, i64)> = query_as(
        "SELECT household, hub, name, since FROM hub_assignment
         WHERE household = ANY($1) AND until IS NULL ORDER BY hub",
    )
    .bind(households)
    .fetch_all(connection)
    .await?;
    for (household, hub, name, since) in rows {
        let grant = HubGrant { hub: HubId::from_uuid(hub), since: UtcMillis(since), until: None };
        if let Some(watched) = find(page, household) {
            watched.hubs.push((grant, name));
        }
    }
    Ok(())
}

async fn add_sockets(
    connection: &mut PgConnection,
    households: &[Uuid],
    page: &mut [Watched],
) -> Result<(), sqlx::Error> {
    type Row = (Uuid, Uuid, i16, String, Option<String>, Option<String>, bool);
    let rows: Vec<Row> = query_as(
        "SELECT household, hub, number, name, room, icon, hidden FROM socket_label
         WHERE household = ANY($1) ORDER BY hub, number",
    )
    .bind(households)
    .fetch_all(connection)
    .await?;
    for (household, hub, number, name, room, icon, hidden) in rows {
        let label = socket_label((number, name, room, icon, hidden))?;
        if let Some(watched) = find(page, household) {
            watched.sockets.push(HomeSocket { hub: HubId::from_uuid(hub), label });
        }
    }
    Ok(())
}

async fn add_emails(
    connection: &mut PgConnection,
    households: &[Uuid],
    page: &mut [Watched],
) -> Result<(), sqlx::Error> {
    let rows: Vec<(Uuid, String)> = query_as(
        "SELECT m.household, p.email FROM membership m JOIN person p ON p.id = m.person
         WHERE m.household = ANY($1) AND m.role IN ('owner', 'member') ORDER BY p.email COLLATE \"C\"",
    )
    .bind(households)
    .fetch_all(connection)
    .await?;
    for (household, email) in rows {
        if let Some(watched) = find(page, household) {
            watched.emails.push(email);
        }
    }
    Ok(())
}

fn find(page: &mut [Watched], household: Uuid) -> Option<&mut Watched> {
    let at = page.binary_search_by_key(&household, |watched| watched.household.id.as_uuid());
    at.ok().map(|at| &mut page[at])
}
