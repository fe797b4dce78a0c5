//! How hubs prove who they are, and how they come into a household.

use async_trait::async_trait;
use domain::accounts::{AccountsError, HubAssignment};
use domain::audit::{Action, Deed};
use domain::hubs::{EnrolFault, Enrolment, HubCredentials, Opening, Pairing, Revocation, Standing};
use domain::{HouseholdId, HubId, PersonId, UtcMillis};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use crate::assignments::{self, lock_hub};
use crate::members::lock_household;
use crate::{Accounts, audit};

#[async_trait]
impl HubCredentials for Accounts {
    async fn open_pairing(&self, pairing: &Pairing, at_most: u32) -> Result<Opening, AccountsError> {
        self.database.run("open a pairing", async |pool: &PgPool| open(pool, pairing, at_most).await).await
    }

    async fn standing(
        &self,
        secret_hash: &[u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Standing>, AccountsError> {
        self.database
            .run("look up a hub's standing", async |pool: &PgPool| {
                let valid: Option<bool> = query_scalar(
                    "SELECT c.revoked IS NULL AND EXISTS (
                         SELECT 1 FROM hub_assignment a
                         WHERE a.hub = c.hub AND a.since <= $2 AND (a.until IS NULL OR a.until > $2)
                     ) FROM hub_credential c WHERE c.secret_hash = $1",
                )
                .bind(secret_hash.as_slice())
                .bind(now.0)
                .fetch_optional(pool)
                .await?;
                if let Some(valid) = valid {
                    return Ok(Some(if valid { Standing::Paired } else { Standing::Revoked }));
                }
                let expires: Option<i64> =
                    query_scalar("SELECT expires FROM hub_pairing WHERE secret_hash = $1 AND expires > $2")
                        .bind(secret_hash.as_slice())
                        .bind(now.0)
                        .fetch_optional(pool)
                        .await?;
                Ok(expires.map(|expires| Standing::Waiting { expires: UtcMillis(expires) }))
            })
            .await
    }

    async fn redeem_pairing(
        &self,
        code_hash: &[u8; 32],
        household: HouseholdId,
        name: &str,
        by: PersonId,
        now: UtcMillis,
    ) -> Result<Option<HubId>, AccountsError> {
        self.database
            .run("redeem a pairing", async |pool: &PgPool| {
                redeem(pool, code_hash, household, name, by, now).await
            })
            .await?
            .map_err(|Taken| AccountsError::HubTaken)
    }

    async fn enrol(
        &self,
        household: HouseholdId,
        hubs: &[Enrolment],
        now: UtcMillis,
    ) -> Result<Vec<(usize, EnrolFault)>, AccountsError> {
        self.database
            .run("enrol hubs", async |pool: &PgPool| admit_all(pool, household, hubs, now).await)
            .await
    }

    async fn valid_secret(&self, hub: HubId, now: UtcMillis) -> Result<Option<[u8; 32]>, AccountsError> {
        self.database
            .run("look up a hub's credential", async |pool: &PgPool| {
                let hash: Option<Vec<u8>> = query_scalar(
                    "SELECT secret_hash FROM hub_credential WHERE hub = $1 AND revoked IS NULL AND EXISTS (
                         SELECT 1 FROM hub_assignment
                         WHERE hub = $1 AND since <= $2 AND (until IS NULL OR until > $2)
                     )",
                )
                .bind(hub.as_uuid())
                .bind(now.0)
                .fetch_optional(pool)
                .await?;
                hash.map(hash_bytes).transpose()
            })
            .await
    }

    async fn to_disconnect(
        &self,
        after: Option<&Revocation>,
        limit: u32,
    ) -> Result<Vec<Revocation>, AccountsError> {
        let (since, hash) = after.map_or((i64::MIN, [0; 32]), |last| (last.revoked.0, last.secret_hash));
        self.database
            .run("list revoked credentials", async |pool: &PgPool| {
                let rows: Vec<(Uuid, Vec<u8>, i64)> = query_as(
                    "SELECT hub, secret_hash, revoked FROM hub_credential
                     WHERE revoked IS NOT NULL AND NOT disconnected AND (revoked, secret_hash) > ($1, $2)
                     ORDER BY revoked, secret_hash LIMIT $3",
                )
                .bind(since)
                .bind(hash.as_slice())
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?;
                let revocation = |(hub, hash, revoked)| {
                    let (hub, revoked) = (HubId::from_uuid(hub), UtcMillis(revoked));
                    Ok(Revocation { hub, secret_hash: hash_bytes(hash)?, revoked })
                };
                rows.into_iter().map(revocation).collect()
            })
            .await
    }

    async fn disconnected(&self, secret_hashes: &[[u8; 32]]) -> Result<(), AccountsError> {
        let hashes: Vec<&[u8]> = secret_hashes.iter().map(<[u8; 32]>::as_slice).collect();
        self.database
            .run("note closed connections", async |pool: &PgPool| {
                query(
                    "UPDATE hub_credential SET disconnected = true
                     WHERE secret_hash = ANY($1) AND revoked IS NOT NULL",
                )
                .bind(hashes)
                .execute(pool)
                .await
                .map(|_| ())
            })
            .await
    }

    async fn purge_pairings(&self, now: UtcMillis) -> Result<u64, AccountsError> {
        self.database
            .run("purge pairings", async |pool: &PgPool| {
                query("DELETE FROM hub_pairing WHERE expires <= $1")
                    .bind(now.0)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected())
            })
            .await
    }
}

/// The hub's credential, if it has one, is worth nothing from now on.
pub(crate) async fn revoke(
    connection: &mut PgConnection,
    hub: HubId,
    now: UtcMillis,
) -> Result<(), sqlx::Error> {
    query("UPDATE hub_credential SET revoked = $2 WHERE hub = $1 AND revoked IS NULL")
        .bind(hub.as_uuid())
        .bind(now.0)
        .execute(connection)
        .await
        .map(|_| ())
}

async fn open(pool: &PgPool, pairing: &Pairing, at_most: u32) -> Result<Opening, sqlx::Error> {
    let (is_used, others): (bool, i64) = query_as(
        "SELECT EXISTS (SELECT 1 FROM hub_credential WHERE secret_hash = $1),
                (SELECT count(*) FROM hub_pairing WHERE expires > $2 AND secret_hash <> $1)",
    )
    .bind(pairing.secret_hash.as_slice())
    .bind(pairing.created.0)
    .fetch_one(pool)
    .await?;
    if is_used {
        return Ok(Opening::SecretUsed);
    }
    if others >= i64::from(at_most) {
        return Ok(Opening::TooMany);
    }
    query(
        "INSERT INTO hub_pairing (secret_hash, code_hash, hub, serial, created, expires)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (secret_hash) DO UPDATE SET code_hash = excluded.code_hash, hub = excluded.hub,
             serial = excluded.serial, created = excluded.created, expires = excluded.expires",
    )
    .bind(pairing.secret_hash.as_slice())
    .bind(pairing.code_hash.as_slice())
    .bind(pairing.hub.as_uuid())
    .bind(&pairing.serial)
    .bind(pairing.created.0)
    .bind(pairing.expires.0)
    .execute(pool)
    .await?;
    Ok(Opening::Opened)
}

/// The hub is in another household.
struct Taken;

async fn redeem(
    pool: &PgPool,
    code_hash: &[u8; 32],
    household: HouseholdId,
    name: &str,
    by: PersonId,
    now: UtcMillis,
) -> Result<Result<Option<HubId>, Taken>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let hub: Option<Uuid> = query_scalar("SELECT hub FROM hub_pairing WHERE code_hash = $1 AND expires > $2")
        .bind(code_hash.as_slice())
        .bind(now.0)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(hub) = hub.map(HubId::from_uuid) else { return Ok(Ok(None)) };
    // Before the row is taken: whoever deletes the pairings of the hub has this lock already.
    lock_hub(&mut transaction, hub).await?;
    let taken: Option<(Vec<u8>, Option<String>)> =
        query_as("DELETE FROM hub_pairing WHERE code_hash = $1 AND hub = $2 RETURNING secret_hash, serial")
            .bind(code_hash.as_slice())
            .bind(hub.as_uuid())
            .fetch_optional(&mut *transaction)
            .await?;
    let Some((secret_hash, serial)) = taken else { return Ok(Ok(None)) };
    let enrolment = Enrolment { hub, serial, secret_hash: hash_bytes(secret_hash)?, name: name.to_owned() };
    match admit(&mut transaction, household, &enrolment, now).await? {
        Ok(_) => {
            lock_household(&mut transaction, household).await?;
            let deed = Deed::of_hub(Action::HubAdded, household, name, Some(by), now);
            audit::insert(&mut transaction, &deed).await?;
            transaction.commit().await.map(|()| Ok(Some(hub)))
        }
        Err(EnrolFault::SecretUsed) => Ok(Ok(None)),
        Err(EnrolFault::HubTaken) => Ok(Err(Taken)),
    }
}

async fn admit_all(
    pool: &PgPool,
    household: HouseholdId,
    hubs: &[Enrolment],
    now: UtcMillis,
) -> Result<Vec<(usize, EnrolFault)>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let (mut faults, mut arrived) = (Vec::new(), Vec::new());
    // In order of their ids, so that two who lock the same hubs do not wait for each other.
    let mut in_order: Vec<(usize, &Enrolment)> = hubs.iter().enumerate().collect();
    in_order.sort_by_key(|(_, enrolment)| enrolment.hub);
    for (place, enrolment) in in_order {
        match admit(&mut transaction, household, enrolment, now).await? {
            Ok(Arrival::New) => arrived.push(place),
            Ok(Arrival::ThereBefore) => {}
            Err(fault) => faults.push((place, fault)),
        }
    }
    if !faults.is_empty() {
        faults.sort_by_key(|(place, _)| *place);
        return Ok(faults);
    }
    lock_household(&mut transaction, household).await?;
    arrived.sort_unstable();
    for place in arrived {
        let deed = Deed::of_hub(Action::HubAdded, household, &hubs[place].name, None, now);
        audit::insert(&mut transaction, &deed).await?;
    }
    transaction.commit().await?;
    Ok(faults)
}

/// Whether a hub was in the household already.
enum Arrival {
    New,
    ThereBefore,
}

/// A hub comes into the household, and its secret becomes its credential.
async fn admit(
    connection: &mut PgConnection,
    household: HouseholdId,
    enrolment: &Enrolment,
    now: UtcMillis,
) -> Result<Result<Arrival, EnrolFault>, sqlx::Error> {
    let Enrolment { hub, serial, secret_hash, name } = enrolment;
    let hub = *hub;
    lock_hub(connection, hub).await?;
    let is_elsewhere: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM hub_assignment
         WHERE hub = $1 AND household <> $2 AND (until IS NULL OR until > $3))",
    )
    .bind(hub.as_uuid())
    .bind(household.as_uuid())
    .bind(now.0)
    .fetch_one(&mut *connection)
    .await?;
    if is_elsewhere {
        return Ok(Err(EnrolFault::HubTaken));
    }
    let known: Option<(Uuid, bool)> =
        query_as("SELECT hub, revoked IS NULL FROM hub_credential WHERE secret_hash = $1")
            .bind(secret_hash.as_slice())
            .fetch_optional(&mut *connection)
            .await?;
    match known {
        Some((owner, is_valid)) if is_valid && owner == hub.as_uuid() => {}
        Some(_) => return Ok(Err(EnrolFault::SecretUsed)),
        None => {
            revoke(connection, hub, now).await?;
            query("INSERT INTO hub_credential (secret_hash, hub, serial, created) VALUES ($1, $2, $3, $4)")
                .bind(secret_hash.as_slice())
                .bind(hub.as_uuid())
                .bind(serial)
                .bind(now.0)
                .execute(&mut *connection)
                .await?;
        }
    }
    let running: Option<i64> =
        query_scalar("SELECT since FROM hub_assignment WHERE hub = $1 AND household = $2 AND until IS NULL")
            .bind(hub.as_uuid())
            .bind(household.as_uuid())
            .fetch_optional(&mut *connection)
            .await?;
    let since = running.map_or(now, UtcMillis);
    let assignment = HubAssignment { hub, household, name: name.clone(), since, until: None };
    assignments::begin(connection, &assignment).await?;
    query("DELETE FROM hub_pairing WHERE hub = $1")
        .bind(hub.as_uuid())
        .execute(connection)
        .await
        .map(|_| Ok(if running.is_some() { Arrival::ThereBefore } else { Arrival::New }))
}

fn hash_bytes(column: Vec<u8>) -> Result<[u8; 32], sqlx::Error> {
    column
        .try_into()
        .map_err(|column: Vec<u8>| sqlx::Error::Decode(format!("a hash of {} bytes", column.len()).into()))
}
