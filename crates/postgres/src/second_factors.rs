//! Devices that know a secret, and codes for the day they are lost.

use async_trait::async_trait;
use domain::PersonId;
use domain::accounts::AccountsError;
use domain::second_factor::{SecondFactor, SecondFactors};
use sqlx::postgres::PgPool;
use sqlx::{query, query_as};

use crate::Accounts;

#[async_trait]
impl SecondFactors for Accounts {
    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>, AccountsError> {
        self.database
            .run("look up a second factor", async |pool: &PgPool| {
                let row: Option<(Vec<u8>, bool, i64, Option<i64>)> = query_as(
                    "SELECT secret, step IS NOT NULL,
                            (SELECT count(*) FROM recovery_code c WHERE c.person = f.person), first_step
                     FROM second_factor f WHERE person = $1",
                )
                .bind(person.as_uuid())
                .fetch_optional(pool)
                .await?;
                row.map(|(secret, confirmed, codes, first_step)| {
                    let recovery_codes =
                        u32::try_from(codes).map_err(|error| sqlx::Error::Decode(error.into()))?;
                    Ok(SecondFactor { secret, confirmed, recovery_codes, first_step })
                })
                .transpose()
            })
            .await
    }

    async fn begin_second_factor(&self, person: PersonId, secret: &[u8]) -> Result<bool, AccountsError> {
        self.database
            .run("begin a second factor", async |pool: &PgPool| {
                query(
                    "INSERT INTO second_factor (person, secret) VALUES ($1, $2)
                     ON CONFLICT (person) DO UPDATE SET secret = excluded.secret
                     WHERE second_factor.step IS NULL",
                )
                .bind(person.as_uuid())
                .bind(secret)
                .execute(pool)
                .await
                .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn confirm_second_factor(
        &self,
        person: PersonId,
        secret: &[u8],
        step: i64,
        recovery_codes: &[[u8; 32]],
    ) -> Result<bool, AccountsError> {
        self.database
            .run("confirm a second factor", async |pool: &PgPool| {
                confirm(pool, person, secret, step, recovery_codes).await
            })
            .await
    }

    async fn use_step(&self, person: PersonId, step: i64) -> Result<bool, AccountsError> {
        self.database
            .run("use a code", async |pool: &PgPool| {
                query("UPDATE second_factor SET step = $2 WHERE person = $1 AND step < $2")
                    .bind(person.as_uuid())
                    .bind(step)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn use_recovery_code(&self, person: PersonId, hash: &[u8; 32]) -> Result<bool, AccountsError> {
        self.database
            .run("use a recovery code", async |pool: &PgPool| {
                query("DELETE FROM recovery_code WHERE person = $1 AND hash = $2")
                    .bind(person.as_uuid())
                    .bind(hash.as_slice())
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }

    async fn remove_second_factor(&self, person: PersonId) -> Result<bool, AccountsError> {
        self.database
            .run("remove a second factor", async |pool: &PgPool| {
                query("DELETE FROM second_factor WHERE person = $1")
                    .bind(person.as_uuid())
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected() > 0)
            })
            .await
    }
}

async fn confirm(
    pool: &PgPool,
    person: PersonId,
    secret: &[u8],
    step: i64,
    recovery_codes: &[[u8; 32]],
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let done = query("UPDATE second_factor SET step = $2, first_step = $2 WHERE person = $1 AND secret = $3 AND step IS NULL")
        .bind(person.as_uuid())
        .bind(step)
        .bind(secret)
        .execute(&mut *transaction)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for hash in recovery_codes {
        query("INSERT INTO recovery_code (person, hash) VALUES ($1, $2)")
            .bind(person.as_uuid())
            .bind(hash.as_slice())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(true)
}
