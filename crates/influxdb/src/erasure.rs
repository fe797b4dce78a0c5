//! Erasing. 2.x and later have an endpoint for it, 1.x has DELETE in InfluxQL; both take a tag and times.

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use domain::measurement::StoreError;
use domain::rollup::{PackedDay, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;

use crate::config::{Api, Config};
use crate::connection::{BuildError, Connection, refusal, retry_after};
use crate::line;
use crate::query::{TIMES, ask};
use crate::rollups::{DAYS, MARKS, Rollups};

const TICKS: &str = "erasing ticks from InfluxDB";
const OF_DAYS: &str = "erasing rollups from InfluxDB";
const REPLACE: &str = "replacing a rollup in InfluxDB";

/// A deletion looks through every shard of its range, which takes longer than a question.
const PATIENCE: u32 = 4;

/// Who erases. Building it does no IO.
#[derive(Debug)]
pub struct Eraser {
    connection: Connection,
    rollups: Rollups,
    api: Api,
    org: String,
    ticks: String,
    days: String,
    timeout: Duration,
}

impl Eraser {
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Ok(Self {
            connection: Connection::new(config)?,
            rollups: Rollups::new(config)?,
            api: config.api,
            org: config.org.clone(),
            ticks: config.bucket.clone(),
            days: config.rollup_bucket(),
            timeout: config.query_timeout() * PATIENCE,
        })
    }

    async fn erase(
        &self,
        operation: &'static str,
        bucket: &str,
        measurement: &str,
        hub: HubId,
        range: TimeRange,
    ) -> Result<(), StoreError> {
        let range = range.intersection(&TIMES);
        if range.is_empty() {
            return Ok(());
        }
        match self.api {
            Api::V1 => {
                // Nothing but our own names, a UUID and numbers goes into the statement.
                let statement = format!(
                    "DELETE FROM {measurement} WHERE hub='{hub}' AND time>={}ms AND time<{}ms",
                    range.start.0, range.end.0
                );
                let answer =
                    ask::<Option<i64>>(&self.connection, operation, self.timeout, bucket, &statement);
                answer.await.map(|_| ())
            }
            Api::V2 => self.post(operation, bucket, measurement, hub, range).await,
        }
    }

    async fn post(
        &self,
        operation: &'static str,
        bucket: &str,
        measurement: &str,
        hub: HubId,
        range: TimeRange,
    ) -> Result<(), StoreError> {
        let mut url = self.connection.url("/api/v2/delete");
        url.query_pairs_mut().append_pair("org", &self.org).append_pair("bucket", bucket);
        let predicate = format!("_measurement=\"{measurement}\" AND hub=\"{hub}\"");
        let body = serde_json::json!({
            "start": instant(range.start, 0),
            // The stop is erased too, so it is the last nanosecond before the end.
            "stop": instant(range.end.plus_millis(-1), 999_999),
            "predicate": predicate,
        });
        let request =
            self.connection.post(url).header(CONTENT_TYPE, "application/json").timeout(self.timeout);
        let response = self.connection.send(operation, request.body(body.to_string())).await?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        if status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        let said = refusal(response).await;
        let reason = format!("HTTP {status}: {}", String::from_utf8_lossy(&said).trim());
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                StoreError::Unauthorised { operation, reason }
            }
            // Whatever it is, an erasure is not given up.
            _ => StoreError::Unavailable { operation, reason, retry_after },
        })
    }
}

/// RFC 3339 with nanoseconds, of which `nanos` are beyond the millisecond.
fn instant(at: UtcMillis, nanos: u32) -> String {
    let seconds = UtcMillis::from_secs(at.secs());
    let mut text = seconds.to_string().trim_end_matches('Z').to_owned();
    let millis = at.millis_since(seconds);
    // Writing into a string does not fail.
    let _infallible = write!(text, ".{millis:03}{nanos:06}Z");
    text
}

#[async_trait]
impl domain::erasure::MeasurementErasure for Eraser {
    async fn erase_ticks(&self, hub: HubId, range: TimeRange) -> Result<(), StoreError> {
        self.erase(TICKS, &self.ticks, line::MEASUREMENT, hub, range).await
    }

    async fn erase_days(&self, hub: HubId, days: Range<UtcDay>) -> Result<(), StoreError> {
        let days = days.start.max(UtcDay::of(TIMES.start))..days.end.min(UtcDay::of(TIMES.end));
        let range = TimeRange::new(days.start.start(), days.end.start());
        self.erase(OF_DAYS, &self.days, DAYS, hub, range).await?;
        self.erase(OF_DAYS, &self.ticks, MARKS, hub, range).await
    }

    async fn replace_day(&self, day: &PackedDay) -> Result<(), StoreError> {
        self.rollups.replace(REPLACE, day).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_nine_places() {
        assert_eq!(instant(UtcMillis(1_728_000_000_000), 0), "2024-10-04T00:00:00.000000000Z");
        assert_eq!(instant(UtcMillis(1_728_000_000_007), 999_999), "2024-10-04T00:00:00.007999999Z");
        assert_eq!(instant(UtcMillis(-1), 999_999), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(instant(TIMES.start, 0), "1677-09-21T00:12:44.000000000Z");
    }
}
