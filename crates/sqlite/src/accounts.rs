//! People, households and hubs.

mod file;
mod hubs;
mod renewal;
mod rows;
pub(crate) mod sessions;

use std::path::Path;

use async_trait::async_trait;
use domain::access::Role;
use domain::accounts::{
    AccountsError, Credentials, Household, HubAssignment, HubLabels, Membership, Person, Session, SocketLabel,
};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{query, query_as};

pub(crate) use crate::opening::BEGIN;
pub use file::OpenAccountsError;
pub(crate) use rows::{LabelRow, hash, id_bytes, parse_role, parse_zone, socket_label};
use rows::{MembershipRow, membership};

/// The accounts in one SQLite file, which is theirs alone.
pub struct Accounts {
    pub(crate) pool: SqlitePool,
}

impl Accounts {
    /// Opens the file, or makes it, and brings its schema up to date.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenAccountsError> {
        Ok(Self { pool: file::open(path.as_ref()).await? })
    }

    /// Waits for what is going on and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl domain::accounts::Accounts for Accounts {
    async fn ready(&self) -> Result<(), AccountsError> {
        query("SELECT 1").execute(&self.pool).await.map_err(because("ready"))?;
        Ok(())
    }

    async fn create_person(&self, credentials: &Credentials) -> Result<(), AccountsError> {
        let Credentials { person, password_hash } = credentials;
        query("INSERT INTO person (id, email, name, password_hash) VALUES (?, ?, ?, ?)")
            .bind(&person.id.as_bytes()[..])
            .bind(&person.email)
            .bind(&person.name)
            .bind(password_hash)
            .execute(&self.pool)
            .await
            .map_err(because("create a person"))?;
        Ok(())
    }

    async fn credentials_by_email(&self, email: &str) -> Result<Option<Credentials>, AccountsError> {
        let row: Option<(Vec<u8>, String, String, String)> =
            query_as("SELECT id, email, name, password_hash FROM person WHERE email = ?")
                .bind(email)
                .fetch_optional(&self.pool)
                .await
                .map_err(because("look up credentials"))?;
        let credentials = |(id, email, name, password_hash): (Vec<u8>, String, String, String)| {
            let id = PersonId::from_bytes(id_bytes(id)?);
            Ok(Credentials { person: Person { id, email, name }, password_hash })
        };
        row.map(credentials).transpose().map_err(because("look up credentials"))
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, AccountsError> {
        let row: Option<(String, String)> = query_as("SELECT email, name FROM person WHERE id = ?")
            .bind(&id.as_bytes()[..])
            .fetch_optional(&self.pool)
            .await
            .map_err(because("look up a person"))?;
        Ok(row.map(|(email, name)| Person { id, email, name }))
    }

    async fn set_password_hash(&self, id: PersonId, password_hash: &str) -> Result<bool, AccountsError> {
        renewal::set(&self.pool, id, password_hash).await.map_err(because("set a password"))
    }

    async fn change_password(
        &self,
        id: PersonId,
        password_hash: &str,
        session: &[u8; 32],
    ) -> Result<bool, AccountsError> {
        renewal::change(&self.pool, id, password_hash, session).await.map_err(because("change a password"))
    }

    async fn reset_password(
        &self,
        secret_hash: &[u8; 32],
        password_hash: &str,
        now: UtcMillis,
    ) -> Result<Option<Person>, AccountsError> {
        renewal::reset(&self.pool, secret_hash, password_hash, now).await.map_err(because("reset a password"))
    }

    async fn set_name(&self, id: PersonId, name: &str) -> Result<bool, AccountsError> {
        let done = query("UPDATE person SET name = ? WHERE id = ?")
            .bind(name)
            .bind(&id.as_bytes()[..])
            .execute(&self.pool)
            .await
            .map_err(because("set a name"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn change_email(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Person>, AccountsError> {
        renewal::move_to(&self.pool, secret_hash, now).await.map_err(because("change an address"))
    }

    async fn open_session(&self, session: &Session) -> Result<(), AccountsError> {
        sessions::open(&self.pool, session, None).await.map(drop).map_err(because("open a session"))
    }

    async fn log_in(&self, session: &Session, password_hash: &str) -> Result<bool, AccountsError> {
        sessions::open(&self.pool, session, Some(password_hash)).await.map_err(because("log in"))
    }

    async fn session(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Session>, AccountsError> {
        sessions::used(&self.pool, secret_hash, now).await.map_err(because("look up a session"))
    }

    async fn close_session(&self, secret_hash: &[u8; 32]) -> Result<bool, AccountsError> {
        sessions::close(&self.pool, secret_hash).await.map_err(because("close a session"))
    }

    async fn sessions(&self, person: PersonId, now: UtcMillis) -> Result<Vec<Session>, AccountsError> {
        sessions::list(&self.pool, person, now).await.map_err(because("list sessions"))
    }

    async fn close_sessions(&self, person: PersonId) -> Result<u64, AccountsError> {
        renewal::log_out(&self.pool, person).await.map_err(because("close sessions"))
    }

    async fn purge_sessions(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        sessions::purge(&self.pool, now).await.map_err(because("purge sessions"))
    }

    async fn put_household(&self, household: &Household) -> Result<(), AccountsError> {
        query(
            "INSERT INTO household (id, name, zone) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, zone = excluded.zone",
        )
        .bind(&household.id.as_bytes()[..])
        .bind(&household.name)
        .bind(household.zone.name())
        .execute(&self.pool)
        .await
        .map_err(because("put a household"))?;
        Ok(())
    }

    async fn household(&self, id: HouseholdId) -> Result<Option<Household>, AccountsError> {
        let row: Option<(String, String)> = query_as("SELECT name, zone FROM household WHERE id = ?")
            .bind(&id.as_bytes()[..])
            .fetch_optional(&self.pool)
            .await
            .map_err(because("look up a household"))?;
        row.map(|(name, zone)| Ok(Household { id, name, zone: parse_zone(&zone)? }))
            .transpose()
            .map_err(because("look up a household"))
    }

    async fn put_member(
        &self,
        household: HouseholdId,
        person: PersonId,
        role: Role,
    ) -> Result<(), AccountsError> {
        query(
            "INSERT INTO membership (person, household, role) VALUES (?, ?, ?)
             ON CONFLICT (person, household) DO UPDATE SET role = excluded.role, until = NULL",
        )
        .bind(&person.as_bytes()[..])
        .bind(&household.as_bytes()[..])
        .bind(role.as_str())
        .execute(&self.pool)
        .await
        .map_err(because("put a member"))?;
        Ok(())
    }

    async fn memberships(&self, person: PersonId, now: UtcMillis) -> Result<Vec<Membership>, AccountsError> {
        let rows: Vec<MembershipRow> = query_as(
            "SELECT h.id, h.name, h.zone, m.role, m.until
             FROM membership m JOIN household h ON h.id = m.household
             WHERE m.person = ? AND (m.until IS NULL OR m.until > ?) ORDER BY h.name, h.id",
        )
        .bind(&person.as_bytes()[..])
        .bind(now.0)
        .fetch_all(&self.pool)
        .await
        .map_err(because("list memberships"))?;
        rows.into_iter().map(membership).collect::<Result<_, _>>().map_err(because("list memberships"))
    }

    async fn assign_hub(&self, assignment: &HubAssignment) -> Result<(), AccountsError> {
        hubs::assign(&self.pool, assignment).await.map_err(because("assign a hub"))
    }

    async fn release_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        by: PersonId,
        until: UtcMillis,
    ) -> Result<bool, AccountsError> {
        hubs::release(&self.pool, household, hub, by, until).await.map_err(because("release a hub"))
    }

    async fn label_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        labels: &HubLabels,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        hubs::label_all(&self.pool, household, hub, labels, by, now).await.map_err(because("label a hub"))
    }

    async fn hubs(&self, household: HouseholdId) -> Result<Vec<HubAssignment>, AccountsError> {
        hubs::list(&self.pool, household).await.map_err(because("list hubs"))
    }

    async fn put_sockets(
        &self,
        household: HouseholdId,
        hub: HubId,
        sockets: &[SocketLabel],
    ) -> Result<(), AccountsError> {
        hubs::label(&self.pool, household, hub, sockets).await.map_err(because("put sockets"))
    }

    async fn sockets(&self, household: HouseholdId, hub: HubId) -> Result<Vec<SocketLabel>, AccountsError> {
        hubs::labels(&self.pool, household, hub).await.map_err(because("list sockets"))
    }
}

/// Names `operation` in what went wrong, and recognises the rules that the schema holds.
pub(crate) fn because(operation: &'static str) -> impl Fn(sqlx::Error) -> AccountsError {
    use sqlx::error::ErrorKind;

    move |error| {
        let Some(refusal) = error.as_database_error() else {
            return AccountsError::Unavailable { operation, reason: error.to_string() };
        };
        // SQLite names the rule in its message only.
        let message = refusal.message();
        if message.contains("person.email") {
            AccountsError::EmailTaken
        } else if message.contains("hub_in_one_household") || message.contains("failed: hub_assignment.hub") {
            AccountsError::HubTaken
        } else if refusal.kind() == ErrorKind::Other {
            AccountsError::Unavailable { operation, reason: error.to_string() }
        } else {
            AccountsError::Refused { operation, reason: error.to_string() }
        }
    }
}
