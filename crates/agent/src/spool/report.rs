use std::path::Path;
use std::time::Duration;

use domain::{HubId, TimeRange, UtcMillis};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row, Sqlite};
use tokio::time::Instant;

use super::database::SCHEMA_VERSION;
use super::{Spool, SpoolError, database, pages};

const OPERATION: &str = "reading the spool";

/// What a spool holds, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub hub: HubId,
    /// Containers waiting; while an agent runs, the latest may be confirmed already.
    pub depth: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What they measured, in milliseconds.
    pub millis: i64,
    /// Bytes of the file that are in use.
    pub file_bytes: u64,
    /// Sequence number and first tick of the one that has waited longest.
    pub oldest: Option<(u64, UtcMillis)>,
    /// Everything before this is measured.
    pub measured_until: Option<UtcMillis>,
    /// What was ever thinned to ticks of a minute, in milliseconds, and up to when.
    pub thinned: Option<(i64, UtcMillis)>,
    /// What was ever dropped, in milliseconds, and from when to when.
    pub dropped: Option<(i64, TimeRange)>,
    /// Containers whose times wait for the clock.
    pub undated: u64,
    /// What was ever forgotten as nobody knew its date, in milliseconds.
    pub never_dated_millis: i64,
}

impl Report {
    /// How many more days fit into `max_bytes`, if they take as much as those that wait. `None`: nothing waits.
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub fn days_left(&self, max_bytes: u64) -> Option<f64> {
        (self.bytes > 0 && self.millis > 0).then(|| {
            let free = max_bytes.saturating_sub(self.file_bytes) as f64;
            free / (self.bytes as f64 / self.millis as f64) / 86_400_000.0
        })
    }
}

/// Looks into a spool that no agent has open, without changing it.
pub async fn report(path: &Path) -> Result<Report, SpoolError> {
    let damaged = |reason: String| SpoolError::Damaged { path: path.to_owned(), reason };
    match look(path).await.map_err(|source| database::failed(path, OPERATION, source))? {
        Look::Report(report) => Ok(report),
        Look::Version(1..SCHEMA_VERSION) => Err(SpoolError::Earlier { path: path.to_owned() }),
        Look::Version(version) => Err(damaged(format!("its version is {version}"))),
        Look::Nobody => Err(damaged(NOBODY.to_owned())),
    }
}

impl Spool {
    /// What it holds, or held a while ago. Nothing is written while that is found out, which in a full spool on a slow card
    /// takes seconds: so only one at a time looks, whoever gives up waiting does not make the next one begin anew, and what
    /// took long is good for a while.
    pub async fn report(&self) -> Result<Report, SpoolError> {
        let spool = self.clone();
        let looking = tokio::spawn(async move { spool.look().await });
        looking.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Nothing runs any more.
            Err(_) => Err(self.failed(OPERATION, sqlx::Error::PoolClosed)),
        })
    }

    async fn look(&self) -> Result<Report, SpoolError> {
        let mut looked = self.0.looked.lock().await;
        if let Some(Looked { report, until }) = *looked
            && Instant::now() < until
        {
            return Ok(report);
        }
        let began = Instant::now();
        let read = async { read(&mut *self.0.pool.acquire().await?).await };
        let report = read
            .await
            .map_err(|source| self.failed(OPERATION, source))?
            .ok_or_else(|| SpoolError::Damaged { path: self.0.path.clone(), reason: NOBODY.to_owned() })?;
        let took = began.elapsed();
        *looked = (took >= LONG).then(|| Looked { report, until: Instant::now() + took * SHARE });
        Ok(report)
    }

    /// First tick of what has waited longest.
    pub(crate) async fn oldest(&self) -> Result<Option<UtcMillis>, SpoolError> {
        let oldest = oldest(&self.0.pool).await.map_err(|source| self.failed(OPERATION, source))?;
        Ok(oldest.map(|(_, start)| start))
    }
}

/// What was found, and how long it is good for.
#[derive(Clone, Copy)]
pub(super) struct Looked {
    report: Report,
    until: Instant,
}

/// What takes less disturbs nobody.
const LONG: Duration = Duration::from_secs(1);
/// A twentieth of the time may be spent looking.
const SHARE: u32 = 20;
const NOBODY: &str = "it does not say whose it is";

enum Look {
    Report(Report),
    Version(i64),
    Nobody,
}

async fn look(path: &Path) -> Result<Look, sqlx::Error> {
    let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await?;
    if version != SCHEMA_VERSION {
        return Ok(Look::Version(version));
    }
    let report = read(&mut connection).await?;
    connection.close().await?;
    Ok(report.map_or(Look::Nobody, Look::Report))
}

/// Sequence number and first tick of what has waited longest, as far as it has a date.
async fn oldest(
    executor: impl Executor<'_, Database = Sqlite>,
) -> Result<Option<(u64, UtcMillis)>, sqlx::Error> {
    let row =
        sqlx::query("SELECT sequence, start FROM container WHERE boot IS NULL ORDER BY sequence LIMIT 1")
            .fetch_optional(executor)
            .await?;
    Ok(row.map(|row| (row.get::<i64, _>(0).unsigned_abs(), UtcMillis(row.get(1)))))
}

/// `None`: it does not say whose it is.
async fn read(connection: &mut SqliteConnection) -> Result<Option<Report>, sqlx::Error> {
    let state = sqlx::query(
        "SELECT hub, thinned_millis, thinned_until, dropped_millis, dropped_from, dropped_until, never_dated_millis,
            coalesce((SELECT checkpoint FROM container WHERE checkpoint IS NOT NULL AND boot IS NULL
                      AND sequence > checkpoint_of ORDER BY sequence DESC LIMIT 1), checkpoint) FROM state",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let totals = sqlx::query(
        "SELECT count(*), coalesce(sum(length(body)), 0), coalesce(sum(ticks * tick_millis), 0), count(boot)
         FROM container",
    )
    .fetch_one(&mut *connection)
    .await?;
    let oldest = oldest(&mut *connection).await?;
    let file_bytes = pages::used_bytes(connection).await?;
    let Some(state) = state else { return Ok(None) };
    let Ok(hub) = <[u8; 16]>::try_from(state.try_get::<Vec<u8>, _>(0)?) else { return Ok(None) };
    let millis = |place: usize| state.try_get::<i64, _>(place);
    let instant = |place: usize| Ok::<_, sqlx::Error>(state.try_get::<Option<i64>, _>(place)?.map(UtcMillis));
    let dropped = instant(4)?.zip(instant(5)?).map(|(from, until)| TimeRange::new(from, until));
    let checkpoint = match state.try_get::<Option<Vec<u8>>, _>(7)? {
        Some(packed) => Some(database::unpack(&packed)?),
        None => None,
    };
    Ok(Some(Report {
        hub: HubId::from_bytes(hub),
        depth: totals.try_get::<i64, _>(0)?.unsigned_abs(),
        bytes: totals.try_get::<i64, _>(1)?.unsigned_abs(),
        millis: totals.try_get(2)?,
        file_bytes,
        oldest,
        measured_until: checkpoint.map(|checkpoint| checkpoint.booked_until),
        thinned: instant(2)?.map(|until| millis(1).map(|thinned| (thinned, until))).transpose()?,
        dropped: dropped.map(|range| millis(3).map(|dropped| (dropped, range))).transpose()?,
        undated: totals.try_get::<i64, _>(3)?.unsigned_abs(),
        never_dated_millis: millis(6)?,
    }))
}
