//! Tokens that people give to their own programs.

use async_trait::async_trait;
use domain::access::Scope;
use domain::accounts::AccountsError;
use domain::audit::{Action, Deed};
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens, USE_STEP_MILLIS};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::accounts::sessions;
use crate::members::lock_household;
use crate::rows::hash;
use crate::{Accounts, audit};

#[derive(FromRow)]
struct Row {
    id: Uuid,
    person: Uuid,
    household: Uuid,
    name: String,
    scopes: String,
    secret_hash: Vec<u8>,
    created: i64,
    expires: Option<i64>,
    last_used: Option<i64>,
}

impl TryFrom<Row> for PersonalToken {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: PersonalTokenId::from_uuid(row.id),
            person: PersonId::from_uuid(row.person),
            household: HouseholdId::from_uuid(row.household),
            name: row.name,
            scopes: Scope::from_words(&row.scopes),
            secret_hash: hash(row.secret_hash)?,
            created: UtcMillis(row.created),
            expires: row.expires.map(UtcMillis),
            last_used: row.last_used.map(UtcMillis),
        })
    }
}

#[async_trait]
impl PersonalTokens for Accounts {
    async fn create_token(
        &self,
        token: &PersonalToken,
        at_most: u32,
        session: Option<&[u8; 32]>,
    ) -> Result<bool, AccountsError> {
        let made = self
            .database
            .run("create a personal token", async |pool: &PgPool| insert(pool, token, at_most, session).await)
            .await?;
        made.ok_or(AccountsError::LoggedOut)
    }

    async fn tokens(&self, person: PersonId) -> Result<Vec<PersonalToken>, AccountsError> {
        self.database
            .run("list personal tokens", async |pool: &PgPool| {
                let rows: Vec<Row> =
                    query_as("SELECT * FROM personal_token WHERE person = $1 ORDER BY created, id")
                        .bind(person.as_uuid())
                        .fetch_all(pool)
                        .await?;
                rows.into_iter().map(PersonalToken::try_from).collect()
            })
            .await
    }

    async fn use_token(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<PersonalToken>, AccountsError> {
        self.database
            .run("look up a personal token", async |pool: &PgPool| {
                let row: Option<Row> = query_as(
                    "SELECT t.* FROM personal_token t
                     JOIN membership m ON m.person = t.person AND m.household = t.household
                     WHERE t.secret_hash = $1 AND (t.expires IS NULL OR t.expires > $2)
                       AND (m.until IS NULL OR m.until > $2)",
                )
                .bind(secret_hash.as_slice())
                .bind(now.0)
                .fetch_optional(pool)
                .await?;
                let Some(row) = row else { return Ok(None) };
                let mut token = PersonalToken::try_from(row)?;
                if token.use_is_due(now) {
                    write_down_use(pool, token.id, now).await?;
                    token.last_used = Some(now);
                }
                Ok(Some(token))
            })
            .await
    }

    async fn delete_token(
        &self,
        person: PersonId,
        id: PersonalTokenId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.database
            .run("delete a personal token", async |pool: &PgPool| delete(pool, person, id, now).await)
            .await
    }

    async fn purge_tokens(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        self.database
            .run("purge personal tokens", async |pool: &PgPool| {
                query("DELETE FROM personal_token WHERE expires <= $1")
                    .bind(now.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected())
            })
            .await
    }
}

/// Nothing when the session has ended.
async fn insert(
    pool: &PgPool,
    token: &PersonalToken,
    at_most: u32,
    session: Option<&[u8; 32]>,
) -> Result<Option<bool>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // Others who count this person's tokens wait here.
    if !sessions::is_still_open(&mut transaction, token.person, session).await? {
        return Ok(None);
    }
    lock_household(&mut transaction, token.household).await?;
    let count: i64 = query_scalar("SELECT count(*) FROM personal_token WHERE person = $1")
        .bind(token.person.as_uuid())
        .fetch_one(&mut *transaction)
        .await?;
    if count >= i64::from(at_most) {
        return Ok(Some(false));
    }
    query(
        "INSERT INTO personal_token
         (id, person, household, name, scopes, secret_hash, created, expires, last_used)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(token.id.as_uuid())
    .bind(token.person.as_uuid())
    .bind(token.household.as_uuid())
    .bind(&token.name)
    .bind(Scope::to_words(&token.scopes))
    .bind(token.secret_hash.as_slice())
    .bind(token.created.0)
    .bind(token.expires.map(|at| at.0))
    .bind(token.last_used.map(|at| at.0))
    .execute(&mut *transaction)
    .await?;
    audit::insert(&mut transaction, &Deed::of_token(Action::TokenMade, token, token.created)).await?;
    transaction.commit().await?;
    Ok(Some(true))
}

async fn delete(
    pool: &PgPool,
    person: PersonId,
    id: PersonalTokenId,
    now: UtcMillis,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // The household before its token: in the order of whoever ends the household.
    let household: Option<Uuid> =
        query_scalar("SELECT household FROM personal_token WHERE person = $1 AND id = $2")
            .bind(person.as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(household) = household else { return Ok(false) };
    lock_household(&mut transaction, HouseholdId::from_uuid(household)).await?;
    let row: Option<Row> = query_as("DELETE FROM personal_token WHERE id = $1 RETURNING *")
        .bind(id.as_uuid())
        .fetch_optional(&mut *transaction)
        .await?;
    // Somebody else may have been quicker.
    let Some(row) = row else { return Ok(false) };
    let token = PersonalToken::try_from(row)?;
    audit::insert(&mut transaction, &Deed::of_token(Action::TokenDeleted, &token, now)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Somebody else may just have done so.
async fn write_down_use(pool: &PgPool, id: PersonalTokenId, now: UtcMillis) -> Result<(), sqlx::Error> {
    query("UPDATE personal_token SET last_used = $2 WHERE id = $1 AND (last_used IS NULL OR last_used <= $3)")
        .bind(id.as_uuid())
        .bind(now.0)
        .bind(now.0 - USE_STEP_MILLIS)
        .execute(pool)
        .await
        .map(|_| ())
}
