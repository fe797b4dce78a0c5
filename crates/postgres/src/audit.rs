//! Who did what to which household.

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::audit::{Action, Audit, Deed, Entry};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

use crate::Accounts;
use crate::members::lock_household;

#[derive(FromRow)]
struct Row {
    number: i64,
    household: Uuid,
    at: i64,
    by: Option<Uuid>,
    action: String,
    about: String,
}

impl TryFrom<Row> for Entry {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let action = Action::parse(&row.action);
        let deed = Deed {
            household: HouseholdId::from_uuid(row.household),
            at: UtcMillis(row.at),
            by: row.by.map(PersonId::from_uuid),
            action: action
                .ok_or_else(|| sqlx::Error::Decode(format!("an action {:?}", row.action).into()))?,
            about: row.about,
        };
        Ok(Self { number: row.number, deed })
    }
}

#[async_trait]
impl Audit for Accounts {
    async fn write_down(&self, deed: &Deed) -> Result<(), AccountsError> {
        self.database.run("write a deed down", async |pool: &PgPool| write_down(pool, deed).await).await
    }

    async fn entries(
        &self,
        household: HouseholdId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, AccountsError> {
        self.database
            .run("list deeds", async |pool: &PgPool| {
                let rows: Vec<Row> = query_as(
                    "SELECT * FROM audit_entry WHERE household = $1 AND number < $2
                     ORDER BY number DESC LIMIT $3",
                )
                .bind(household.as_uuid())
                .bind(before.unwrap_or(i64::MAX))
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(Entry::try_from).collect()
            })
            .await
    }

    async fn entries_by(
        &self,
        person: PersonId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, AccountsError> {
        self.database
            .run("list deeds of a person", async |pool: &PgPool| {
                let rows: Vec<Row> = query_as(
                    "SELECT * FROM audit_entry WHERE by = $1 AND number > $2 ORDER BY number LIMIT $3",
                )
                .bind(person.as_uuid())
                .bind(after)
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(Entry::try_from).collect()
            })
            .await
    }
}

async fn write_down(pool: &PgPool, deed: &Deed) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // One after the other: else one with a lower number could be seen after one with a higher.
    lock_household(&mut transaction, deed.household).await?;
    insert(&mut transaction, deed).await?;
    transaction.commit().await
}

/// For who has the household's lock.
pub(crate) async fn insert(connection: &mut PgConnection, deed: &Deed) -> Result<(), sqlx::Error> {
    query("INSERT INTO audit_entry (household, at, by, action, about) VALUES ($1, $2, $3, $4, $5)")
        .bind(deed.household.as_uuid())
        .bind(deed.at.0)
        .bind(deed.by.map(|id| id.as_uuid()))
        .bind(deed.action.as_str())
        .bind(&deed.about)
        .execute(connection)
        .await
        .map(|_| ())
}
