//! Who people are to providers of identities.

use async_trait::async_trait;
use domain::accounts::{AccountsError, Credentials};
use domain::identities::{Aim, AimKind, Flow, Identities, Identity, IdentityId};
use domain::{PersonId, UtcMillis};
use sqlx::sqlite::{SqliteExecutor, SqlitePool};
use sqlx::{SqliteConnection, query, query_as};

use crate::accounts::{Accounts, BEGIN, because, hash, id_bytes, sessions};

const LIST: &str = "list identities";
const LOOK_UP: &str = "look up an identity";
const FLOW: &str = "look up a log-in";

/// id, issuer, subject, label, connected
type IdentityRow = (Vec<u8>, String, String, String, i64);
/// provider, aim, person, session, expires
type FlowRow = (String, String, Option<Vec<u8>>, Option<Vec<u8>>, i64);

fn identity(person: PersonId, row: IdentityRow) -> Result<Identity, sqlx::Error> {
    let (id, issuer, subject, label, connected) = row;
    let id = IdentityId::from_bytes(id_bytes(id)?);
    Ok(Identity { id, person, issuer, subject, label, connected: UtcMillis(connected) })
}

fn flow(secret_hash: [u8; 32], row: FlowRow) -> Result<Flow, sqlx::Error> {
    let (provider, aim, person, session, expires) = row;
    let strange = || sqlx::Error::Decode(format!("a log-in {aim:?} that lacks something").into());
    let person = person.map(id_bytes).transpose()?.map(PersonId::from_bytes).ok_or_else(strange);
    let aim = match AimKind::parse(&aim).ok_or_else(strange)? {
        AimKind::LogIn => Aim::LogIn,
        AimKind::Connect => Aim::Connect { person: person?, session: hash(session.ok_or_else(strange)?)? },
        AimKind::Code => Aim::Code { person: person? },
    };
    Ok(Flow { secret_hash, provider, aim, expires: UtcMillis(expires) })
}

/// The one that `statement` gives for a secret's hash at an instant.
async fn flow_by(
    executor: impl SqliteExecutor<'_>,
    statement: &'static str,
    secret_hash: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<Flow>, sqlx::Error> {
    let row: Option<FlowRow> =
        query_as(statement).bind(&secret_hash[..]).bind(now.0).fetch_optional(executor).await?;
    row.map(|row| flow(*secret_hash, row)).transpose()
}

/// Nothing when the session has ended.
async fn connect(
    pool: &SqlitePool,
    identity: &Identity,
    session: Option<&[u8; 32]>,
) -> Result<Option<bool>, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    if !sessions::is_still_open(&mut transaction, identity.person, session).await? {
        return Ok(None);
    }
    let is_new = insert(&mut transaction, identity).await?;
    transaction.commit().await?;
    Ok(Some(is_new))
}

/// `false`: issuer and subject are connected already.
async fn insert(connection: &mut SqliteConnection, identity: &Identity) -> Result<bool, sqlx::Error> {
    let done = query(
        "INSERT INTO identity (id, person, issuer, subject, label, connected) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (issuer, subject) DO NOTHING",
    )
    .bind(&identity.id.as_bytes()[..])
    .bind(&identity.person.as_bytes()[..])
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(&identity.label)
    .bind(identity.connected.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

#[async_trait]
impl Identities for Accounts {
    async fn person_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<PersonId>, AccountsError> {
        let row: Option<(Vec<u8>,)> =
            query_as("SELECT person FROM identity WHERE issuer = ? AND subject = ?")
                .bind(issuer)
                .bind(subject)
                .fetch_optional(&self.pool)
                .await
                .map_err(because(LOOK_UP))?;
        row.map(|(id,)| id_bytes(id).map(PersonId::from_bytes)).transpose().map_err(because(LOOK_UP))
    }

    async fn identities(&self, person: PersonId) -> Result<Vec<Identity>, AccountsError> {
        let rows: Vec<IdentityRow> = query_as(
            "SELECT id, issuer, subject, label, connected FROM identity WHERE person = ? ORDER BY connected, id",
        )
        .bind(&person.as_bytes()[..])
        .fetch_all(&self.pool)
        .await
        .map_err(because(LIST))?;
        rows.into_iter().map(|row| identity(person, row)).collect::<Result<_, _>>().map_err(because(LIST))
    }

    async fn connect_identity(
        &self,
        identity: &Identity,
        session: Option<&[u8; 32]>,
    ) -> Result<bool, AccountsError> {
        let connected = connect(&self.pool, identity, session).await;
        connected.map_err(because("connect an identity"))?.ok_or(AccountsError::LoggedOut)
    }

    async fn create_person_of_identity(
        &self,
        credentials: &Credentials,
        identity: &Identity,
    ) -> Result<bool, AccountsError> {
        self.create_together(credentials, identity).await.map_err(because("create a person with an identity"))
    }

    async fn disconnect_identity(&self, person: PersonId, id: IdentityId) -> Result<bool, AccountsError> {
        let done = query("DELETE FROM identity WHERE id = ? AND person = ?")
            .bind(&id.as_bytes()[..])
            .bind(&person.as_bytes()[..])
            .execute(&self.pool)
            .await
            .map_err(because("disconnect an identity"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn put_flow(&self, flow: &Flow) -> Result<(), AccountsError> {
        query(
            "INSERT INTO provider_flow (secret_hash, provider, aim, person, session, expires)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&flow.secret_hash[..])
        .bind(&flow.provider)
        .bind(flow.aim.kind().as_str())
        .bind(flow.aim.person().map(|id| id.as_bytes().to_vec()))
        .bind(flow.aim.session().map(|hash| hash.to_vec()))
        .bind(flow.expires.0)
        .execute(&self.pool)
        .await
        .map_err(because("put a log-in"))?;
        Ok(())
    }

    async fn flow(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Flow>, AccountsError> {
        let statement = "SELECT provider, aim, person, session, expires FROM provider_flow
             WHERE secret_hash = ? AND expires > ?";
        flow_by(&self.pool, statement, secret_hash, now).await.map_err(because(FLOW))
    }

    async fn take_flow(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Flow>, AccountsError> {
        let statement = "DELETE FROM provider_flow WHERE secret_hash = ? AND expires > ?
             RETURNING provider, aim, person, session, expires";
        flow_by(&self.pool, statement, secret_hash, now).await.map_err(because(FLOW))
    }

    async fn purge_flows(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        let done = query("DELETE FROM provider_flow WHERE expires <= ?")
            .bind(now.0)
            .execute(&self.pool)
            .await
            .map_err(because("purge log-ins"))?;
        Ok(done.rows_affected())
    }
}

impl Accounts {
    async fn create_together(
        &self,
        credentials: &Credentials,
        identity: &Identity,
    ) -> Result<bool, sqlx::Error> {
        let Credentials { person, password_hash } = credentials;
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        query("INSERT INTO person (id, email, name, password_hash) VALUES (?, ?, ?, ?)")
            .bind(&person.id.as_bytes()[..])
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
}
