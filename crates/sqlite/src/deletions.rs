//! The end of people and households.

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::audit::Action;
use domain::erasure::{Deletions, PersonDeletion, TAIL_MILLIS};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use crate::accounts::{Accounts, BEGIN, because, id_bytes};
use crate::{assignments, hubs as credentials};

#[async_trait]
impl Deletions for Accounts {
    async fn delete_person(
        &self,
        person: PersonId,
        households: &[HouseholdId],
        now: UtcMillis,
    ) -> Result<PersonDeletion, AccountsError> {
        end_person(&self.pool, person, households, now).await.map_err(because("delete a person"))
    }

    async fn delete_household(&self, household: HouseholdId, now: UtcMillis) -> Result<bool, AccountsError> {
        end_one(&self.pool, household, now).await.map_err(because("delete a household"))
    }
}

async fn end_one(pool: &SqlitePool, household: HouseholdId, now: UtcMillis) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let is_there = end_household(&mut transaction, household, now).await?;
    transaction.commit().await?;
    Ok(is_there)
}

async fn end_person(
    pool: &SqlitePool,
    person: PersonId,
    households: &[HouseholdId],
    now: UtcMillis,
) -> Result<PersonDeletion, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let email: Option<String> = query_scalar("SELECT email FROM person WHERE id = ?")
        .bind(&person.as_bytes()[..])
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(email) = email else { return Ok(PersonDeletion::Deleted) };
    let (going, kept) = owned_alone(&mut transaction, person, now).await?;
    if !kept.is_empty() {
        return Ok(PersonDeletion::OthersAreThere(kept));
    }
    let mut named = households.to_vec();
    named.sort_unstable();
    named.dedup();
    if going != named {
        return Ok(PersonDeletion::OtherHouseholds);
    }
    for household in going {
        end_household(&mut transaction, household, now).await?;
    }
    // Where others stay they can see that somebody left, and not who it was.
    query(
        "INSERT INTO audit_entry (household, at, by, action, about)
         SELECT household, ?2, person, ?3, '' FROM membership WHERE person = ?1 AND (until IS NULL OR until > ?2)",
    )
    .bind(&person.as_bytes()[..])
    .bind(now.0)
    .bind(Action::MemberLeft.as_str())
    .execute(&mut *transaction)
    .await?;
    query("DELETE FROM ticket WHERE email = ? OR (kind = 'invitation' AND by = ?)")
        .bind(email)
        .bind(&person.as_bytes()[..])
        .execute(&mut *transaction)
        .await?;
    query("DELETE FROM person WHERE id = ?").bind(&person.as_bytes()[..]).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(PersonDeletion::Deleted)
}

/// Of the households that the person is the only owner of, those without anybody else, and the others; in order.
async fn owned_alone(
    connection: &mut SqliteConnection,
    person: PersonId,
    now: UtcMillis,
) -> Result<(Vec<HouseholdId>, Vec<HouseholdId>), sqlx::Error> {
    let rows: Vec<(Vec<u8>, bool)> = query_as(
        "SELECT m.household, EXISTS (
             SELECT 1 FROM membership o WHERE o.household = m.household AND o.person <> ?1
               AND (o.until IS NULL OR o.until > ?2))
         FROM membership m WHERE m.person = ?1 AND m.role = 'owner' AND NOT EXISTS (
             SELECT 1 FROM membership o
             WHERE o.household = m.household AND o.person <> ?1 AND o.role = 'owner')
         ORDER BY m.household",
    )
    .bind(&person.as_bytes()[..])
    .bind(now.0)
    .fetch_all(connection)
    .await?;
    let (mut going, mut kept) = (Vec::new(), Vec::new());
    for (id, others) in rows {
        let list = if others { &mut kept } else { &mut going };
        list.push(HouseholdId::from_bytes(id_bytes(id)?));
    }
    Ok((going, kept))
}

/// Releases its hubs, leaves behind what is to be erased, and is gone. `false`: it was not there.
async fn end_household(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let id = &household.as_bytes()[..];
    let running: Vec<Vec<u8>> = query_scalar(
        "SELECT DISTINCT hub FROM hub_assignment WHERE household = ? AND (until IS NULL OR until > ?)",
    )
    .bind(id)
    .bind(now.0)
    .fetch_all(&mut *connection)
    .await?;
    for hub in running {
        let hub = HubId::from_bytes(id_bytes(hub)?);
        assignments::end(connection, household, hub, now).await?;
        credentials::revoke(connection, hub, now).await?;
    }
    query(
        "INSERT INTO erasure (id, hub, since, until, tail, asked, due)
         SELECT randomblob(16), hub, since, min(until, ?2),
                CASE WHEN until >= ?2 THEN ?2 + ?3 ELSE until END, ?2, ?2
         FROM hub_assignment WHERE household = ?1 AND since < min(until, ?2)",
    )
    .bind(id)
    .bind(now.0)
    .bind(TAIL_MILLIS)
    .execute(&mut *connection)
    .await?;
    let done = query("DELETE FROM household WHERE id = ?").bind(id).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}
