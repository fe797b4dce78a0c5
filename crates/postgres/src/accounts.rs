use async_trait::async_trait;
use domain::access::Role;
use domain::accounts::{
    AccountsError, Credentials, Household, HubAssignment, Membership, Person, Session, SocketLabel,
};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{query, query_as};
use uuid::Uuid;

use crate::assignments::{self, lock_hub};
use crate::connection::Database;
use crate::rows::{LabelRow, membership, parse_zone, socket_label};
use crate::{Config, ConnectError, hubs};

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
            .run("set a password", async |pool: &PgPool| {
                query("UPDATE person SET password_hash = $2 WHERE id = $1")
                    .bind(id.as_uuid())
                    .bind(password_hash)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn open_session(&self, session: &Session) -> Result<(), AccountsError> {
        self.database
            .run("open a session", async |pool: &PgPool| {
                query("INSERT INTO session (secret_hash, person, created, expires) VALUES ($1, $2, $3, $4)")
                    .bind(session.secret_hash.as_slice())
                    .bind(session.person.as_uuid())
                    .bind(session.created.0)
                    .bind(session.expires.0)
                    .execute(pool)
                    .await
                    .map(|_| ())
            })
            .await
    }

    async fn session(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Session>, AccountsError> {
        let row: Option<(Uuid, i64, i64)> = self
            .database
            .run("look up a session", async |pool: &PgPool| {
                query_as(
                    "SELECT person, created, expires FROM session WHERE secret_hash = $1 AND expires > $2",
                )
                .bind(secret_hash.as_slice())
                .bind(now.0)
                .fetch_optional(pool)
                .await
            })
            .await?;
        Ok(row.map(|(person, created, expires)| Session {
            secret_hash: *secret_hash,
            person: PersonId::from_uuid(person),
            created: UtcMillis(created),
            expires: UtcMillis(expires),
        }))
    }

    async fn close_session(&self, secret_hash: &[u8; 32]) -> Result<bool, AccountsError> {
        self.database
            .run("close a session", async |pool: &PgPool| {
                query("DELETE FROM session WHERE secret_hash = $1")
                    .bind(secret_hash.as_slice())
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn purge_sessions(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        self.database
            .run("purge sessions", async |pool: &PgPool| {
                query("DELETE FROM session WHERE expires <= $1")
                    .bind(now.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected())
            })
            .await
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
                     ON CONFLICT (person, household) DO UPDATE SET role = excluded.role",
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

    async fn memberships(&self, person: PersonId) -> Result<Vec<Membership>, AccountsError> {
        self.database
            .run("list memberships", async |pool: &PgPool| {
                let rows: Vec<(Uuid, String, String, String)> = query_as(
                    "SELECT h.id, h.name, h.zone, m.role FROM membership m JOIN household h ON h.id = m.household
                     WHERE m.person = $1 ORDER BY h.name COLLATE \"C\", h.id",
                )
                .bind(person.as_uuid())
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(membership).collect()
            })
            .await
    }

    async fn assign_hub(&self, assignment: &HubAssignment) -> Result<(), AccountsError> {
        self.database
            .run("assign a hub", async |pool: &PgPool| {
                let mut transaction = pool.begin().await?;
                assignments::begin(&mut transaction, assignment).await?;
                transaction.commit().await
            })
            .await
    }

    async fn release_hub(
        &self,
        household: HouseholdId,
        hub: HubId,
        until: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("release a hub", async |pool: &PgPool| {
                let mut transaction = pool.begin().await?;
                let is_released = assignments::end(&mut transaction, household, hub, until).await?;
                if is_released {
                    hubs::revoke(&mut transaction, hub, until).await?;
                }
                transaction.commit().await?;
                Ok(is_released)
            })
            .await
    }

    async fn hubs(&self, household: HouseholdId) -> Result<Vec<HubAssignment>, AccountsError> {
        let rows: Vec<(Uuid, String, i64, Option<i64>)> = self
            .database
            .run("list hubs", async |pool: &PgPool| {
                query_as(
                    "SELECT hub, name, since, until FROM hub_assignment
                     WHERE household = $1 ORDER BY since, hub",
                )
                .bind(household.as_uuid())
                .fetch_all(pool)
                .await
            })
            .await?;
        Ok(rows
            .into_iter()
            .map(|(hub, name, since, until)| HubAssignment {
                hub: HubId::from_uuid(hub),
                household,
                name,
                since: UtcMillis(since),
                until: until.map(UtcMillis),
            })
            .collect())
    }

    async fn put_sockets(
        &self,
        household: HouseholdId,
        hub: HubId,
        sockets: &[SocketLabel],
    ) -> Result<(), AccountsError> {
        self.database
            .run("put sockets", async |pool: &PgPool| {
                let mut transaction = pool.begin().await?;
                lock_hub(&mut transaction, hub).await?;
                query("DELETE FROM socket_label WHERE household = $1 AND hub = $2")
                    .bind(household.as_uuid())
                    .bind(hub.as_uuid())
                    .execute(&mut *transaction)
                    .await?;
                for socket in sockets {
                    query(
                        "INSERT INTO socket_label (household, hub, number, name, room, icon, hidden)
                         VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    )
                    .bind(household.as_uuid())
                    .bind(hub.as_uuid())
                    .bind(i16::from(socket.number.get()))
                    .bind(&socket.name)
                    .bind(&socket.room)
                    .bind(&socket.icon)
                    .bind(socket.hidden)
                    .execute(&mut *transaction)
                    .await?;
                }
                transaction.commit().await
            })
            .await
    }

    async fn sockets(&self, household: HouseholdId, hub: HubId) -> Result<Vec<SocketLabel>, AccountsError> {
        self.database
            .run("list sockets", async |pool: &PgPool| {
                let rows: Vec<LabelRow> = query_as(
                    "SELECT number, name, room, icon, hidden FROM socket_label
                     WHERE household = $1 AND hub = $2 ORDER BY number",
                )
                .bind(household.as_uuid())
                .bind(hub.as_uuid())
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(socket_label).collect()
            })
            .await
    }
}
