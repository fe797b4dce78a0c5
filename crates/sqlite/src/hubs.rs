//! How hubs prove who they are, and how they come into a household.

use async_trait::async_trait;
use domain::accounts::{AccountsError, HubAssignment};
use domain::audit::{Action, Deed};
use domain::hubs::{EnrolFault, Enrolment, HubCredentials, Opening, Pairing, Revocation, Standing};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use crate::accounts::{Accounts, BEGIN, because, id_bytes};
use crate::{assignments, audit};

const LIST: &str = "list revoked credentials";

#[async_trait]
impl HubCredentials for Accounts {
    async fn open_pairing(&self, pairing: &Pairing, at_most: u32) -> Result<Opening, AccountsError> {
        self.insert_pairing(pairing, at_most).await.map_err(because("open a pairing"))
    }

    async fn standing(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Standing>, AccountsError> {
        self.look_up_standing(secret_hash, now).await.map_err(because("look up a hub's standing"))
    }

    async fn redeem_pairing(
        &self,
        code_hash: &[u8; 32],
        household: HouseholdId,
        name: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<Option<HubId>, AccountsError> {
        self.redeem(code_hash, household, name, by, now)
            .await
            .map_err(because("redeem a pairing"))?
            .map_err(|Taken| AccountsError::HubTaken)
    }

    async fn enrol(
        &self,
        household: HouseholdId,
        hubs: &[Enrolment],
        now: UtcMillis,
    ) -> Result<Vec<(usize, EnrolFault)>, AccountsError> {
        self.admit_all(household, hubs, now).await.map_err(because("enrol hubs"))
    }

    async fn valid_secret(&self, hub: HubId, now: UtcMillis) -> Result<Option<[u8; 32]>, AccountsError> {
        let hash: Option<Vec<u8>> = query_scalar(
            "SELECT secret_hash FROM hub_credential WHERE hub = ?1 AND revoked IS NULL AND EXISTS (
                 SELECT 1 FROM hub_assignment
                 WHERE hub = ?1 AND since <= ?2 AND (until IS NULL OR until > ?2)
             )",
        )
        .bind(&hub.as_bytes()[..])
        .bind(now.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(because("look up a hub's credential"))?;
        hash.map(hash_bytes).transpose().map_err(because("look up a hub's credential"))
    }

    async fn to_disconnect(
        &self,
        after: Option<&Revocation>,
        limit: u32,
    ) -> Result<Vec<Revocation>, AccountsError> {
        let (since, hash) = after.map_or((i64::MIN, [0; 32]), |last| (last.revoked.0, last.secret_hash));
        let rows: Vec<(Vec<u8>, Vec<u8>, i64)> = query_as(
            "SELECT hub, secret_hash, revoked FROM hub_credential
             WHERE revoked IS NOT NULL AND disconnected = 0 AND (revoked, secret_hash) > (?1, ?2)
             ORDER BY revoked, secret_hash LIMIT ?3",
        )
        .bind(since)
        .bind(&hash[..])
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(because(LIST))?;
        let revocation = |(hub, hash, revoked): (Vec<u8>, Vec<u8>, i64)| {
            let (hub, revoked) = (HubId::from_bytes(id_bytes(hub)?), UtcMillis(revoked));
            Ok(Revocation { hub, secret_hash: hash_bytes(hash)?, revoked })
        };
        rows.into_iter().map(revocation).collect::<Result<_, _>>().map_err(because(LIST))
    }

    async fn disconnected(&self, secret_hashes: &[[u8; 32]]) -> Result<(), AccountsError> {
        self.note_disconnected(secret_hashes).await.map_err(because("note closed connections"))
    }

    async fn purge_pairings(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        let done = query("DELETE FROM hub_pairing WHERE expires <= ?")
            .bind(now.0)
            .execute(&self.pool)
            .await
            .map_err(because("purge pairings"))?;
        Ok(done.rows_affected())
    }
}

/// The hub's credential, if it has one, is worth nothing from now on.
pub(crate) async fn revoke(
    connection: &mut SqliteConnection,
    hub: HubId,
    now: UtcMillis,
) -> Result<(), sqlx::Error> {
    query("UPDATE hub_credential SET revoked = ?2 WHERE hub = ?1 AND revoked IS NULL")
        .bind(&hub.as_bytes()[..])
        .bind(now.0)
        .execute(connection)
        .await
        .map(|_| ())
}

/// The hub is in another household.
struct Taken;

impl Accounts {
    async fn insert_pairing(&self, pairing: &Pairing, at_most: u32) -> Result<Opening, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let (is_used, others): (bool, i64) = query_as(
            "SELECT EXISTS (SELECT 1 FROM hub_credential WHERE secret_hash = ?1),
                    (SELECT count(*) FROM hub_pairing WHERE expires > ?2 AND secret_hash <> ?1)",
        )
        .bind(&pairing.secret_hash[..])
        .bind(pairing.created.0)
        .fetch_one(&mut *transaction)
        .await?;
        if is_used {
            return Ok(Opening::SecretUsed);
        }
        if others >= i64::from(at_most) {
            return Ok(Opening::TooMany);
        }
        query(
            "INSERT INTO hub_pairing (secret_hash, code_hash, hub, serial, created, expires)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (secret_hash) DO UPDATE SET code_hash = excluded.code_hash, hub = excluded.hub,
                 serial = excluded.serial, created = excluded.created, expires = excluded.expires",
        )
        .bind(&pairing.secret_hash[..])
        .bind(&pairing.code_hash[..])
        .bind(&pairing.hub.as_bytes()[..])
        .bind(&pairing.serial)
        .bind(pairing.created.0)
        .bind(pairing.expires.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Opening::Opened)
    }

    async fn look_up_standing(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Standing>, sqlx::Error> {
        let valid: Option<bool> = query_scalar(
            "SELECT c.revoked IS NULL AND EXISTS (
                 SELECT 1 FROM hub_assignment a
                 WHERE a.hub = c.hub AND a.since <= ?2 AND (a.until IS NULL OR a.until > ?2)
             ) FROM hub_credential c WHERE c.secret_hash = ?1",
        )
        .bind(&secret_hash[..])
        .bind(now.0)
        .fetch_optional(&self.pool)
        .await?;
        if let Some(valid) = valid {
            return Ok(Some(if valid { Standing::Paired } else { Standing::Revoked }));
        }
        let expires: Option<i64> =
            query_scalar("SELECT expires FROM hub_pairing WHERE secret_hash = ? AND expires > ?")
                .bind(&secret_hash[..])
                .bind(now.0)
                .fetch_optional(&self.pool)
                .await?;
        Ok(expires.map(|expires| Standing::Waiting { expires: UtcMillis(expires) }))
    }

    async fn redeem(
        &self,
        code_hash: &[u8; 32],
        household: HouseholdId,
        name: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<Result<Option<HubId>, Taken>, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let waiting: Option<(Vec<u8>, Option<String>, Vec<u8>)> =
            query_as("SELECT hub, serial, secret_hash FROM hub_pairing WHERE code_hash = ? AND expires > ?")
                .bind(&code_hash[..])
                .bind(now.0)
                .fetch_optional(&mut *transaction)
                .await?;
        let Some((hub, serial, secret_hash)) = waiting else { return Ok(Ok(None)) };
        let (hub, secret_hash) = (HubId::from_bytes(id_bytes(hub)?), hash_bytes(secret_hash)?);
        let enrolment = Enrolment { hub, serial, secret_hash, name: name.to_owned() };
        match admit(&mut transaction, household, &enrolment, now).await? {
            Ok(_) => {
                let deed = Deed::of_hub(Action::HubAdded, household, name, Some(by), now);
                audit::insert(&mut *transaction, &deed).await?;
                transaction.commit().await.map(|()| Ok(Some(hub)))
            }
            Err(EnrolFault::SecretUsed) => Ok(Ok(None)),
            Err(EnrolFault::HubTaken) => Ok(Err(Taken)),
        }
    }

    async fn admit_all(
        &self,
        household: HouseholdId,
        hubs: &[Enrolment],
        now: UtcMillis,
    ) -> Result<Vec<(usize, EnrolFault)>, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let mut faults = Vec::new();
        for (place, enrolment) in hubs.iter().enumerate() {
            match admit(&mut transaction, household, enrolment, now).await? {
                Ok(Arrival::New) => {
                    let deed = Deed::of_hub(Action::HubAdded, household, &enrolment.name, None, now);
                    audit::insert(&mut *transaction, &deed).await?;
                }
                Ok(Arrival::ThereBefore) => {}
                Err(fault) => faults.push((place, fault)),
            }
        }
        if faults.is_empty() {
            transaction.commit().await?;
        }
        Ok(faults)
    }

    async fn note_disconnected(&self, secret_hashes: &[[u8; 32]]) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        for hash in secret_hashes {
            query("UPDATE hub_credential SET disconnected = 1 WHERE secret_hash = ? AND revoked IS NOT NULL")
                .bind(&hash[..])
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }
}

/// Whether a hub was in the household already.
enum Arrival {
    New,
    ThereBefore,
}

/// A hub comes into the household, and its secret becomes its credential.
async fn admit(
    connection: &mut SqliteConnection,
    household: HouseholdId,
    enrolment: &Enrolment,
    now: UtcMillis,
) -> Result<Result<Arrival, EnrolFault>, sqlx::Error> {
    let Enrolment { hub, serial, secret_hash, name } = enrolment;
    let hub = *hub;
    let is_elsewhere: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM hub_assignment
         WHERE hub = ? AND household <> ? AND (until IS NULL OR until > ?))",
    )
    .bind(&hub.as_bytes()[..])
    .bind(&household.as_bytes()[..])
    .bind(now.0)
    .fetch_one(&mut *connection)
    .await?;
    if is_elsewhere {
        return Ok(Err(EnrolFault::HubTaken));
    }
    let known: Option<(Vec<u8>, bool)> =
        query_as("SELECT hub, revoked IS NULL FROM hub_credential WHERE secret_hash = ?")
            .bind(&secret_hash[..])
            .fetch_optional(&mut *connection)
            .await?;
    match known {
        Some((owner, is_valid)) if is_valid && owner == hub.as_bytes()[..] => {}
        Some(_) => return Ok(Err(EnrolFault::SecretUsed)),
        None => {
            revoke(connection, hub, now).await?;
            query("INSERT INTO hub_credential (secret_hash, hub, serial, created) VALUES (?, ?, ?, ?)")
                .bind(&secret_hash[..])
                .bind(&hub.as_bytes()[..])
                .bind(serial)
                .bind(now.0)
                .execute(&mut *connection)
                .await?;
        }
    }
    let running: Option<i64> =
        query_scalar("SELECT since FROM hub_assignment WHERE hub = ? AND household = ? AND until IS NULL")
            .bind(&hub.as_bytes()[..])
            .bind(&household.as_bytes()[..])
            .fetch_optional(&mut *connection)
            .await?;
    let since = running.map_or(now, UtcMillis);
    let assignment = HubAssignment { hub, household, name: name.clone(), since, until: None };
    assignments::begin(connection, &assignment).await?;
    query("DELETE FROM hub_pairing WHERE hub = ?")
        .bind(&hub.as_bytes()[..])
        .execute(connection)
        .await
        .map(|_| Ok(if running.is_some() { Arrival::ThereBefore } else { Arrival::New }))
}

fn hash_bytes(column: Vec<u8>) -> Result<[u8; 32], sqlx::Error> {
    column
        .try_into()
        .map_err(|column: Vec<u8>| sqlx::Error::Decode(format!("a hash of {} bytes", column.len()).into()))
}
