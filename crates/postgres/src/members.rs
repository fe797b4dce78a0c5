//! Who is in a household.

mod invitations;

use async_trait::async_trait;
use domain::access::Role;
use domain::accounts::{AccountsError, Household, Person};
use domain::audit::{Action, Deed};
use domain::members::{Invitee, Member, Members};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres, Transaction, query, query_as, query_scalar};
use uuid::Uuid;

use crate::accounts::sessions;
use crate::rows::parse_role;
use crate::{Accounts, audit};

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
        self.database.run("list members", async |pool: &PgPool| list(pool, household, now).await).await
    }

    async fn found_household(
        &self,
        household: &Household,
        owner: PersonId,
        at_most: u32,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("found a household", async |pool: &PgPool| found(pool, household, owner, at_most, now).await)
            .await
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
        let admitted = self
            .database
            .run("admit a member", async |pool: &PgPool| {
                admit(pool, household, person, role, until, by, now).await
            })
            .await?;
        Ok(admitted?)
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
        let changed = self
            .database
            .run("change a member", async |pool: &PgPool| {
                let mut transaction = pool.begin().await?;
                lock_household(&mut transaction, household).await?;
                if !may_change(&mut transaction, household, person, by, now).await? {
                    return Ok(Ok(false));
                }
                admit_in(transaction, household, person, role, until, by, now)
                    .await
                    .map(|done| done.map(|()| true))
            })
            .await?;
        Ok(changed?)
    }

    async fn accept_invitation(
        &self,
        secret_hash: &[u8; 32],
        invitee: Invitee<'_>,
        now: UtcMillis,
    ) -> Result<Option<HouseholdId>, AccountsError> {
        self.database
            .run("accept an invitation", async |pool: &PgPool| {
                invitations::accept(pool, secret_hash, invitee, now).await
            })
            .await
    }

    async fn dismiss(
        &self,
        household: HouseholdId,
        person: PersonId,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        let dismissed = self
            .database
            .run("dismiss a member", async |pool: &PgPool| dismiss(pool, household, person, by, now).await)
            .await?;
        Ok(dismissed?)
    }

    async fn purge_members(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        self.database
            .run("purge members", async |pool: &PgPool| {
                query("DELETE FROM membership WHERE until <= $1")
                    .bind(now.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected())
            })
            .await
    }
}

async fn list(pool: &PgPool, household: HouseholdId, now: UtcMillis) -> Result<Vec<Member>, sqlx::Error> {
    type Row = (Uuid, String, String, String, Option<i64>);
    let rows: Vec<Row> = query_as(
        "SELECT p.id, p.email, p.name, m.role, m.until FROM membership m JOIN person p ON p.id = m.person
         WHERE m.household = $1 AND (m.until IS NULL OR m.until > $2)
         ORDER BY m.role <> 'owner', p.name COLLATE \"C\", p.id",
    )
    .bind(household.as_uuid())
    .bind(now.0)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(id, email, name, role, until)| {
            let person = Person { id: PersonId::from_uuid(id), email, name };
            Ok(Member { person, role: parse_role(&role)?, until: until.map(UtcMillis) })
        })
        .collect()
}

async fn found(
    pool: &PgPool,
    household: &Household,
    owner: PersonId,
    at_most: u32,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // Others who count this person's households wait here.
    sessions::lock_person(&mut transaction, owner).await?;
    let count: i64 = query_scalar("SELECT count(*) FROM membership WHERE person = $1 AND role = 'owner'")
        .bind(owner.as_uuid())
        .fetch_one(&mut *transaction)
        .await?;
    if count >= i64::from(at_most) {
        return Ok(false);
    }
    query("INSERT INTO household (id, name, zone) VALUES ($1, $2, $3)")
        .bind(household.id.as_uuid())
        .bind(&household.name)
        .bind(household.zone.name())
        .execute(&mut *transaction)
        .await?;
    put(&mut transaction, household.id, owner, Role::Owner, None).await?;
    let deed = Deed::of_household(Action::HouseholdFounded, household, owner, now);
    audit::insert(&mut transaction, &deed).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn admit(
    pool: &PgPool,
    household: HouseholdId,
    person: PersonId,
    role: Role,
    until: Option<UtcMillis>,
    by: PersonId,
    now: UtcMillis,
) -> Result<Result<(), LastOwner>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    lock_household(&mut transaction, household).await?;
    admit_in(transaction, household, person, role, until, by, now).await
}

/// Whether the one is a member and the other an owner.
async fn may_change(
    connection: &mut PgConnection,
    household: HouseholdId,
    person: PersonId,
    by: PersonId,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    query_scalar(
        "SELECT EXISTS (SELECT FROM membership WHERE household = $1 AND person = $2 AND (until IS NULL OR until > $4))
            AND EXISTS (SELECT FROM membership WHERE household = $1 AND person = $3 AND role = 'owner')",
    )
    .bind(household.as_uuid())
    .bind(person.as_uuid())
    .bind(by.as_uuid())
    .bind(now.0)
    .fetch_one(connection)
    .await
}

async fn admit_in(
    mut transaction: Transaction<'_, Postgres>,
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
    audit::insert(&mut transaction, &Deed::member_changed(household, person, role, by, now)).await?;
    transaction.commit().await?;
    Ok(Ok(()))
}

async fn dismiss(
    pool: &PgPool,
    household: HouseholdId,
    person: PersonId,
    by: PersonId,
    now: UtcMillis,
) -> Result<Result<bool, LastOwner>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    lock_household(&mut transaction, household).await?;
    if is_last_owner(&mut transaction, household, person).await? {
        return Ok(Err(LastOwner));
    }
    let done = query("DELETE FROM membership WHERE household = $1 AND person = $2")
        .bind(household.as_uuid())
        .bind(person.as_uuid())
        .execute(&mut *transaction)
        .await?;
    invitations::withdraw_of(&mut transaction, household, person).await?;
    let was_there = done.rows_affected() > 0;
    if was_there {
        audit::insert(&mut transaction, &Deed::member_gone(household, person, by, now)).await?;
    }
    transaction.commit().await?;
    Ok(Ok(was_there))
}

/// Others who change the household's members, or write down what was done to it, wait here. Whoever locks hubs does so before.
pub(crate) async fn lock_household(
    connection: &mut PgConnection,
    household: HouseholdId,
) -> Result<(), sqlx::Error> {
    query("SELECT 1 FROM household WHERE id = $1 FOR NO KEY UPDATE")
        .bind(household.as_uuid())
        .execute(connection)
        .await
        .map(|_| ())
}

async fn is_last_owner(
    connection: &mut PgConnection,
    household: HouseholdId,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    // Nothing, when there is no owner at all.
    let is_last: Option<bool> =
        query_scalar("SELECT bool_and(person = $2) FROM membership WHERE household = $1 AND role = 'owner'")
            .bind(household.as_uuid())
            .bind(person.as_uuid())
            .fetch_one(connection)
            .await?;
    Ok(is_last == Some(true))
}

/// With what it left behind.
async fn forget_ended(
    connection: &mut PgConnection,
    household: HouseholdId,
    person: PersonId,
    now: UtcMillis,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM membership WHERE household = $1 AND person = $2 AND until <= $3")
        .bind(household.as_uuid())
        .bind(person.as_uuid())
        .bind(now.0)
        .execute(connection)
        .await
        .map(|_| ())
}

async fn put(
    connection: &mut PgConnection,
    household: HouseholdId,
    person: PersonId,
    role: Role,
    until: Option<UtcMillis>,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO membership (person, household, role, until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person, household) DO UPDATE SET role = excluded.role, until = excluded.until",
    )
    .bind(person.as_uuid())
    .bind(household.as_uuid())
    .bind(role.as_str())
    .bind(until.map(|at| at.0))
    .execute(connection)
    .await
    .map(|_| ())
}
