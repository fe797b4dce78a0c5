//! Invitations that are taken up, and those that end with whoever sent them.

use domain::accounts::Credentials;
use domain::audit::{Action, Deed};
use domain::members::Invitee;
use domain::tickets::TicketKind;
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{forget_ended, lock_household, put};
use crate::audit;
use crate::rows::parse_role;

/// role, until, by
type Row = (String, Option<i64>, Option<Uuid>);

pub(super) async fn accept(
    pool: &PgPool,
    secret_hash: &[u8; 32],
    invitee: Invitee<'_>,
    now: UtcMillis,
) -> Result<Option<HouseholdId>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let household: Option<Uuid> =
        query_scalar("SELECT household FROM ticket WHERE secret_hash = $1 AND kind = $2")
            .bind(secret_hash.as_slice())
            .bind(TicketKind::Invitation.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(household) = household.map(HouseholdId::from_uuid) else { return Ok(None) };
    // Whoever changes the members, and withdraws their invitations, has this lock.
    lock_household(&mut transaction, household).await?;
    let row: Option<Row> = query_as(
        "DELETE FROM ticket WHERE secret_hash = $1 AND household = $2 AND expires > $3 RETURNING role, until, by",
    )
    .bind(secret_hash.as_slice())
    .bind(household.as_uuid())
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
    audit::insert(&mut transaction, &deed).await?;
    transaction.commit().await?;
    Ok(Some(household))
}

/// Who is no owner any more invites nobody.
pub(super) async fn withdraw_of(
    connection: &mut PgConnection,
    household: HouseholdId,
    by: PersonId,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM ticket WHERE kind = $1 AND household = $2 AND by = $3")
        .bind(TicketKind::Invitation.as_str())
        .bind(household.as_uuid())
        .bind(by.as_uuid())
        .execute(connection)
        .await
        .map(|_| ())
}

async fn is_owner(
    connection: &mut PgConnection,
    household: HouseholdId,
    person: Option<Uuid>,
) -> Result<bool, sqlx::Error> {
    query_scalar(
        "SELECT EXISTS (SELECT FROM membership WHERE household = $1 AND person = $2 AND role = 'owner')",
    )
    .bind(household.as_uuid())
    .bind(person)
    .fetch_one(connection)
    .await
}

async fn arrive(connection: &mut PgConnection, invitee: Invitee<'_>) -> Result<PersonId, sqlx::Error> {
    let Credentials { person, password_hash } = match invitee {
        Invitee::Known(person) => return Ok(person),
        Invitee::New(credentials) => credentials,
    };
    query("INSERT INTO person (id, email, name, password_hash) VALUES ($1, $2, $3, $4)")
        .bind(person.id.as_uuid())
        .bind(&person.email)
        .bind(&person.name)
        .bind(password_hash)
        .execute(connection)
        .await?;
    Ok(person.id)
}

async fn role_of(
    connection: &mut PgConnection,
    household: HouseholdId,
    person: PersonId,
    now: UtcMillis,
) -> Result<Option<String>, sqlx::Error> {
    query_scalar(
        "SELECT role FROM membership WHERE household = $1 AND person = $2 AND (until IS NULL OR until > $3)",
    )
    .bind(household.as_uuid())
    .bind(person.as_uuid())
    .bind(now.0)
    .fetch_optional(connection)
    .await
}
