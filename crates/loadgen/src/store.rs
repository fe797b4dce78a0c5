//! The store alone: the production writer, or a line per value as a first sketch would have it.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::batch::TickBatch;
use domain::measurement::{MeasurementStore, StoreError};
use domain::{HubId, TickLength, UtcMillis};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::population::Population;
use crate::summary::table;

const LIMIT: Duration = Duration::from_mins(1);

#[derive(Clone, Debug)]
pub struct StoreLoad {
    pub influxdb: influxdb::Config,
    pub population: Population,
    pub containers: u64,
    pub batch_values: u64,
    /// Under way at once.
    pub writes: u32,
    pub narrow: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreLoadError {
    #[error(transparent)]
    Client(#[from] influxdb::BuildError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("writing narrow lines to InfluxDB: {0}")]
    Http(#[from] reqwest::Error),
    #[error("writing narrow lines to InfluxDB: HTTP {status}: {reason}")]
    Refused { status: u16, reason: String },
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct StoreSummary {
    pub values: u64,
    pub seconds: f64,
    pub values_per_s: f64,
}

/// Writes all, in turns of the hubs as a queue would bring them. Nothing is tried again: a refusal is an error.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub async fn store(load: &StoreLoad) -> Result<StoreSummary, StoreLoadError> {
    influxdb::prepare(&load.influxdb).await?;
    let load = Arc::new(load.clone());
    let next = Arc::new(AtomicU64::new(0));
    let target = Arc::new(Target::new(&load)?);
    let begin = Instant::now();
    let mut writers = JoinSet::new();
    for _ in 0..load.writes {
        writers.spawn(write_all(Arc::clone(&load), Arc::clone(&target), Arc::clone(&next)));
    }
    while let Some(outcome) = writers.join_next().await {
        match outcome {
            Ok(written) => written?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let values = load.containers * u64::from(load.population.sockets);
    Ok(StoreSummary { values, seconds, values_per_s: values as f64 / seconds })
}

async fn write_all(
    load: Arc<StoreLoad>,
    target: Arc<Target>,
    next: Arc<AtomicU64>,
) -> Result<(), StoreLoadError> {
    let each = (load.batch_values / u64::from(load.population.sockets)).max(1);
    let (mut batch, mut lines) = (TickBatch::default(), String::new());
    loop {
        let first = next.fetch_add(each, Ordering::Relaxed);
        if first >= load.containers {
            return Ok(());
        }
        batch.clear();
        for number in first..(first + each).min(load.containers) {
            append(&load.population, number, &mut batch);
        }
        match target.as_ref() {
            Target::Wide(writer) => writer.write(batch.all()).await?,
            Target::Narrow(narrow) => {
                lines.clear();
                encode_narrow(&batch, &mut lines);
                narrow.write(lines.clone()).await?;
            }
        }
    }
}

fn append(population: &Population, number: u64, batch: &mut TickBatch) {
    let hubs = u64::from(population.hubs);
    let (hub, tick) = (number % hubs, number / hubs);
    let hub = u32::try_from(hub).unwrap_or(0);
    batch.push(&population.container(hub, tick.cast_signed()));
}

enum Target {
    Wide(influxdb::Writer),
    Narrow(Narrow),
}

impl Target {
    fn new(load: &StoreLoad) -> Result<Self, StoreLoadError> {
        Ok(if load.narrow {
            Self::Narrow(Narrow::new(&load.influxdb)?)
        } else {
            Self::Wide(influxdb::Writer::new(&load.influxdb)?)
        })
    }
}

struct Narrow {
    client: reqwest::Client,
    url: String,
    query: Vec<(&'static str, String)>,
    token: Option<String>,
}

impl Narrow {
    fn new(config: &influxdb::Config) -> Result<Self, StoreLoadError> {
        let base = config.url.trim_end_matches('/');
        let (path, mut query) = match config.api {
            influxdb::Api::V1 => ("/write", vec![("db", config.bucket.clone())]),
            influxdb::Api::V2 => {
                ("/api/v2/write", vec![("org", config.org.clone()), ("bucket", config.bucket.clone())])
            }
        };
        query.push(("precision", "ms".to_owned()));
        let token = config.token.as_ref().map(|token| format!("Token {}", token.expose_secret()));
        let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).build()?;
        Ok(Self { client, url: format!("{base}{path}"), query, token })
    }

    async fn write(&self, lines: String) -> Result<(), StoreLoadError> {
        let mut request = self.client.post(&self.url).query(&self.query).body(lines);
        request = request.header(CONTENT_TYPE, "text/plain; charset=utf-8");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        let response = request.send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(StoreLoadError::Refused { status: status.as_u16(), reason: response.text().await? })
    }
}

/// A line, and a series, per socket.
fn encode_narrow(batch: &TickBatch, lines: &mut String) {
    for tick in batch.all().iter() {
        for (socket, joules) in domain::SocketNumber::in_mask(tick.mask).zip(tick.joules) {
            narrow_line(lines, tick.hub, socket.get(), *joules, tick.length, tick.start);
        }
    }
}

fn narrow_line(
    lines: &mut String,
    hub: HubId,
    socket: u8,
    joules: i64,
    length: TickLength,
    start: UtcMillis,
) {
    let (length, start) = (length.millis(), start.0);
    // Writing to a string does not fail.
    writeln!(lines, "energy_narrow,hub={hub},socket={socket} joules={joules}i,dt={length}i {start}").ok();
}

impl fmt::Display for StoreSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("values", self.values.to_string()),
            ("time", format!("{:.1} s", self.seconds)),
            ("rate", format!("{:.0} values/s", self.values_per_s)),
        ];
        table(f, &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::tests::population;

    #[test]
    fn hubs_take_turns_and_go_on_with_the_next_tick() {
        let population = Population { hubs: 3, sockets: 2, ..population() };
        let mut batch = TickBatch::default();
        for number in 2..5 {
            append(&population, number, &mut batch);
        }
        let seen: Vec<(HubId, UtcMillis)> = batch.all().iter().map(|tick| (tick.hub, tick.start)).collect();
        let (now, next) = (population.tick_start(0), population.tick_start(1));
        assert_eq!(seen, [(population.hub(2), now), (population.hub(0), next), (population.hub(1), next)]);
    }

    #[test]
    fn a_narrow_line_tells_one_value() {
        let mut lines = String::new();
        narrow_line(
            &mut lines,
            HubId::from_bytes([0xab; 16]),
            7,
            118,
            TickLength::DEFAULT,
            UtcMillis(20_000),
        );
        assert_eq!(
            lines,
            "energy_narrow,hub=abababab-abab-abab-abab-abababababab,socket=7 joules=118i,dt=10000i 20000\n"
        );
    }
}
