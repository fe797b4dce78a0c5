//! Invitations that are taken up, and those that end with whoever sent them.

use domain::accounts::Credentials;
use domain::audit::{Action, Deed};
use domain::members::Invitee;
use domain::tickets::TicketKind;
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use super::{forget_ended, put};
use crate::accounts::{BEGIN, id_bytes, parse_role};
use crate::audit;

/// role, until, by
type Row = (String, Option<i64>, Option<Vec<u8>>);

pub(super) async fn accept(
    pool: &SqlitePool,
    secret_hash: &[u8; 32],
    invitee: Invitee<'_>,
    now: UtcMillis,
) -> Result<Option<HouseholdId>, sqlx::Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let household: Option<Vec<u8>> =
        query_scalar("SELECT household FROM ticket WHERE secret_hash = ?1 AND kind = ?2")
            .bind(&secret_hash[..])
            .bind(TicketKind::Invitation.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(household) = household else { return Ok(None) };
    let household = HouseholdId::from_bytes(id_bytes(household)?);
    let row: Option<Row> = query_as(
        "DELETE FROM ticket WHERE secret_hash = ?1 AND household = ?2 AND expires > ?3 RETURNING role, until, by",
    )
    .bind(&secret_hash[..])
    .bind(&household.as_bytes()[..])
    .bind(now.0)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((role, until, by)) = row else { return Ok(None) };
    if !is_owner(&mut transaction, household, by).await? {
        return Ok(None);
    }
    let person = arrive(&mut transaction, invitee).await?;
    let role = parse_role(&role)?;
    let there = role_of(&mut transaction, household, person, now).await?;
    // An invitation is no way to lose what one is already.
    let is_more = match there {
        Some(there) => !parse_role(&there)?.is_at_least(role),
        None => true,
    };
    if is_more {
        forget_ended(&mut transaction, household, person, now).await?;
        put(&mut transaction, household, person, role, until.map(UtcMillis)).await?;
    }
    let about = role.as_str().to_owned();
    let deed = Deed { household, at: now, by: Some(person), action: Action::MemberJoined, about };
    audit::insert(&mut *transaction, &deed).await?;
    transaction.commit().await?;
    Ok(Some(household))
}

/// Who is no owner any more invites nobody.
pub(super) async fn withdraw_of(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    by: PersonId,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM ticket WHERE kind = ?1 AND household = ?2 AND by = ?3")
        .bind(TicketKind::Invitation.as_str())
        .bind(&household.as_bytes()[..])
        .bind(&by.as_bytes()[..])
        .execute(connection)
        .await
        .map(|_| ())
}

async fn is_owner(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    person: Option<Vec<u8>>,
) -> Result<bool, sqlx::Error> {
    query_scalar(
        "SELECT EXISTS (SELECT 1 FROM membership WHERE household = ?1 AND person = ?2 AND role = 'owner')",
    )
    .bind(&household.as_bytes()[..])
    .bind(person)
    .fetch_one(connection)
    .await
}

async fn arrive(connection: &mut SqliteConnection, invitee: Invitee<'_>) -> Result<PersonId, sqlx::Error> {
    let Credentials { person, password_hash } = match invitee {
        Invitee::Known(person) => return Ok(person),
        Invitee::New(credentials) => credentials,
    };
    query("INSERT INTO person (id, email, name, password_hash) VALUES (?1, ?2, ?3, ?4)")
        .bind(&person.id.as_bytes()[..])
        .bind(&person.email)
        .bind(&person.name)
        .bind(password_hash)
        .execute(connection)
        .await?;
    Ok(person.id)
}

async fn role_of(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    person: PersonId,
    now: UtcMillis,
) -> Result<Option<String>, sqlx::Error> {
    query_scalar(
        "SELECT role FROM membership WHERE household = ?1 AND person = ?2 AND (until IS NULL OR until > ?3)",
    )
    .bind(&household.as_bytes()[..])
    .bind(&person.as_bytes()[..])
    .bind(now.0)
    .fetch_optional(connection)
    .await
}
