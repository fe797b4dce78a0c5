//! People, households and hubs.

mod file;
mod rows;

use std::path::Path;

use async_trait::async_trait;
use domain::access::Role;
use domain::accounts::{
    AccountsError, Credentials, Household, HubAssignment, Membership, Person, Session, SocketLabel,
};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{query, query_as};

use crate::{assignments, hubs};
pub use file::OpenAccountsError;
use rows::membership;
pub(crate) use rows::{LabelRow, id_bytes, parse_zone, socket_label};

/// Takes the write lock at once; one that begins by reading would have to give up where another writes.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

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
        let done = query("UPDATE person SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(&id.as_bytes()[..])
            .execute(&self.pool)
            .await
            .map_err(because("set a password"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn open_session(&self, session: &Session) -> Result<(), AccountsError> {
        query("INSERT INTO session (secret_hash, person, created, expires) VALUES (?, ?, ?, ?)")
            .bind(&session.secret_hash[..])
            .bind(&session.person.as_bytes()[..])
            .bind(session.created.0)
            .bind(session.expires.0)
            .execute(&self.pool)
            .await
            .map_err(because("open a session"))?;
        Ok(())
    }

    async fn session(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Session>, AccountsError> {
        let row: Option<(Vec<u8>, i64, i64)> =
            query_as("SELECT person, created, expires FROM session WHERE secret_hash = ? AND expires > ?")
                .bind(&secret_hash[..])
                .bind(now.0)
                .fetch_optional(&self.pool)
                .await
                .map_err(because("look up a session"))?;
        let session = |(person, created, expires)| {
            Ok(Session {
                secret_hash: *secret_hash,
                person: PersonId::from_bytes(id_bytes(person)?),
                created: UtcMillis(created),
                expires: UtcMillis(expires),
            })
        };
        row.map(session).transpose().map_err(because("look up a session"))
    }

    async fn close_session(&self, secret_hash: &[u8; 32]) -> Result<bool, AccountsError> {
        let done = query("DELETE FROM session WHERE secret_hash = ?")
            .bind(&secret_hash[..])
            .execute(&self.pool)
            .await
            .map_err(because("close a session"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn purge_sessions(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        let done = query("DELETE FROM session WHERE expires <= ?")
            .bind(now.0)
            .execute(&self.pool)
            .await
            .map_err(because("purge sessions"))?;
        Ok(done.rows_affected())
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
             ON CONFLICT (person, household) DO UPDATE SET role = excluded.role",
        )
        .bind(&person.as_bytes()[..])
        .bind(&household.as_bytes()[..])
        .bind(role.as_str())
        .execute(&self.pool)
        .await
        .map_err(because("put a member"))?;
        Ok(())
    }

    async fn memberships(&self, person: PersonId) -> Result<Vec<Membership>, AccountsError> {
        let rows: Vec<(Vec<u8>, String, String, String)> = query_as(
            "SELECT h.id, h.name, h.zone, m.role FROM membership m JOIN household h ON h.id = m.household
             WHERE m.person = ? ORDER BY h.name, h.id",
        )
        .bind(&person.as_bytes()[..])
        .fetch_all(&self.pool)
        .await
        .map_err(because("list memberships"))?;
        rows.into_iter().map(membership).collect::<Result<_, _>>().map_err(because("list memberships"))
    }

    async fn assign_hub(&self, assignment: &HubAssignment) -> Result<(), AccountsError> {
        self.replace_assignment(assignment).await.map_err(because("assign a hub"))
    }

    async fn release_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        until: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.end_assignment(household, hub, until).await.map_err(because("release a hub"))
    }

    async fn hubs(&self, household: HouseholdId) -> Result<Vec<HubAssignment>, AccountsError> {
        let rows: Vec<(Vec<u8>, String, i64, Option<i64>)> = query_as(
            "SELECT hub, name, since, until FROM hub_assignment WHERE household = ? ORDER BY since, hub",
        )
        .bind(&household.as_bytes()[..])
        .fetch_all(&self.pool)
        .await
        .map_err(because("list hubs"))?;
        let assignment = |(hub, name, since, until): (Vec<u8>, String, i64, Option<i64>)| {
            Ok(HubAssignment {
                hub: HubId::from_bytes(id_bytes(hub)?),
                household,
                name,
                since: UtcMillis(since),
                until: until.map(UtcMillis),
            })
        };
        rows.into_iter().map(assignment).collect::<Result<_, _>>().map_err(because("list hubs"))
    }

    async fn put_sockets(
        &self,
        household: HouseholdId,
        hub: HubId,
        sockets: &[SocketLabel],
    ) -> Result<(), AccountsError> {
        self.replace_sockets(household, hub, sockets).await.map_err(because("put sockets"))
    }

    async fn sockets(&self, household: HouseholdId, hub: HubId) -> Result<Vec<SocketLabel>, AccountsError> {
        let rows: Vec<LabelRow> = query_as(
            "SELECT number, name, room, icon, hidden FROM socket_label
             WHERE household = ? AND hub = ? ORDER BY number",
        )
        .bind(&household.as_bytes()[..])
        .bind(&hub.as_bytes()[..])
        .fetch_all(&self.pool)
        .await
        .map_err(because("list sockets"))?;
        rows.into_iter().map(socket_label).collect::<Result<_, _>>().map_err(because("list sockets"))
    }
}

impl Accounts {
    async fn replace_assignment(&self, assignment: &HubAssignment) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        assignments::begin(&mut transaction, assignment).await?;
        transaction.commit().await
    }

    async fn end_assignment(
        &self,
        household: HouseholdId,
        hub: HubId,
        until: UtcMillis,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let is_released = assignments::end(&mut transaction, household, hub, until).await?;
        if is_released {
            hubs::revoke(&mut transaction, hub, until).await?;
        }
        transaction.commit().await?;
        Ok(is_released)
    }

    async fn replace_sockets(
        &self,
        household: HouseholdId,
        hub: HubId,
        sockets: &[SocketLabel],
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        query("DELETE FROM socket_label WHERE household = ? AND hub = ?")
            .bind(&household.as_bytes()[..])
            .bind(&hub.as_bytes()[..])
            .execute(&mut *transaction)
            .await?;
        for socket in sockets {
            query(
                "INSERT INTO socket_label (household, hub, number, name, room, icon, hidden)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&household.as_bytes()[..])
            .bind(&hub.as_bytes()[..])
            .bind(i64::from(socket.number.get()))
            .bind(&socket.name)
            .bind(&socket.room)
            .bind(&socket.icon)
            .bind(socket.hidden)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
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
