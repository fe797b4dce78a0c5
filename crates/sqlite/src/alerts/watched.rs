//! Households with all that is to be known to watch over them, in a few queries for a whole page.

use domain::access::HubGrant;
use domain::accounts::Household;
use domain::alerts::Watched;
use domain::registry::{HomeSettings, HomeSocket};
use domain::{HouseholdId, HubId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, query_as};

use super::unreadable;
use crate::accounts::{id_bytes, parse_zone, socket_label};

pub(super) async fn page(
    pool: &SqlitePool,
    after: Option<HouseholdId>,
    limit: u32,
) -> Result<Vec<Watched>, sqlx::Error> {
    // What all the queries see is of the same instant.
    let mut snapshot = pool.begin().await?;
    let mut page = homes(&mut snapshot, after, limit).await?;
    let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(page) };
    let range = Range { first: first.household.id, last: last.household.id };
    add_hubs(&mut snapshot, &range, &mut page).await?;
    add_sockets(&mut snapshot, &range, &mut page).await?;
    add_emails(&mut snapshot, &range, &mut page).await?;
    snapshot.commit().await?;
    Ok(page)
}

/// The page has every household from the first to the last.
struct Range {
    first: HouseholdId,
    last: HouseholdId,
}

async fn homes(
    connection: &mut SqliteConnection,
    after: Option<HouseholdId>,
    limit: u32,
) -> Result<Vec<Watched>, sqlx::Error> {
    type Row = (Vec<u8>, String, String, Option<String>);
    // Every id is after nothing.
    let after = after.as_ref().map_or(&[][..], |id| &id.as_bytes()[..]);
    let rows: Vec<Row> = query_as(
        "SELECT h.id, h.name, h.zone, s.settings
         FROM household h LEFT JOIN home_settings s ON s.household = h.id
         WHERE h.id > ? ORDER BY h.id LIMIT ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let home = |(id, name, zone, settings): Row| {
        let id = HouseholdId::from_bytes(id_bytes(id)?);
        let settings = settings.map_or_else(
            || Ok(HomeSettings::default()),
            |text| serde_json::from_str(&text).map_err(unreadable),
        )?;
        Ok(Watched {
            household: Household { id, name, zone: parse_zone(&zone)? },
            settings,
            hubs: Vec::new(),
            sockets: Vec::new(),
            emails: Vec::new(),
        })
    };
    rows.into_iter().map(home).collect()
}

async fn add_hubs(
    connection: &mut SqliteConnection,
    range: &Range,
    page: &mut [Watched],
) -> Result<(), sqlx::Error> {
    let rows: Vec<(Vec<u8>, Vec<u8>, String, i64)> = query_as(
        "SELECT household, hub, name, since FROM hub_assignment
         WHERE household BETWEEN ? AND ? AND until IS NULL ORDER BY hub",
    )
    .bind(&range.first.as_bytes()[..])
    .bind(&range.last.as_bytes()[..])
    .fetch_all(connection)
    .await?;
    for (household, hub, name, since) in rows {
        let hub = HubId::from_bytes(id_bytes(hub)?);
        let grant = HubGrant { hub, since: UtcMillis(since), until: None };
        if let Some(watched) = find(page, household)? {
            watched.hubs.push((grant, name));
        }
    }
    Ok(())
}

async fn add_sockets(
    connection: &mut SqliteConnection,
    range: &Range,
    page: &mut [Watched],
) -> Result<(), sqlx::Error> {
    type Row = (Vec<u8>, Vec<u8>, i64, String, Option<String>, Option<String>, bool);
    let rows: Vec<Row> = query_as(
        "SELECT household, hub, number, name, room, icon, hidden FROM socket_label
         WHERE household BETWEEN ? AND ? ORDER BY hub, number",
    )
    .bind(&range.first.as_bytes()[..])
    .bind(&range.last.as_bytes()[..])
    .fetch_all(connection)
    .await?;
    for (household, hub, number, name, room, icon, hidden) in rows {
        let hub = HubId::from_bytes(id_bytes(hub)?);
        let label = socket_label((number, name, room, icon, hidden))?;
        if let Some(watched) = find(page, household)? {
            watched.sockets.push(HomeSocket { hub, label });
        }
    }
    Ok(())
}

async fn add_emails(
    connection: &mut SqliteConnection,
    range: &Range,
    page: &mut [Watched],
) -> Result<(), sqlx::Error> {
    let rows: Vec<(Vec<u8>, String)> = query_as(
        "SELECT m.household, p.email FROM membership m JOIN person p ON p.id = m.person
         WHERE m.household BETWEEN ? AND ? AND m.role IN ('owner', 'member') ORDER BY p.email",
    )
    .bind(&range.first.as_bytes()[..])
    .bind(&range.last.as_bytes()[..])
    .fetch_all(connection)
    .await?;
    for (household, email) in rows {
        if let Some(watched) = find(page, household)? {
            watched.emails.push(email);
        }
    }
    Ok(())
}

fn find(page: &mut [Watched], household: Vec<u8>) -> Result<Option<&mut Watched>, sqlx::Error> {
    let household = HouseholdId::from_bytes(id_bytes(household)?);
    let at = page.binary_search_by_key(&household, |watched| watched.household.id);
    Ok(at.ok().map(|at| &mut page[at]))
}
