//! The end of people and households.

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::audit::Action;
use domain::erasure::{Deletions, PersonDeletion, TAIL_MILLIS};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use crate::Accounts;
use crate::assignments::{self, lock_hub};
use crate::hubs as credentials;

#[async_trait]
impl Deletions for Accounts {
    async fn delete_person(
        &self,
        person: PersonId,
        households: &[HouseholdId],
        now: UtcMillis,
    ) -> Result<PersonDeletion, AccountsError> {
        self.database
            .run("delete a person", async |pool: &PgPool| end_person(pool, person, households, now).await)
            .await
    }

    async fn delete_household(&self, household: HouseholdId, now: UtcMillis) -> Result<bool, AccountsError> {
        self.database
            .run("delete a household", async |pool: &PgPool| {
                let mut transaction = pool.begin().await?;
                lock(&mut transaction, &[household.as_uuid()]).await?;
                let is_there = end_household(&mut transaction, household.as_uuid(), now).await?;
                transaction.commit().await?;
                Ok(is_there)
            })
            .await
    }
}

async fn end_person(
    pool: &PgPool,
    person: PersonId,
    households: &[HouseholdId],
    now: UtcMillis,
) -> Result<PersonDeletion, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let email: Option<String> = query_scalar("SELECT email FROM person WHERE id = $1 FOR UPDATE")
        .bind(person.as_uuid())
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(email) = email else { return Ok(PersonDeletion::Deleted) };
    let memberships: Vec<Uuid> =
        query_scalar("SELECT household FROM membership WHERE person = $1 ORDER BY household")
            .bind(person.as_uuid())
            .fetch_all(&mut *transaction)
            .await?;
    lock(&mut transaction, &memberships).await?;
    let (going, kept) = owned_alone(&mut transaction, person, now).await?;
    if !kept.is_empty() {
        let kept = kept.into_iter().map(HouseholdId::from_uuid).collect();
        return Ok(PersonDeletion::OthersAreThere(kept));
    }
    let mut named: Vec<Uuid> = households.iter().map(HouseholdId::as_uuid).collect();
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
         SELECT household, $2, person, $3, '' FROM membership WHERE person = $1 AND (until IS NULL OR until > $2)",
    )
    .bind(person.as_uuid())
    .bind(now.0)
    .bind(Action::MemberLeft.as_str())
    .execute(&mut *transaction)
    .await?;
    query("DELETE FROM ticket WHERE email = $1 OR (kind = 'invitation' AND by = $2)")
        .bind(email)
        .bind(person.as_uuid())
        .execute(&mut *transaction)
        .await?;
    query("DELETE FROM person WHERE id = $1").bind(person.as_uuid()).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(PersonDeletion::Deleted)
}

/// Hubs first, then households: in the order of whoever takes a hub into one.
async fn lock(connection: &mut PgConnection, households: &[Uuid]) -> Result<(), sqlx::Error> {
    let hubs: Vec<Uuid> =
        query_scalar("SELECT DISTINCT hub FROM hub_assignment WHERE household = ANY($1) ORDER BY hub")
            .bind(households)
            .fetch_all(&mut *connection)
            .await?;
    for hub in hubs {
        lock_hub(connection, HubId::from_uuid(hub)).await?;
    }
    query("SELECT 1 FROM household WHERE id = ANY($1) ORDER BY id FOR UPDATE")
        .bind(households)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Of the households that the person is the only owner of, those without anybody else, and the others; in order.
async fn owned_alone(
    connection: &mut PgConnection,
    person: PersonId,
    now: UtcMillis,
) -> Result<(Vec<Uuid>, Vec<Uuid>), sqlx::Error> {
    let rows: Vec<(Uuid, bool)> = query_as(
        "SELECT m.household, EXISTS (
             SELECT 1 FROM membership o WHERE o.household = m.household AND o.person <> $1
               AND (o.until IS NULL OR o.until > $2))
         FROM membership m WHERE m.person = $1 AND m.role = 'owner' AND NOT EXISTS (
             SELECT 1 FROM membership o
             WHERE o.household = m.household AND o.person <> $1 AND o.role = 'owner')
         ORDER BY m.household",
    )
    .bind(person.as_uuid())
    .bind(now.0)
    .fetch_all(connection)
    .await?;
    let (kept, going): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, others)| *others);
    let ids = |rows: Vec<(Uuid, bool)>| rows.into_iter().map(|(id, _)| id).collect();
    Ok((ids(going), ids(kept)))
}

/// Releases its hubs, leaves behind what is to be erased, and is gone. `false`: it was not there.
async fn end_household(
    connection: &mut PgConnection,
    household: Uuid,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let running: Vec<Uuid> = query_scalar(
        "SELECT DISTINCT hub FROM hub_assignment WHERE household = $1 AND (until IS NULL OR until > $2)
         ORDER BY hub",
    )
    .bind(household)
    .bind(now.0)
    .fetch_all(&mut *connection)
    .await?;
    for hub in running.into_iter().map(HubId::from_uuid) {
        assignments::end(connection, HouseholdId::from_uuid(household), hub, now).await?;
        credentials::revoke(connection, hub, now).await?;
    }
    query(
        "INSERT INTO erasure (id, hub, since, until, tail, asked, due)
         SELECT gen_random_uuid(), hub, since, LEAST(until, $2),
                CASE WHEN until >= $2 THEN $2 + $3 ELSE until END, $2, $2
         FROM hub_assignment WHERE household = $1 AND since < LEAST(until, $2)",
    )
    .bind(household)
    .bind(now.0)
    .bind(TAIL_MILLIS)
    .execute(&mut *connection)
    .await?;
    let done = query("DELETE FROM household WHERE id = $1").bind(household).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}
