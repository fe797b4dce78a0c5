use std::path::Path;

use bytes::Bytes;
use domain::{HubId, UtcMillis};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use super::{SpoolError, database};

/// What a spool holds, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub hub: HubId,
    /// Containers waiting.
    pub depth: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Sequence number and first tick of the one that has waited longest.
    pub oldest: Option<(u64, UtcMillis)>,
    /// Everything before this is measured.
    pub measured_until: Option<UtcMillis>,
}

/// Looks into a spool without changing it, also while an agent uses it.
pub async fn report(path: &Path) -> Result<Report, SpoolError> {
    read(path).await.map_err(|source| database::failed(path, "reading the spool", source))?.ok_or_else(|| {
        SpoolError::Damaged { path: path.to_owned(), reason: "it does not say whose it is".to_owned() }
    })
}

async fn read(path: &Path) -> Result<Option<Report>, sqlx::Error> {
    let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    let state = sqlx::query("SELECT hub, json_extract(checkpoint, '$.booked_until') FROM state")
        .fetch_optional(&mut connection)
        .await?;
    let totals = sqlx::query("SELECT count(*), coalesce(sum(length(body)), 0) FROM container")
        .fetch_one(&mut connection)
        .await?;
    let oldest = sqlx::query("SELECT sequence, body FROM container ORDER BY sequence LIMIT 1")
        .fetch_optional(&mut connection)
        .await?;
    connection.close().await?;
    Ok(state.and_then(|state| {
        let oldest = oldest.and_then(|row| {
            let container = wire::decode(&Bytes::from(row.get::<Vec<u8>, _>(1))).ok()?;
            Some((row.get::<i64, _>(0).unsigned_abs(), container.ticks.first()?.start))
        });
        Some(Report {
            hub: HubId::from_bytes(<[u8; 16]>::try_from(state.get::<Vec<u8>, _>(0)).ok()?),
            depth: totals.get::<i64, _>(0).unsigned_abs(),
            bytes: totals.get::<i64, _>(1).unsigned_abs(),
            oldest,
            measured_until: state.get::<Option<i64>, _>(1).map(UtcMillis),
        })
    }))
}
