//! Who people are to providers of identities.

use async_trait::async_trait;
use domain::accounts::{AccountsError, Credentials};
use domain::identities::{Aim, AimKind, Flow, Identities, Identity, IdentityId};
use domain::{PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as};
use uuid::Uuid;

use crate::Accounts;
use crate::accounts::sessions;
use crate::rows::hash;

/// id, issuer, subject, label, connected
type IdentityRow = (Uuid, String, String, String, i64);
/// provider, aim, person, session, expires
type FlowRow = (String, String, Option<Uuid>, Option<Vec<u8>>, i64);

fn identity(person: PersonId, row: IdentityRow) -> Identity {
    let (id, issuer, subject, label, connected) = row;
    let (id, connected) = (IdentityId::from_uuid(id), UtcMillis(connected));
    Identity { id, person, issuer, subject, label, connected }
}

fn flow(secret_hash: [u8; 32], row: FlowRow) -> Result<Flow, sqlx::Error> {
    let (provider, aim, person, session, expires) = row;
    let strange = || sqlx::Error::Decode(format!("a log-in {aim:?} that lacks something").into());
    let person = person.map(PersonId::from_uuid).ok_or_else(strange);
    let aim = match AimKind::parse(&aim).ok_or_else(strange)? {
        AimKind::LogIn => Aim::LogIn,
        AimKind::Connect => Aim::Connect { person: person?, session: hash(session.ok_or_else(strange)?)? },
        AimKind::Code => Aim::Code { person: person? },
    };
    Ok(Flow { secret_hash, provider, aim, expires: UtcMillis(expires) })
}

/// The one that `statement` gives for a secret's hash at an instant.
async fn flow_by(
    pool: &PgPool,
    statement: &'static str,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<Flow>, sqlx::Error> {
    let row: Option<FlowRow> =
        query_as(statement).bind(secret_hash.as_slice()).bind(now.0).fetch_optional(pool).await?;
    row.map(|row| flow(*secret_hash, row)).transpose()
}

/// Nothing when the session has ended.
async fn connect(
    pool: &PgPool,
    identity: &Identity,
    session: Option<&[u8; 32]>,
) -> Result<Option<bool>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    if !sessions::is_still_open(&mut transaction, identity.person, session).await? {
        return Ok(None);
    }
    let is_new = insert(&mut transaction, identity).await?;
    transaction.commit().await?;
    Ok(Some(is_new))
}

/// `false`: issuer and subject are connected already.
async fn insert(connection: &mut PgConnection, identity: &Identity) -> Result<bool, sqlx::Error> {
    let done = query(
        "INSERT INTO identity (id, person, issuer, subject, label, connected) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (issuer, subject) DO NOTHING",
    )
    .bind(identity.id.as_uuid())
    .bind(identity.person.as_uuid())
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(&identity.label)
    .bind(identity.connected.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn create_together(
    pool: &PgPool,
    credentials: &Credentials,
    identity: &Identity,
) -> Result<bool, sqlx::Error> {
    let Credentials { person, password_hash } = credentials;
    let mut transaction = pool.begin().await?;
    query("INSERT INTO person (id, email, name, password_hash) VALUES ($1, $2, $3, $4)")
        .bind(person.id.as_uuid())
        .bind(&person.email)
        .bind(&person.name)
        .bind(password_hash)
        .execute(&mut *transaction)
        .await?;
    if !insert(&mut transaction, identity).await? {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

#[async_trait]
impl Identities for Accounts {
    async fn person_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<PersonId>, AccountsError> {
        self.database
            .run("look up an identity", async |pool: &PgPool| {
                let row: Option<(Uuid,)> =
                    query_as("SELECT person FROM identity WHERE issuer = $1 AND subject = $2")
                        .bind(issuer)
                        .bind(subject)
                        .fetch_optional(pool)
                        .await?;
                Ok(row.map(|(id,)| PersonId::from_uuid(id)))
            })
            .await
    }

    async fn identities(&self, person: PersonId) -> Result<Vec<Identity>, AccountsError> {
        self.database
            .run("list identities", async |pool: &PgPool| {
                let rows: Vec<IdentityRow> = query_as(
                    "SELECT id, issuer, subject, label, connected FROM identity
                     WHERE person = $1 ORDER BY connected, id",
                )
                .bind(person.as_uuid())
                .fetch_all(pool)
                .await?;
                Ok(rows.into_iter().map(|row| identity(person, row)).collect())
            })
            .await
    }

    async fn connect_identity(
        &self,
        identity: &Identity,
        session: Option<&[u8; 32]>,
    ) -> Result<bool, AccountsError> {
        let connected = self
            .database
            .run("connect an identity", async |pool: &PgPool| connect(pool, identity, session).await)
            .await?;
        connected.ok_or(AccountsError::LoggedOut)
    }

    async fn create_person_of_identity(
        &self,
        credentials: &Credentials,
        identity: &Identity,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("create a person with an identity", async |pool: &PgPool| {
                create_together(pool, credentials, identity).await
            })
            .await
    }

    async fn disconnect_identity(&self, person: PersonId, id: IdentityId) -> Result<bool, AccountsError> {
        self.database
            .run("disconnect an identity", async |pool: &PgPool| {
                query("DELETE FROM identity WHERE id = $1 AND person = $2")
                    .bind(id.as_uuid())
                    .bind(person.as_uuid())
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn put_flow(&self, flow: &Flow) -> Result<(), AccountsError> {
        self.database
            .run("put a log-in", async |pool: &PgPool| {
                query(
                    "INSERT INTO provider_flow (secret_hash, provider, aim, person, session, expires)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(flow.secret_hash.as_slice())
                .bind(&flow.provider)
                .bind(flow.aim.kind().as_str())
                .bind(flow.aim.person().map(|id| id.as_uuid()))
                .bind(flow.aim.session().map(<[u8; 32]>::as_slice))
                .bind(flow.expires.0)
                .execute(pool)
                .await
                .map(|_| ())
            })
            .await
    }

    async fn flow(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Flow>, AccountsError> {
        self.database
            .run("look up a log-in", async |pool: &PgPool| {
                let statement = "SELECT provider, aim, person, session, expires FROM provider_flow
                     WHERE secret_hash = $1 AND expires > $2";
                flow_by(pool, statement, secret_hash, now).await
            })
            .await
    }

    async fn take_flow(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Flow>, AccountsError> {
        self.database
            .run("take a log-in", async |pool: &PgPool| {
                let statement = "DELETE FROM provider_flow WHERE secret_hash = $1 AND expires > $2
                     RETURNING provider, aim, person, session, expires";
                flow_by(pool, statement, secret_hash, now).await
            })
            .await
    }

    async fn purge_flows(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        self.database
            .run("purge log-ins", async |pool: &PgPool| {
                query("DELETE FROM provider_flow WHERE expires <= $1")
                    .bind(now.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected())
            })
            .await
    }
}
