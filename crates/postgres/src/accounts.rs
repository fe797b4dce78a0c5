//! People, households and hubs.

mod hubs;
mod renewal;
pub(crate) mod sessions;

use async_trait::async_trait;
use domain::access::Role;
use domain::accounts::{
    AccountsError, Credentials, Household, HubAssignment, HubLabels, Membership, Person, Session, SocketLabel,
};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{query, query_as};
use uuid::Uuid;

use crate::connection::Database;
use crate::rows::{MembershipRow, membership, parse_zone};
use crate::{Config, ConnectError};

/// The accounts in PostgreSQL.
pub struct Accounts {
    pub(crate) database: Database,
}

impl Accounts {
    /// Does not wait for the server: it is reached, and its schema brought up to date, by the first call.
    /// Must be called within a Tokio runtime.
    pub fn connect(config: &Config) -> Result<Self, ConnectError> {
        Ok(Self { database: Database::connect(config)? })
    }

    /// Brings the schema up to date now.
    pub async fn migrate(&self) -> Result<(), AccountsError> {
        self.database.run("migrate", async |_: &PgPool| Ok(())).await
    }
}

#[async_trait]
impl domain::accounts::Accounts for Accounts {
    async fn ready(&self) -> Result<(), AccountsError> {
        self.database
            .run("ready", async |pool: &PgPool| query("SELECT 1").execute(pool).await.map(|_| ()))
            .await
    }

    async fn create_person(&self, credentials: &Credentials) -> Result<(), AccountsError> {
        let Credentials { person, password_hash } = credentials;
        self.database
            .run("create a person", async |pool: &PgPool| {
                query("INSERT INTO person (id, email, name, password_hash) VALUES ($1, $2, $3, $4)")
                    .bind(person.id.as_uuid())
                    .bind(&person.email)
                    .bind(&person.name)
                    .bind(password_hash)
                    .execute(pool)
                    .await
                    .map(|_| ())
            })
            .await
    }

    async fn credentials_by_email(&self, email: &str) -> Result<Option<Credentials>, AccountsError> {
        let row: Option<(Uuid, String, String, String)> = self
            .database
            .run("look up credentials", async |pool: &PgPool| {
                query_as("SELECT id, email, name, password_hash FROM person WHERE email = $1")
                    .bind(email)
                    .fetch_optional(pool)
                    .await
            })
            .await?;
        Ok(row.map(|(id, email, name, password_hash)| Credentials {
            person: Person { id: PersonId::from_uuid(id), email, name },
            password_hash,
        }))
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, AccountsError> {
        let row: Option<(String, String)> = self
            .database
            .run("look up a person", async |pool: &PgPool| {
                query_as("SELECT email, name FROM person WHERE id = $1")
                    .bind(id.as_uuid())
                    .fetch_optional(pool)
                    .await
            })
            .await?;
        Ok(row.map(|(email, name)| Person { id, email, name }))
    }

    async fn set_password_hash(&self, id: PersonId, password_hash: &str) -> Result<bool, AccountsError> {
        self.database
            .run("set a password", async |pool: &PgPool| renewal::set(pool, id, password_hash).await)
            .await
    }

    async fn change_password(
        &self,
        id: PersonId,
        password_hash: &str,
        session: &[u8; 32],
    ) -> Result<bool, AccountsError> {
        self.database
            .run("change a password", async |pool: &PgPool| {
                renewal::change(pool, id, password_hash, session).await
            })
            .await
    }

    async fn reset_password(
        &self,
        secret_hash: &[u8; 32],
        password_hash: &str,
        now: UtcMillis,
    ) -> Result<Option<Person>, AccountsError> {
        self.database
            .run("reset a password", async |pool: &PgPool| {
                renewal::reset(pool, secret_hash, password_hash, now).await
            })
            .await
    }

    async fn set_name(&self, id: PersonId, name: &str) -> Result<bool, AccountsError> {
        self.database
            .run("set a name", async |pool: &PgPool| {
                query("UPDATE person SET name = $2 WHERE id = $1")
                    .bind(id.as_uuid())
                    .bind(name)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn change_email(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Person>, AccountsError> {
        self.database
            .run("change an address", async |pool: &PgPool| renewal::move_to(pool, secret_hash, now).await)
            .await
    }

    async fn open_session(&self, session: &Session) -> Result<(), AccountsError> {
        self.database
            .run("open a session", async |pool: &PgPool| sessions::open(pool, session, None).await)
            .await
            .map(drop)
    }

    async fn log_in(&self, session: &Session, password_hash: &str) -> Result<bool, AccountsError> {
        self.database
            .run("log in", async |pool: &PgPool| sessions::open(pool, session, Some(password_hash)).await)
            .await
    }

    async fn session(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Session>, AccountsError> {
        self.database
            .run("look up a session", async |pool: &PgPool| sessions::used(pool, secret_hash, now).await)
            .await
    }

    async fn close_session(&self, secret_hash: &[u8; 32]) -> Result<bool, AccountsError> {
        self.database
            .run("close a session", async |pool: &PgPool| sessions::close(pool, secret_hash).await)
            .await
    }

    async fn sessions(&self, person: PersonId, now: UtcMillis) -> Result<Vec<Session>, AccountsError> {
        self.database
            .run("list sessions", async |pool: &PgPool| sessions::list(pool, person, now).await)
            .await
    }

    async fn close_sessions(&self, person: PersonId) -> Result<u64, AccountsError> {
        self.database.run("close sessions", async |pool: &PgPool| renewal::log_out(pool, person).await).await
    }

    async fn purge_sessions(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        self.database.run("purge sessions", async |pool: &PgPool| sessions::purge(pool, now).await).await
    }

    async fn put_household(&self, household: &Household) -> Result<(), AccountsError> {
        self.database
            .run("put a household", async |pool: &PgPool| {
                query(
                    "INSERT INTO household (id, name, zone) VALUES ($1, $2, $3)
                     ON CONFLICT (id) DO UPDATE SET name = excluded.name, zone = excluded.zone",
                )
                .bind(household.id.as_uuid())
                .bind(&household.name)
                .bind(household.zone.name())
                .execute(pool)
                .await
                .map(|_| ())
            })
            .await
    }

    async fn household(&self, id: HouseholdId) -> Result<Option<Household>, AccountsError> {
        self.database
            .run("look up a household", async |pool: &PgPool| {
                let row: Option<(String, String)> =
                    query_as("SELECT name, zone FROM household WHERE id = $1")
                        .bind(id.as_uuid())
                        .fetch_optional(pool)
                        .await?;
                row.map(|(name, zone)| Ok(Household { id, name, zone: parse_zone(&zone)? })).transpose()
            })
            .await
    }

    async fn put_member(
        &self,
        household: HouseholdId,
        person: PersonId,
        role: Role,
    ) -> Result<(), AccountsError> {
        self.database
            .run("put a member", async |pool: &PgPool| {
                query(
                    "INSERT INTO membership (person, household, role) VALUES ($1, $2, $3)
                     ON CONFLICT (person, household) DO UPDATE SET role = excluded.role, until = NULL",
                )
                .bind(person.as_uuid())
                .bind(household.as_uuid())
                .bind(role.as_str())
                .execute(pool)
                .await
                .map(|_| ())
            })
            .await
    }

    async fn memberships(&self, person: PersonId, now: UtcMillis) -> Result<Vec<Membership>, AccountsError> {
        self.database
            .run("list memberships", async |pool: &PgPool| {
                let rows: Vec<MembershipRow> = query_as(
                    "SELECT h.id, h.name, h.zone, m.role, m.until
                     FROM membership m JOIN household h ON h.id = m.household
                     WHERE m.person = $1 AND (m.until IS NULL OR m.until > $2)
                     ORDER BY h.name COLLATE \"C\", h.id",
                )
                .bind(person.as_uuid())
                .bind(now.0)
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(membership).collect()
            })
            .await
    }

    async fn assign_hub(&self, assignment: &HubAssignment) -> Result<(), AccountsError> {
        self.database.run("assign a hub", async |pool: &PgPool| hubs::assign(pool, assignment).await).await
    }

    async fn release_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        by: PersonId,
        until: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("release a hub", async |pool: &PgPool| hubs::release(pool, household, hub, by, until).await)
            .await
    }

    async fn label_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        labels: &HubLabels,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("label a hub", async |pool: &PgPool| {
                hubs::label_all(pool, household, hub, labels, by, now).await
            })
            .await
    }

    async fn hubs(&self, household: HouseholdId) -> Result<Vec<HubAssignment>, AccountsError> {
        self.database.run("list hubs", async |pool: &PgPool| hubs::list(pool, household).await).await
    }

    async fn put_sockets(
        &self,
        household: HouseholdId,
        hub: HubId,
        sockets: &[SocketLabel],
    ) -> Result<(), AccountsError> {
        self.database
            .run("put sockets", async |pool: &PgPool| hubs::label(pool, household, hub, sockets).await)
            .await
    }

    async fn sockets(&self, household: HouseholdId, hub: HubId) -> Result<Vec<SocketLabel>, AccountsError> {
        self.database
            .run("list sockets", async |pool: &PgPool| hubs::labels(pool, household, hub).await)
            .await
    }
}
