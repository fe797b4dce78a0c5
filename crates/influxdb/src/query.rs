//! Reads: ticks as InfluxQL gives them, sums computed here.
//!
//! InfluxQL could sum by itself. It is not asked to, because it takes longer: `sum(*), count(*), max(*) GROUP BY
//! time(15m)` costs InfluxDB 1.6 157 ms of processor time for a day of 34 sockets, the ticks themselves 47 ms. And
//! ticks of different lengths in one quarter hour need no case of their own.
//!
//! A range is asked window by window, a few at a time: the server works on them in parallel, and what is held in
//! memory is bounded by the windows, not by the range.

use std::time::Duration;

use async_trait::async_trait;
use domain::measurement::{
    BucketSum, MeasurementQuery, SocketSums, StoreError, StoredTick, sum_quarter_hours,
};
use domain::{HubId, SocketNumber, TimeRange, UtcMillis};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::de::DeserializeOwned;

use crate::config::Config;
use crate::connection::{BuildError, Connection, not_reached, refusal, retry_after};
use crate::line::MEASUREMENT;
use crate::table::{self, MESSAGE_PACK, Table};

const TICKS: &str = "reading ticks from InfluxDB";
const QUARTER_HOURS: &str = "reading quarter hours from InfluxDB";
const ALL: &str = "*::field";
const PING: &str = "asking InfluxDB whether it answers";

/// A multiple of a quarter hour, so that no sum straddles two windows. 21,600 rows at most.
const WINDOW_MILLIS: i64 = 6 * 3_600_000;
const WINDOWS_AT_ONCE: usize = 4;
/// Above this it pays to ask first where there is anything.
const LONG_MILLIS: i64 = 30 * 24 * 3_600_000;
/// Rows the server puts into one document.
const CHUNK_ROWS: &str = "2000";
/// A window of 1 s ticks of 64 sockets as JSON is 12 MiB.
const LONGEST_ANSWER: usize = 64 << 20;
/// InfluxDB counts nanoseconds in 63 bits: the years 1677 to 2262.
pub(crate) const TIMES: TimeRange =
    TimeRange::new(UtcMillis(-9_223_372_036_000), UtcMillis(9_223_372_036_000));

/// The read side.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    database: String,
    timeout: Duration,
}

impl Reader {
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Ok(Self {
            connection: Connection::new(config)?,
            database: config.bucket.clone(),
            timeout: config.query_timeout(),
        })
    }

    /// `fields` of the ticks of `range`, window by window, in order of time.
    async fn windows(
        &self,
        operation: &'static str,
        fields: &str,
        hub: HubId,
        range: TimeRange,
    ) -> Result<impl Stream<Item = Result<Vec<StoredTick>, StoreError>>, StoreError> {
        let mut range = range.intersection(&TIMES);
        if range.millis() > LONG_MILLIS {
            range = self.occupied(operation, hub, range).await?;
        }
        Ok(stream::iter(cut(range))
            .map(move |window| self.window(operation, fields, hub, window))
            .buffered(WINDOWS_AT_ONCE))
    }

    async fn window(
        &self,
        operation: &'static str,
        fields: &str,
        hub: HubId,
        range: TimeRange,
    ) -> Result<Vec<StoredTick>, StoreError> {
        let tables = self.ask(operation, &select(fields, hub, range)).await?;
        let mut ticks = Vec::new();
        for table in &tables {
            table::ticks(table, &mut ticks).map_err(|error| unusable(operation, &error))?;
        }
        Ok(ticks)
    }

    /// `range` without what is empty at its ends.
    async fn occupied(
        &self,
        operation: &'static str,
        hub: HubId,
        range: TimeRange,
    ) -> Result<TimeRange, StoreError> {
        let edge = |selector: &'static str| async move {
            let tables: Vec<Table<Option<i64>>> =
                self.ask(operation, &select(&format!("{selector}(dt)"), hub, range)).await?;
            let time = tables.first().and_then(|table| *table.values.first()?.first()?);
            Ok::<_, StoreError>(time.map(UtcMillis))
        };
        Ok(match (edge("first").await?, edge("last").await?) {
            (Some(first), Some(last)) => TimeRange::new(first, last.plus_millis(1)),
            _ => TimeRange::new(range.start, range.start),
        })
    }

    async fn ask<V: DeserializeOwned>(
        &self,
        operation: &'static str,
        question: &str,
    ) -> Result<Vec<Table<V>>, StoreError> {
        ask(&self.connection, operation, self.timeout, &self.database, question).await
    }
}

/// How long the ticks are, and these sockets. A tick that has none of them has its length still.
fn fields_of(mask: u64) -> String {
    SocketNumber::in_mask(mask).fold("dt".to_owned(), |fields, socket| format!("{fields},s{socket}"))
}

/// Nothing but a UUID and numbers goes into a question, so there is nothing to inject.
fn select(what: &str, hub: HubId, range: TimeRange) -> String {
    format!(
        "SELECT {what} FROM {MEASUREMENT} WHERE hub='{hub}' AND time>={}ms AND time<{}ms",
        range.start.0, range.end.0
    )
}

/// Windows begin at multiples of their length, so a range is cut the same way every time.
fn cut(range: TimeRange) -> impl Iterator<Item = TimeRange> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let end = start.floor_to(WINDOW_MILLIS).plus_millis(WINDOW_MILLIS).min(range.end);
        let window = TimeRange::new(start, end);
        start = end;
        (!window.is_empty()).then_some(window)
    })
}

/// Asks one question and reads the whole answer.
pub(crate) async fn ask<V: DeserializeOwned>(
    connection: &Connection,
    operation: &'static str,
    timeout: Duration,
    database: &str,
    question: &str,
) -> Result<Vec<Table<V>>, StoreError> {
    let mut url = connection.url("/query");
    url.query_pairs_mut()
        .append_pair("db", database)
        .append_pair("epoch", "ms")
        // Unless chunked, the server may cut answers short.
        .append_pair("chunked", "true")
        .append_pair("chunk_size", CHUNK_ROWS)
        .append_pair("q", question);
    let request = connection.post(url).header(ACCEPT, MESSAGE_PACK).timeout(timeout);
    let mut response = connection.send(operation, request).await?;

    let status = response.status();
    if status != StatusCode::OK {
        let retry_after = retry_after(&response);
        let said = refusal(response).await;
        let reason = format!("HTTP {status}: {}", String::from_utf8_lossy(&said).trim());
        return Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                StoreError::Unauthorised { operation, reason }
            }
            _ => StoreError::Unavailable { operation, reason, retry_after },
        });
    }
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| not_reached(operation, &error))? {
        if body.len() + part.len() > LONGEST_ANSWER {
            let reason = format!("the answer has more than {LONGEST_ANSWER} bytes");
            return Err(StoreError::Unavailable { operation, reason, retry_after: None });
        }
        body.extend_from_slice(&part);
    }
    table::read(&content_type, &body).map_err(|error| unusable(operation, &error))
}

pub(crate) fn unusable(operation: &'static str, error: &dyn std::error::Error) -> StoreError {
    StoreError::Unavailable { operation, reason: error.to_string(), retry_after: None }
}

#[async_trait]
impl MeasurementQuery for Reader {
    async fn ticks(&self, hub: HubId, range: TimeRange) -> Result<Vec<StoredTick>, StoreError> {
        let mut ticks: Vec<StoredTick> = self.windows(TICKS, ALL, hub, range).await?.try_concat().await?;
        // A line of foreign fields only is not a tick of ours.
        ticks.retain(|tick| !tick.energy.is_empty());
        Ok(ticks)
    }

    async fn socket_ticks(
        &self,
        hub: HubId,
        mask: u64,
        range: TimeRange,
    ) -> Result<Vec<StoredTick>, StoreError> {
        self.windows(TICKS, &fields_of(mask), hub, range).await?.try_concat().await
    }

    async fn quarter_hours(&self, hub: HubId, range: TimeRange) -> Result<Vec<SocketSums>, StoreError> {
        let mut windows = std::pin::pin!(self.windows(QUARTER_HOURS, ALL, hub, range).await?);
        let mut sockets: Vec<Vec<BucketSum>> = vec![Vec::new(); domain::ids::MAX_SOCKETS];
        while let Some(ticks) = windows.try_next().await? {
            for SocketSums { socket, sums } in sum_quarter_hours(&ticks) {
                sockets[socket.index()].extend(sums);
            }
        }
        Ok(SocketNumber::in_mask(u64::MAX)
            .zip(sockets)
            .filter(|(_, sums)| !sums.is_empty())
            .map(|(socket, sums)| SocketSums { socket, sums })
            .collect())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.connection.ping(PING, self.timeout).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_the_range_without_overlap() {
        let edges = |start, end| {
            cut(TimeRange::new(UtcMillis(start), UtcMillis(end)))
                .map(|window| (window.start.0, window.end.0))
                .collect::<Vec<_>>()
        };
        let w = WINDOW_MILLIS;
        assert_eq!(edges(0, 2 * w), [(0, w), (w, 2 * w)]);
        assert_eq!(edges(5, w + 1), [(5, w), (w, w + 1)]);
        assert_eq!(edges(-1, 1), [(-1, 0), (0, 1)]);
        assert_eq!(edges(5, 5), []);
        assert_eq!(edges(7, 5), []);
    }

    #[test]
    fn a_question_holds_a_uuid_and_two_numbers() {
        let range = TimeRange::new(UtcMillis(-5), UtcMillis(7));
        assert_eq!(
            select("*::field", HubId::from_bytes([0xab; 16]), range),
            "SELECT *::field FROM energy WHERE hub='abababab-abab-abab-abab-abababababab' AND time>=-5ms AND time<7ms"
        );
    }
}
