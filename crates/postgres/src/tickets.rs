//! Links that are sent by e-mail and can be used once.

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::tickets::{InvitationId, Purpose, Ticket, TicketKind, Tickets};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use crate::accounts::sessions;
use crate::members::lock_household;
use crate::rows::{hash, parse_role};
use crate::{Accounts, audit};

#[derive(FromRow)]
struct Row {
    secret_hash: Vec<u8>,
    kind: String,
    email: String,
    created: i64,
    expires: i64,
    person: Option<Uuid>,
    name: Option<String>,
    household: Option<Uuid>,
    role: Option<String>,
    until: Option<i64>,
    by: Option<Uuid>,
}

impl TryFrom<Row> for Ticket {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let kind = TicketKind::parse(&row.kind);
        let kind = kind.ok_or_else(|| sqlx::Error::Decode(format!("a ticket {:?}", row.kind).into()))?;
        let purpose = match kind {
            TicketKind::SignUp => Purpose::SignUp { name: there(row.name, "name")? },
            TicketKind::Reset => Purpose::Reset { person: person(row.person)? },
            TicketKind::ChangeEmail => Purpose::ChangeEmail { person: person(row.person)? },
            TicketKind::Invitation => Purpose::Invitation {
                household: HouseholdId::from_uuid(there(row.household, "household")?),
                role: parse_role(&there(row.role, "role")?)?,
                until: row.until.map(UtcMillis),
                by: person(row.by)?,
            },
        };
        Ok(Self {
            secret_hash: hash(row.secret_hash)?,
            email: row.email,
            purpose,
            created: UtcMillis(row.created),
            expires: UtcMillis(row.expires),
        })
    }
}

fn there<T>(column: Option<T>, what: &str) -> Result<T, sqlx::Error> {
    column.ok_or_else(|| sqlx::Error::Decode(format!("a ticket without a {what}").into()))
}

fn person(column: Option<Uuid>) -> Result<PersonId, sqlx::Error> {
    there(column, "person").map(PersonId::from_uuid)
}

impl From<&Ticket> for Row {
    fn from(ticket: &Ticket) -> Self {
        let mut row = Self {
            secret_hash: ticket.secret_hash.to_vec(),
            kind: ticket.purpose.kind().as_str().to_owned(),
            email: ticket.email.clone(),
            created: ticket.created.0,
            expires: ticket.expires.0,
            person: ticket.purpose.person().map(|id| id.as_uuid()),
            name: None,
            household: ticket.purpose.household().map(|id| id.as_uuid()),
            role: None,
            until: None,
            by: None,
        };
        match &ticket.purpose {
            Purpose::SignUp { name } => row.name = Some(name.clone()),
            Purpose::Reset { .. } | Purpose::ChangeEmail { .. } => {}
            Purpose::Invitation { household: _, role, until, by } => {
                row.role = Some(role.as_str().to_owned());
                row.until = until.map(|at| at.0);
                row.by = Some(by.as_uuid());
            }
        }
        row
    }
}

#[async_trait]
impl Tickets for Accounts {
    async fn put_ticket(&self, ticket: &Ticket, session: Option<&[u8; 32]>) -> Result<(), AccountsError> {
        let kept = self
            .database
            .run("put a ticket", async |pool: &PgPool| keep(pool, ticket, session).await)
            .await?;
        kept.ok_or(AccountsError::LoggedOut)
    }

    async fn ticket(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Ticket>, AccountsError> {
        self.database
            .run("look up a ticket", async |pool: &PgPool| {
                let row: Option<Row> =
                    query_as("SELECT * FROM ticket WHERE secret_hash = $1 AND expires > $2")
                        .bind(secret_hash.as_slice())
                        .bind(now.0)
                        .fetch_optional(pool)
                        .await?;
                row.map(Ticket::try_from).transpose()
            })
            .await
    }

    async fn take_ticket(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Ticket>, AccountsError> {
        self.database
            .run("take a ticket", async |pool: &PgPool| {
                let row: Option<Row> =
                    query_as("DELETE FROM ticket WHERE secret_hash = $1 AND expires > $2 RETURNING *")
                        .bind(secret_hash.as_slice())
                        .bind(now.0)
                        .fetch_optional(pool)
                        .await?;
                row.map(Ticket::try_from).transpose()
            })
            .await
    }

    async fn invitations(
        &self,
        household: HouseholdId,
        now: UtcMillis,
    ) -> Result<Vec<Ticket>, AccountsError> {
        self.database
            .run("list invitations", async |pool: &PgPool| {
                let rows: Vec<Row> = query_as(
                    "SELECT * FROM ticket WHERE kind = $1 AND household = $2 AND expires > $3
                     ORDER BY created, email COLLATE \"C\"",
                )
                .bind(TicketKind::Invitation.as_str())
                .bind(household.as_uuid())
                .bind(now.0)
                .fetch_all(pool)
                .await?;
                rows.into_iter().map(Ticket::try_from).collect()
            })
            .await
    }

    async fn is_invited(&self, email: &str, now: UtcMillis) -> Result<bool, AccountsError> {
        self.database
            .run("look for an invitation", async |pool: &PgPool| {
                query_scalar(
                    "SELECT EXISTS (SELECT FROM ticket WHERE email = $1 AND kind = $2 AND expires > $3)",
                )
                .bind(email)
                .bind(TicketKind::Invitation.as_str())
                .bind(now.0)
                .fetch_one(pool)
                .await
            })
            .await
    }

    async fn withdraw_invitation(
        &self,
        household: HouseholdId,
        email: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("withdraw an invitation", async |pool: &PgPool| {
                withdraw(pool, household, email, by, now).await
            })
            .await
    }

    async fn purge_tickets(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        self.database
            .run("purge tickets", async |pool: &PgPool| {
                query("DELETE FROM ticket WHERE expires <= $1")
                    .bind(now.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected())
            })
            .await
    }
}

/// Nothing when the session has ended.
async fn keep(pool: &PgPool, ticket: &Ticket, session: Option<&[u8; 32]>) -> Result<Option<()>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    if let Some(person) = ticket.purpose.person()
        && !sessions::is_still_open(&mut transaction, person, session).await?
    {
        return Ok(None);
    }
    let deed = ticket.deed();
    if let Some(deed) = &deed {
        lock_household(&mut transaction, deed.household).await?;
    }
    put(&mut transaction, Row::from(ticket)).await?;
    if let Some(deed) = &deed {
        audit::insert(&mut transaction, deed).await?;
    }
    transaction.commit().await?;
    Ok(Some(()))
}

async fn withdraw(
    pool: &PgPool,
    household: HouseholdId,
    email: &str,
    by: PersonId,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    lock_household(&mut transaction, household).await?;
    let secret_hash: Option<Vec<u8>> = query_scalar(
        "DELETE FROM ticket WHERE kind = $1 AND household = $2 AND email = $3 RETURNING secret_hash",
    )
    .bind(TicketKind::Invitation.as_str())
    .bind(household.as_uuid())
    .bind(email)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(secret_hash) = secret_hash else { return Ok(false) };
    let deed = InvitationId::of(&hash(secret_hash)?).withdrawn(household, by, now);
    audit::insert(&mut transaction, &deed).await?;
    transaction.commit().await?;
    Ok(true)
}

/// What is in its place already becomes this one.
async fn put(connection: &mut PgConnection, row: Row) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO ticket
         (secret_hash, kind, email, created, expires, person, name, household, role, until, by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (
             email, kind,
             COALESCE(person, '00000000-0000-0000-0000-000000000000'::uuid),
             COALESCE(household, '00000000-0000-0000-0000-000000000000'::uuid)
         ) DO UPDATE SET
             secret_hash = excluded.secret_hash, created = excluded.created, expires = excluded.expires,
             name = excluded.name, role = excluded.role, until = excluded.until, by = excluded.by",
    )
    .bind(row.secret_hash)
    .bind(row.kind)
    .bind(row.email)
    .bind(row.created)
    .bind(row.expires)
    .bind(row.person)
    .bind(row.name)
    .bind(row.household)
    .bind(row.role)
    .bind(row.until)
    .bind(row.by)
    .execute(connection)
    .await
    .map(|_| ())
}
