//! Tokens that people give to their own programs.

use async_trait::async_trait;
use domain::access::Scope;
use domain::accounts::AccountsError;
use domain::audit::{Action, Deed};
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens, USE_STEP_MILLIS};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlx::{FromRow, query, query_as, query_scalar};

use crate::accounts::{Accounts, BEGIN, because, hash, id_bytes, sessions};
use crate::audit;

const USE: &str = "look up a personal token";
const LIST: &str = "list personal tokens";

#[derive(FromRow)]
struct Row {
    id: Vec<u8>,
    person: Vec<u8>,
    household: Vec<u8>,
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
            id: PersonalTokenId::from_bytes(id_bytes(row.id)?),
            person: PersonId::from_bytes(id_bytes(row.person)?),
            household: HouseholdId::from_bytes(id_bytes(row.household)?),
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
        let made = self.insert_token(token, at_most, session).await;
        made.map_err(because("create a personal token"))?.ok_or(AccountsError::LoggedOut)
    }

    async fn tokens(&self, person: PersonId) -> Result<Vec<PersonalToken>, AccountsError> {
        let rows: Vec<Row> = query_as("SELECT * FROM personal_token WHERE person = ? ORDER BY created, id")
            .bind(&person.as_bytes()[..])
            .fetch_all(&self.pool)
            .await
            .map_err(because(LIST))?;
        rows.into_iter().map(PersonalToken::try_from).collect::<Result<_, _>>().map_err(because(LIST))
    }

    async fn use_token(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<PersonalToken>, AccountsError> {
        let row: Option<Row> = query_as(
            "SELECT t.* FROM personal_token t
             JOIN membership m ON m.person = t.person AND m.household = t.household
             WHERE t.secret_hash = ?1 AND (t.expires IS NULL OR t.expires > ?2)
               AND (m.until IS NULL OR m.until > ?2)",
        )
        .bind(&secret_hash[..])
        .bind(now.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(because(USE))?;
        let Some(row) = row else { return Ok(None) };
        let mut token = PersonalToken::try_from(row).map_err(because(USE))?;
        if token.use_is_due(now) {
            self.write_down_use(token.id, now).await.map_err(because(USE))?;
            token.last_used = Some(now);
        }
        Ok(Some(token))
    }

    async fn delete_token(
        &self,
        person: PersonId,
        id: PersonalTokenId,
        now: UtcMillis,
    ) -> Result<bool, AccountsError> {
        self.remove_token(person, id, now).await.map_err(because("delete a personal token"))
    }

    async fn purge_tokens(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        let done = query("DELETE FROM personal_token WHERE expires <= ?")
            .bind(now.0)
            .execute(&self.pool)
            .await
            .map_err(because("purge personal tokens"))?;
        Ok(done.rows_affected())
    }
}

impl Accounts {
    /// Nothing when the session has ended.
    async fn insert_token(
        &self,
        token: &PersonalToken,
        at_most: u32,
        session: Option<&[u8; 32]>,
    ) -> Result<Option<bool>, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        if !sessions::is_still_open(&mut transaction, token.person, session).await? {
            return Ok(None);
        }
        let count: i64 = query_scalar("SELECT count(*) FROM personal_token WHERE person = ?")
            .bind(&token.person.as_bytes()[..])
            .fetch_one(&mut *transaction)
            .await?;
        if count >= i64::from(at_most) {
            return Ok(Some(false));
        }
        query(
            "INSERT INTO personal_token
             (id, person, household, name, scopes, secret_hash, created, expires, last_used)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&token.id.as_bytes()[..])
        .bind(&token.person.as_bytes()[..])
        .bind(&token.household.as_bytes()[..])
        .bind(&token.name)
        .bind(Scope::to_words(&token.scopes))
        .bind(&token.secret_hash[..])
        .bind(token.created.0)
        .bind(token.expires.map(|at| at.0))
        .bind(token.last_used.map(|at| at.0))
        .execute(&mut *transaction)
        .await?;
        audit::insert(&mut *transaction, &Deed::of_token(Action::TokenMade, token, token.created)).await?;
        transaction.commit().await?;
        Ok(Some(true))
    }

    async fn remove_token(
        &self,
        person: PersonId,
        id: PersonalTokenId,
        now: UtcMillis,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let row: Option<Row> = query_as("DELETE FROM personal_token WHERE person = ? AND id = ? RETURNING *")
            .bind(&person.as_bytes()[..])
            .bind(&id.as_bytes()[..])
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let token = PersonalToken::try_from(row)?;
        audit::insert(&mut *transaction, &Deed::of_token(Action::TokenDeleted, &token, now)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Somebody else may just have done so.
    async fn write_down_use(&self, id: PersonalTokenId, now: UtcMillis) -> Result<(), sqlx::Error> {
        query("UPDATE personal_token SET last_used = ?2 WHERE id = ?1 AND (last_used IS NULL OR last_used <= ?3)")
            .bind(&id.as_bytes()[..])
            .bind(now.0)
            .bind(now.0 - USE_STEP_MILLIS)
            .execute(&self.pool)
            .await
            .map(|_| ())
    }
}
