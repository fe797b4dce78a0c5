//! Who did what to which household.

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::audit::{Action, Audit, Deed, Entry};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::sqlite::SqliteExecutor;
use sqlx::{FromRow, query, query_as};

use crate::accounts::{Accounts, because, id_bytes};

const LIST: &str = "list deeds";

#[derive(FromRow)]
struct Row {
    number: i64,
    household: Vec<u8>,
    at: i64,
    by: Option<Vec<u8>>,
    action: String,
    about: String,
}

impl TryFrom<Row> for Entry {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let action = Action::parse(&row.action);
        let deed = Deed {
            household: HouseholdId::from_bytes(id_bytes(row.household)?),
            at: UtcMillis(row.at),
            by: row.by.map(id_bytes).transpose()?.map(PersonId::from_bytes),
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
        insert(&self.pool, deed).await.map_err(because("write a deed down"))
    }

    async fn entries(
        &self,
        household: HouseholdId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, AccountsError> {
        let rows: Vec<Row> = query_as(
            "SELECT * FROM audit_entry WHERE household = ? AND number < ? ORDER BY number DESC LIMIT ?",
        )
        .bind(&household.as_bytes()[..])
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(because(LIST))?;
        rows.into_iter().map(Entry::try_from).collect::<Result<_, _>>().map_err(because(LIST))
    }

    async fn entries_by(
        &self,
        person: PersonId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, AccountsError> {
        let rows: Vec<Row> =
            query_as("SELECT * FROM audit_entry WHERE by = ? AND number > ? ORDER BY number LIMIT ?")
                .bind(&person.as_bytes()[..])
                .bind(after)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
                .map_err(because(LIST))?;
        rows.into_iter().map(Entry::try_from).collect::<Result<_, _>>().map_err(because(LIST))
    }
}

pub(crate) async fn insert(executor: impl SqliteExecutor<'_>, deed: &Deed) -> Result<(), sqlx::Error> {
    query("INSERT INTO audit_entry (household, at, by, action, about) VALUES (?, ?, ?, ?, ?)")
        .bind(&deed.household.as_bytes()[..])
        .bind(deed.at.0)
        .bind(deed.by.as_ref().map(|id| &id.as_bytes()[..]))
        .bind(deed.action.as_str())
        .bind(&deed.about)
        .execute(executor)
        .await
        .map(|_| ())
}
