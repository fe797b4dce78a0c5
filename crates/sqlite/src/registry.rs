//! What a household says about its home.

use async_trait::async_trait;
use domain::accounts::{AccountsError, Household};
use domain::audit::Deed;
use domain::registry::{HomeSettings, HomeSocket, Registry, StoredSettings};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use crate::accounts::{Accounts, BEGIN, because, id_bytes, socket_label};
use crate::audit;

const READ: &str = "read the settings";
const PUT: &str = "put the settings";
const SOCKETS: &str = "list the sockets of a home";

#[async_trait]
impl Registry for Accounts {
    async fn settings(&self, household: HouseholdId) -> Result<StoredSettings, AccountsError> {
        let row: Option<(i64, String)> =
            query_as("SELECT revision, settings FROM home_settings WHERE household = ?")
                .bind(&household.as_bytes()[..])
                .fetch_optional(&self.pool)
                .await
                .map_err(because(READ))?;
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
        let put = async {
            let mut transaction = self.pool.begin_with(BEGIN).await?;
            let replaced = replace(&mut transaction, household, expected, &text).await?;
            transaction.commit().await?;
            Ok(replaced)
        };
        put.await.map_err(because(PUT))?.revision(expected)
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
        let change = async {
            let mut transaction = self.pool.begin_with(BEGIN).await?;
            let replaced = replace(&mut transaction, household.id, expected, &text).await?;
            if let Replaced::Yes = replaced {
                rename(&mut transaction, household).await?;
                let deed = Deed::settings_changed(household.id, by, now);
                audit::insert(&mut *transaction, &deed).await?;
            }
            transaction.commit().await?;
            Ok(replaced)
        };
        change.await.map_err(because(PUT))?.revision(expected)
    }

    async fn home_sockets(&self, household: HouseholdId) -> Result<Vec<HomeSocket>, AccountsError> {
        type Row = (Vec<u8>, i64, String, Option<String>, Option<String>, bool);
        let rows: Vec<Row> = query_as(
            "SELECT hub, number, name, room, icon, hidden FROM socket_label
             WHERE household = ? ORDER BY hub, number",
        )
        .bind(&household.as_bytes()[..])
        .fetch_all(&self.pool)
        .await
        .map_err(because(SOCKETS))?;
        let socket = |(hub, number, name, room, icon, hidden): Row| {
            let hub = HubId::from_bytes(id_bytes(hub)?);
            Ok(HomeSocket { hub, label: socket_label((number, name, room, icon, hidden))? })
        };
        rows.into_iter().map(socket).collect::<Result<_, _>>().map_err(because(SOCKETS))
    }
}

enum Replaced {
    Yes,
    OtherRevision,
    NoHousehold,
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

async fn rename(connection: &mut SqliteConnection, household: &Household) -> Result<(), sqlx::Error> {
    query("UPDATE household SET name = ?2, zone = ?3 WHERE id = ?1")
        .bind(&household.id.as_bytes()[..])
        .bind(&household.name)
        .bind(household.zone.name())
        .execute(connection)
        .await
        .map(|_| ())
}

/// In the transaction of the connection.
async fn replace(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    expected: i64,
    settings: &str,
) -> Result<Replaced, sqlx::Error> {
    let household = &household.as_bytes()[..];
    let is_known: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM household WHERE id = ?)")
        .bind(household)
        .fetch_one(&mut *connection)
        .await?;
    if !is_known {
        return Ok(Replaced::NoHousehold);
    }
    let replace = match expected {
        0 => {
            "INSERT INTO home_settings (household, revision, settings) VALUES (?1, ?2 + 1, ?3)
             ON CONFLICT (household) DO NOTHING"
        }
        _ => {
            "UPDATE home_settings SET revision = revision + 1, settings = ?3
             WHERE household = ?1 AND revision = ?2"
        }
    };
    let done = query(replace).bind(household).bind(expected).bind(settings).execute(connection).await?;
    Ok(if done.rows_affected() == 1 { Replaced::Yes } else { Replaced::OtherRevision })
}

fn refused(operation: &'static str, reason: &dyn std::fmt::Display) -> AccountsError {
    AccountsError::Refused { operation, reason: reason.to_string() }
}
