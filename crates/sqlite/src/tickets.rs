//! Links that are sent by e-mail and can be used once.

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::tickets::{InvitationId, Purpose, Ticket, TicketKind, Tickets};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::accounts::{Accounts, BEGIN, because, hash, id_bytes, parse_role, sessions};
use crate::audit;

const LIST: &str = "list invitations";
const LOOK_UP: &str = "look up a ticket";
const TAKE: &str = "take a ticket";

#[derive(FromRow)]
struct Row {
    secret_hash: Vec<u8>,
    kind: String,
    email: String,
    created: i64,
    expires: i64,
    person: Option<Vec<u8>>,
    name: Option<String>,
    household: Option<Vec<u8>>,
    role: Option<String>,
    until: Option<i64>,
    by: Option<Vec<u8>>,
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
                household: HouseholdId::from_bytes(id_bytes(there(row.household, "household")?)?),
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

fn person(column: Option<Vec<u8>>) -> Result<PersonId, sqlx::Error> {
    there(column, "person").and_then(id_bytes).map(PersonId::from_bytes)
}

impl From<&Ticket> for Row {
    fn from(ticket: &Ticket) -> Self {
        let mut row = Self {
            secret_hash: ticket.secret_hash.to_vec(),
            kind: ticket.purpose.kind().as_str().to_owned(),
            email: ticket.email.clone(),
            created: ticket.created.0,
            expires: ticket.expires.0,
            person: ticket.purpose.person().map(|id| id.as_bytes().to_vec()),
            name: None,
            household: ticket.purpose.household().map(|id| id.as_bytes().to_vec()),
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
                row.by = Some(by.as_bytes().to_vec());
            }
        }
        row
    }
}

#[async_trait]
impl Tickets for Accounts {
    async fn put_ticket(&self, ticket: &Ticket, session: Option<&[u8; 32]>) -> Result<(), AccountsError> {
        let kept = self.keep_ticket(ticket, session).await;
        kept.map_err(because("put a ticket"))?.ok_or(AccountsError::LoggedOut)
    }

    async fn ticket(&self, secret_hash: &[u8; 32], now: UtcMillis) -> Result<Option<Ticket>, AccountsError> {
        let row: Option<Row> = query_as("SELECT * FROM ticket WHERE secret_hash = ? AND expires > ?")
            .bind(&secret_hash[..])
            .bind(now.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(because(LOOK_UP))?;
        row.map(Ticket::try_from).transpose().map_err(because(LOOK_UP))
    }

    async fn take_ticket(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Ticket>, AccountsError> {
        let row: Option<Row> =
            query_as("DELETE FROM ticket WHERE secret_hash = ? AND expires > ? RETURNING *")
                .bind(&secret_hash[..])
                .bind(now.0)
                .fetch_optional(&self.pool)
                .await
                .map_err(because(TAKE))?;
        row.map(Ticket::try_from).transpose().map_err(because(TAKE))
    }

    async fn invitations(
        &self,
        household: HouseholdId,
        now: UtcMillis,
    ) -> Result<Vec<Ticket>, AccountsError> {
        let rows: Vec<Row> = query_as(
            "SELECT * FROM ticket WHERE kind = ? AND household = ? AND expires > ? ORDER BY created, email",
        )
        .bind(TicketKind::Invitation.as_str())
        .bind(&household.as_bytes()[..])
        .bind(now.0)
        .fetch_all(&self.pool)
        .await
        .map_err(because(LIST))?;
        rows.into_iter().map(Ticket::try_from).collect::<Result<_, _>>().map_err(because(LIST))
    }

    async fn is_invited(&self, email: &str, now: UtcMillis) -> Result<bool, AccountsError> {
        query_scalar("SELECT EXISTS (SELECT 1 FROM ticket WHERE email = ? AND kind = ? AND expires > ?)")
            .bind(email)
            .bind(TicketKind::Invitation.as_str())
            .bind(now.0)
            .fetch_one(&self.pool)
            .await
            .map_err(because(LOOK_UP))
    }

    async fn withdraw_invitation(
        &self,
        household: HouseholdId,
        email: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.withdraw(household, email, by, now).await.map_err(because("withdraw an invitation"))
    }

    async fn purge_tickets(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        let done = query("DELETE FROM ticket WHERE expires <= ?")
            .bind(now.0)
            .execute(&self.pool)
            .await
            .map_err(because("purge tickets"))?;
        Ok(done.rows_affected())
    }
}

impl Accounts {
    /// What is in its place already becomes this one.
    /// Nothing when the session has ended.
    async fn keep_ticket(
        &self,
        ticket: &Ticket,
        session: Option<&[u8; 32]>,
    ) -> Result<Option<()>, sqlx::Error> {
        let row = Row::from(ticket);
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        if let Some(person) = ticket.purpose.person()
            && !sessions::is_still_open(&mut transaction, person, session).await?
        {
            return Ok(None);
        }
        query(
            "INSERT INTO ticket
             (secret_hash, kind, email, created, expires, person, name, household, role, until, by)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (email, kind, COALESCE(person, x''), COALESCE(household, x'')) DO UPDATE SET
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
        .execute(&mut *transaction)
        .await?;
        if let Some(deed) = ticket.deed() {
            audit::insert(&mut *transaction, &deed).await?;
        }
        transaction.commit().await?;
        Ok(Some(()))
    }

    async fn withdraw(
        &self,
        household: HouseholdId,
        email: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let secret_hash: Option<Vec<u8>> = query_scalar(
            "DELETE FROM ticket WHERE kind = ? AND household = ? AND email = ? RETURNING secret_hash",
        )
        .bind(TicketKind::Invitation.as_str())
        .bind(&household.as_bytes()[..])
        .bind(email)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(secret_hash) = secret_hash else { return Ok(false) };
        let deed = InvitationId::of(&hash(secret_hash)?).withdrawn(household, by, now);
        audit::insert(&mut *transaction, &deed).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
