//! What a household says about its home.

use async_trait::async_trait;
use domain::accounts::{AccountsError, Household};
use domain::audit::Deed;
use domain::registry::{HomeSettings, HomeSocket, Registry, StoredSettings};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use crate::rows::socket_label;
use crate::{Accounts, audit};

const READ: &str = "read the settings";
const PUT: &str = "put the settings";
const SOCKETS: &str = "list the sockets of a home";

enum Replaced {
    Yes,
    OtherRevision,
    NoHousehold,
}

#[async_trait]
impl Registry for Accounts {
    async fn settings(&self, household: HouseholdId) -> Result<StoredSettings, AccountsError> {
        let row: Option<(i64, String)> = self
            .database
            .run(READ, async |pool: &PgPool| {
                query_as("SELECT revision, settings FROM home_settings WHERE household = $1")
                    .bind(household.as_uuid())
                    .fetch_optional(pool)
                    .await
            })
            .await?;
        let Some((revision, text)) = row else { return Ok(StoredSettings::default()) };
        // Never the defaults instead: whoever saw them would put them over what is there.
        let settings = serde_json::from_str(&text).map_err(|error| refused(READ, &error))?;
        Ok(StoredSettings { revision, settings })
    }

    async fn put_settings(
        &self,
        household: HouseholdId,
        expected: i64,
        settings: &HomeSettings,
    ) -> Result<Option<i64>, AccountsError> {
        let text = text(settings)?;
        self.database
            .run(PUT, async |pool: &PgPool| {
                let mut transaction = pool.begin().await?;
                let replaced = replace(&mut transaction, household, expected, &text).await?;
                transaction.commit().await?;
                Ok(replaced)
            })
            .await?
            .revision(expected)
    }

    async fn change_settings(
        &self,
        household: &Household,
        expected: i64,
        settings: &HomeSettings,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<Option<i64>, AccountsError> {
        let text = text(settings)?;
        self.database
            .run(PUT, async |pool: &PgPool| {
                let mut transaction = pool.begin().await?;
                let replaced = replace(&mut transaction, household.id, expected, &text).await?;
                if let Replaced::Yes = replaced {
                    rename(&mut transaction, household).await?;
                    let deed = Deed::settings_changed(household.id, by, now);
                    audit::insert(&mut transaction, &deed).await?;
                }
                transaction.commit().await?;
                Ok(replaced)
            })
            .await?
            .revision(expected)
    }

    async fn home_sockets(&self, household: HouseholdId) -> Result<Vec<HomeSocket>, AccountsError> {
        type Row = (Uuid, i16, String, Option<String>, Option<String>, bool);
        self.database
            .run(SOCKETS, async |pool: &PgPool| {
                let rows: Vec<Row> = query_as(
                    "SELECT hub, number, name, room, icon, hidden FROM socket_label
                     WHERE household = $1 ORDER BY hub, number",
                )
                .bind(household.as_uuid())
                .fetch_all(pool)
                .await?;
                let socket = |(hub, number, name, room, icon, hidden): Row| {
                    let label = socket_label((number, name, room, icon, hidden))?;
                    Ok(HomeSocket { hub: HubId::from_uuid(hub), label })
                };
                rows.into_iter().map(socket).collect()
            })
            .await
    }
}

impl Replaced {
    fn revision(self, expected: i64) -> Result<Option<i64>, AccountsError> {
        match self {
            Self::Yes => Ok(Some(expected + 1)),
            Self::OtherRevision => Ok(None),
            Self::NoHousehold => Err(refused(PUT, &"there is no such household")),
        }
    }
}

fn text(settings: &HomeSettings) -> Result<String, AccountsError> {
    serde_json::to_string(settings).map_err(|error| refused(PUT, &error))
}

async fn rename(connection: &mut PgConnection, household: &Household) -> Result<(), sqlx::Error> {
    query("UPDATE household SET name = $2, zone = $3 WHERE id = $1")
        .bind(household.id.as_uuid())
        .bind(&household.name)
        .bind(household.zone.name())
        .execute(connection)
        .await
        .map(|_| ())
}

/// In the transaction of the connection, which has the household's lock from then on.
async fn replace(
    connection: &mut PgConnection,
    household: HouseholdId,
    expected: i64,
    settings: &str,
) -> Result<Replaced, sqlx::Error> {
    let household = household.as_uuid();
    // Until the end of the transaction nobody removes it, or writes down what was done to it.
    let known: Option<i32> = query_scalar("SELECT 1 FROM household WHERE id = $1 FOR NO KEY UPDATE")
        .bind(household)
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_none() {
        return Ok(Replaced::NoHousehold);
    }
    let replace = match expected {
        0 => {
            "INSERT INTO home_settings (household, revision, settings) VALUES ($1, $2::bigint + 1, $3)
             ON CONFLICT (household) DO NOTHING"
        }
        _ => {
            "UPDATE home_settings SET revision = revision + 1, settings = $3
             WHERE household = $1 AND revision = $2"
        }
    };
    let done = query(replace).bind(household).bind(expected).bind(settings).execute(connection).await?;
    Ok(if done.rows_affected() == 1 { Replaced::Yes } else { Replaced::OtherRevision })
}

fn refused(operation: &'static str, reason: &dyn std::fmt::Display) -> AccountsError {
    AccountsError::Refused { operation, reason: reason.to_string() }
}
