//! Who is in a household.

mod invitations;

use async_trait::async_trait;
use domain::access::Role;
use domain::accounts::{AccountsError, Household, Person};
use domain::audit::{Action, Deed};
use domain::members::{Invitee, Member, Members};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, SqliteConnection, Transaction, query, query_as, query_scalar};

use crate::accounts::{Accounts, BEGIN, because, id_bytes, parse_role};
use crate::audit;

/// Why nothing was done.
struct LastOwner;

impl From<LastOwner> for AccountsError {
    fn from(_: LastOwner) -> Self {
        Self::LastOwner
    }
}

#[async_trait]
impl Members for Accounts {
    async fn members(&self, household: HouseholdId, now: UtcMillis) -> Result<Vec<Member>, AccountsError> {
        list(&self.pool, household, now).await.map_err(because("list members"))
    }

    async fn found_household(
        &self,
        household: &Household,
        owner: PersonId,
        at_most: u32,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        found(&self.pool, household, owner, at_most, now).await.map_err(because("found a household"))
    }

    async fn admit(
        &self,
        household: HouseholdId,
        person: PersonId,
        role: Role,
        until: Option<UtcMillis>,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<(), AccountsError> {
        Ok(admit(&self.pool, household, person, role, until, by, now)
            .await
            .map_err(because("admit a member"))??)
    }

    async fn change_member(
        &self,
        household: HouseholdId,
        person: PersonId,
        role: Role,
        until: Option<UtcMillis>,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        let change = async {
            let mut transaction = self.pool.begin_with(BEGIN).await?;
            if !may_change(&mut transaction, household, person, by, now).await? {
                return Ok(Ok(false));
            }
            let done = admit_in(transaction, household, person, role, until, by, now).await?;
            Ok(done.map(|()| true))
        };
        Ok(change.await.map_err(because("change a member"))??)
    }

    async fn accept_invitation(
        &self,
        secret_hash: &[u8; 32],
        invitee: Invitee<'_>,
        now: UtcMillis,
    ) -> Result<Option<HouseholdId>, AccountsError> {
        invitations::accept(&self.pool, secret_hash, invitee, now)
            .await
            .map_err(because("accept an invitation"))
    }

    async fn dismiss(
        &self,
        household: HouseholdId,
        person: PersonId,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        Ok(dismiss(&self.pool, household, person, by, now).await.map_err(because("dismiss a member"))??)
    }

    async fn purge_members(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        let done = query("DELETE FROM membership WHERE until <= ?")
            .bind(now.0)
            .execute(&self.pool)
            .await
            .map_err(because("purge members"))?;
        Ok(done.rows_affected())
    }
}

async fn list(pool: &SqlitePool, household: HouseholdId, now: UtcMillis) -> Result<Vec<Member>, sqlx::Error> {
    type Row = (Vec<u8>, String, String, String, Option<i64>);
    let rows: Vec<Row> = query_as(
        "SELECT p.id, p.email, p.name, m.role, m.until FROM membership m JOIN person p ON p.id = m.person
         WHERE m.household = ? AND (m.until IS NULL OR m.until > ?)
         ORDER BY m.role <> 'owner', p.name, p.id",
    )
    .bind(&household.as_bytes()[..])
    .bind(now.0)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(id, email, name, role, until)| {
            let person = Person { id: PersonId::from_bytes(id_bytes(id)?), email, name };
            Ok(Member { person, role: parse_role(&role)?, until: until.map(UtcMillis) })
        })
        .collect()
}

async fn found(
    pool: &SqlitePool,
    household: &Household,
    owner: PersonId,
    at_most: u32,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let count: i64 = query_scalar("SELECT count(*) FROM membership WHERE person = ? AND role = 'owner'")
        .bind(&owner.as_bytes()[..])
        .fetch_one(&mut *transaction)
        .await?;
    if count >= i64::from(at_most) {
        return Ok(false);
    }
    query("INSERT INTO household (id, name, zone) VALUES (?, ?, ?)")
        .bind(&household.id.as_bytes()[..])
        .bind(&household.name)
        .bind(household.zone.name())
        .execute(&mut *transaction)
        .await?;
    put(&mut transaction, household.id, owner, Role::Owner, None).await?;
    let deed = Deed::of_household(Action::HouseholdFounded, household, owner, now);
    audit::insert(&mut *transaction, &deed).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn admit(
    pool: &SqlitePool,
    household: HouseholdId,
    person: PersonId,
    role: Role,
    until: Option<UtcMillis>,
    by: PersonId,
    now: UtcMillis,
) -> Result<Result<(), LastOwner>, sqlx::Error> {
    let transaction = pool.begin_with(BEGIN).await?;
    admit_in(transaction, household, person, role, until, by, now).await
}

/// Whether the one is a member and the other an owner.
async fn may_change(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    person: PersonId,
    by: PersonId,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    query_scalar(
        "SELECT EXISTS (SELECT 1 FROM membership WHERE household = ?1 AND person = ?2 AND (until IS NULL OR until > ?4))
            AND EXISTS (SELECT 1 FROM membership WHERE household = ?1 AND person = ?3 AND role = 'owner')",
    )
    .bind(&household.as_bytes()[..])
    .bind(&person.as_bytes()[..])
    .bind(&by.as_bytes()[..])
    .bind(now.0)
    .fetch_one(connection)
    .await
}

async fn admit_in(
    mut transaction: Transaction<'_, Sqlite>,
    household: HouseholdId,
    person: PersonId,
    role: Role,
    until: Option<UtcMillis>,
    by: PersonId,
    now: UtcMillis,
) -> Result<Result<(), LastOwner>, sqlx::Error> {
    if role != Role::Owner && is_last_owner(&mut transaction, household, person).await? {
        return Ok(Err(LastOwner));
    }
    forget_ended(&mut transaction, household, person, now).await?;
    put(&mut transaction, household, person, role, until).await?;
    if role != Role::Owner {
        invitations::withdraw_of(&mut transaction, household, person).await?;
    }
    audit::insert(&mut *transaction, &Deed::member_changed(household, person, role, by, now)).await?;
    transaction.commit().await?;
    Ok(Ok(()))
}

async fn dismiss(
    pool: &SqlitePool,
    household: HouseholdId,
    person: PersonId,
    by: PersonId,
    now: UtcMillis,
) -> Result<Result<bool, LastOwner>, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    if is_last_owner(&mut transaction, household, person).await? {
        return Ok(Err(LastOwner));
    }
    let done = query("DELETE FROM membership WHERE household = ? AND person = ?")
        .bind(&household.as_bytes()[..])
        .bind(&person.as_bytes()[..])
        .execute(&mut *transaction)
        .await?;
    invitations::withdraw_of(&mut transaction, household, person).await?;
    let was_there = done.rows_affected() > 0;
    if was_there {
        audit::insert(&mut *transaction, &Deed::member_gone(household, person, by, now)).await?;
    }
    transaction.commit().await?;
    Ok(Ok(was_there))
}

async fn is_last_owner(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    // Nothing, when there is no owner at all.
    let is_last: Option<bool> =
        query_scalar("SELECT min(person = ?) FROM membership WHERE household = ? AND role = 'owner'")
            .bind(&person.as_bytes()[..])
            .bind(&household.as_bytes()[..])
            .fetch_one(connection)
            .await?;
    Ok(is_last == Some(true))
}

/// With what it left behind.
async fn forget_ended(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    person: PersonId,
    now: UtcMillis,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM membership WHERE household = ? AND person = ? AND until <= ?")
        .bind(&household.as_bytes()[..])
        .bind(&person.as_bytes()[..])
        .bind(now.0)
        .execute(connection)
        .await
        .map(|_| ())
}

async fn put(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    person: PersonId,
    role: Role,
    until: Option<UtcMillis>,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO membership (person, household, role, until) VALUES (?, ?, ?, ?)
         ON CONFLICT (person, household) DO UPDATE SET role = excluded.role, until = excluded.until",
    )
    .bind(&person.as_bytes()[..])
    .bind(&household.as_bytes()[..])
    .bind(role.as_str())
    .bind(until.map(|at| at.0))
    .execute(connection)
    .await
    .map(|_| ())
}
