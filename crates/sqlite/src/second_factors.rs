//! Devices that know a secret, and codes for the day they are lost.

use async_trait::async_trait;
use domain::PersonId;
use domain::accounts::AccountsError;
use domain::second_factor::{SecondFactor, SecondFactors};
use sqlx::{query, query_as};

use crate::accounts::{Accounts, BEGIN, because};

const LOOK_UP: &str = "look up a second factor";

#[async_trait]
impl SecondFactors for Accounts {
    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>, AccountsError> {
        let row: Option<(Vec<u8>, bool, i64, Option<i64>)> = query_as(
            "SELECT secret, step IS NOT NULL,
                    (SELECT count(*) FROM recovery_code c WHERE c.person = f.person), first_step
             FROM second_factor f WHERE person = ?",
        )
        .bind(&person.as_bytes()[..])
        .fetch_optional(&self.pool)
        .await
        .map_err(because(LOOK_UP))?;
        let factor = |(secret, confirmed, codes, first_step): (Vec<u8>, bool, i64, Option<i64>)| {
            let recovery_codes = u32::try_from(codes).map_err(|error| sqlx::Error::Decode(error.into()))?;
            Ok(SecondFactor { secret, confirmed, recovery_codes, first_step })
        };
        row.map(factor).transpose().map_err(because(LOOK_UP))
    }

    async fn begin_second_factor(&self, person: PersonId, secret: &[u8]) -> Result<bool, AccountsError> {
        let done = query(
            "INSERT INTO second_factor (person, secret) VALUES (?, ?)
             ON CONFLICT (person) DO UPDATE SET secret = excluded.secret WHERE second_factor.step IS NULL",
        )
        .bind(&person.as_bytes()[..])
        .bind(secret)
        .execute(&self.pool)
        .await
        .map_err(because("begin a second factor"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn confirm_second_factor(
        &self,
        person: PersonId,
        secret: &[u8],
        step: i64,
        recovery_codes: &[[u8; 32]],
    ) -> Result<bool, AccountsError> {
        self.confirm(person, secret, step, recovery_codes).await.map_err(because("confirm a second factor"))
    }

    async fn use_step(&self, person: PersonId, step: i64) -> Result<bool, AccountsError> {
        let done = query("UPDATE second_factor SET step = ?2 WHERE person = ?1 AND step < ?2")
            .bind(&person.as_bytes()[..])
            .bind(step)
            .execute(&self.pool)
            .await
            .map_err(because("use a code"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn use_recovery_code(&self, person: PersonId, hash: &[u8; 32]) -> Result<bool, AccountsError> {
        let done = query("DELETE FROM recovery_code WHERE person = ? AND hash = ?")
            .bind(&person.as_bytes()[..])
            .bind(&hash[..])
            .execute(&self.pool)
            .await
            .map_err(because("use a recovery code"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn remove_second_factor(&self, person: PersonId) -> Result<bool, AccountsError> {
        let done = query("DELETE FROM second_factor WHERE person = ?")
            .bind(&person.as_bytes()[..])
            .execute(&self.pool)
            .await
            .map_err(because("remove a second factor"))?;
        Ok(done.rows_affected() > 0)
    }
}

impl Accounts {
    async fn confirm(
        &self,
        person: PersonId,
        secret: &[u8],
        step: i64,
        recovery_codes: &[[u8; 32]],
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let done =
            query("UPDATE second_factor SET step = ?1, first_step = ?1 WHERE person = ?2 AND secret = ?3 AND step IS NULL")
                .bind(step)
                .bind(&person.as_bytes()[..])
                .bind(secret)
                .execute(&mut *transaction)
                .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for hash in recovery_codes {
            query("INSERT INTO recovery_code (person, hash) VALUES (?, ?)")
                .bind(&person.as_bytes()[..])
                .bind(&hash[..])
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}
