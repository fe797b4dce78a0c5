//! Whether the store holds what the ledger says, no more and no less.

mod counts;
mod expected;
mod judge;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use domain::measurement::{MeasurementQuery, StoreError};
use domain::{HubId, TimeRange};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::{Instant, sleep};

pub use counts::CountError;
pub use judge::Findings;

use crate::amqp::{self, Address, Connection};
use crate::ledger::{End, LedgerError};
use crate::summary::table;
use counts::Counts;
use expected::{Expected, Sent};

const DEAD_LETTERS: &str = "telemetry.dead";
const HUBS_AT_ONCE: usize = 8;
const POLL: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_secs(10);
/// Beyond the last tick of a ledger that was not closed.
const TICKS_UNRECORDED: i64 = 8_640;

/// Where to look.
#[derive(Clone, Debug)]
pub struct Question {
    pub ledger: PathBuf,
    pub influxdb: influxdb::Config,
    /// Of the broker whose dead letters are held against the poison.
    pub rabbitmq_url: Option<String>,
    /// How long to wait for what is still on its way.
    pub wait: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Client(#[from] influxdb::BuildError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Count(#[from] CountError),
    #[error(transparent)]
    Broker(#[from] amqp::Error),
    #[error("there is no queue {DEAD_LETTERS}")]
    NoDeadLetters,
}

/// What was found. A tick counts once, however many of its values are missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Confirmed by the broker, without duplicates and poison.
    pub containers: u64,
    /// Different ticks of those.
    pub ticks_expected: u64,
    #[serde(flatten)]
    pub findings: Findings,
    /// When a broker was given.
    pub dead_letters: Option<u64>,
    pub dead_expected: u64,
    pub ok: bool,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dead = self.dead_letters.map_or_else(|| "not asked".to_owned(), |letters| letters.to_string());
        let rows = [
            ("containers confirmed", self.containers.to_string()),
            ("ticks expected", self.ticks_expected.to_string()),
            ("ticks stored", self.findings.ticks_stored.to_string()),
            ("missing", self.findings.missing.to_string()),
            ("wrong", self.findings.wrong.to_string()),
            ("unexpected", self.findings.unexpected.to_string()),
            ("duplicated", self.findings.duplicated.to_string()),
            ("dead letters", format!("{dead}, of {} poison", self.dead_expected)),
            ("verdict", if self.ok { "all is there, once" } else { "NOT ok" }.to_owned()),
        ];
        table(f, &rows)
    }
}

/// Reads the ledger, and then the store until nothing is missing or the time is over. Until then a store or broker
/// that does not answer is waited for, too.
pub async fn verify(question: &Question) -> Result<Verdict, VerifyError> {
    let auditor = Auditor {
        expected: Expected::read(&question.ledger)?,
        reader: influxdb::Reader::new(&question.influxdb)?,
        counts: Counts::new(&question.influxdb)?,
        broker: question.rabbitmq_url.as_deref().map(str::parse::<Address>).transpose()?,
    };
    let begin = Instant::now();
    loop {
        let is_last = begin.elapsed() >= question.wait;
        match auditor.look(is_last).await {
            Ok(Some(verdict)) if verdict.ok || is_last => return Ok(verdict),
            Err(error) if is_last => return Err(error),
            Ok(_) | Err(_) => sleep(POLL).await,
        }
    }
}

struct Auditor {
    expected: Expected,
    reader: influxdb::Reader,
    counts: Counts,
    broker: Option<Address>,
}

impl Auditor {
    /// `None` when there is too little yet to look closer, which takes long.
    async fn look(&self, closely: bool) -> Result<Option<Verdict>, VerifyError> {
        let expected = &self.expected;
        let dead_letters = match &self.broker {
            Some(address) => Some(dead_letters(address).await?),
            None => None,
        };
        let dead_enough = dead_letters.is_none_or(|letters| letters >= expected.poison_confirmed);
        let counted = self.counts.by_hub(&expected.population).await?;
        let stored: u64 = counted.values().sum();
        let may_be_well = dead_enough && stored >= expected.ticks;
        if !closely && !may_be_well {
            return Ok(None);
        }
        let findings = judge_all(&self.reader, expected, &counted).await?;
        Ok(Some(Verdict {
            containers: expected.containers,
            ticks_expected: expected.ticks,
            findings,
            dead_letters,
            dead_expected: expected.poison_confirmed,
            ok: findings.are_none() && dead_enough,
        }))
    }
}

async fn dead_letters(address: &Address) -> Result<u64, VerifyError> {
    let length = Connection::open(address, LIMIT).await?.queue_length(DEAD_LETTERS, LIMIT).await?;
    length.map(u64::from).ok_or(VerifyError::NoDeadLetters)
}

async fn judge_all(
    reader: &influxdb::Reader,
    expected: &Expected,
    counted: &HashMap<u32, u64>,
) -> Result<Findings, VerifyError> {
    let quiet = counted.keys().filter(|&&hub| expected.of_hub(hub).is_empty());
    let hubs = expected.by_hub().chain(quiet.map(|&hub| (hub, [].as_slice())));
    stream::iter(hubs)
        .map(|(hub, sent)| judge_hub(reader, expected, hub, sent, counted.get(&hub).copied().unwrap_or(0)))
        .buffer_unordered(HUBS_AT_ONCE)
        .try_fold(Findings::default(), async |all, one| Ok(all + one))
        .await
}

async fn judge_hub(
    reader: &influxdb::Reader,
    expected: &Expected,
    hub: u32,
    sent: &[Sent],
    count: u64,
) -> Result<Findings, VerifyError> {
    let population = &expected.population;
    let id: HubId = population.hub(hub);
    let (first, last) = match expected.end {
        End::Closed => match sent {
            [first, .., last] => (first.tick(), last.tick()),
            [only] => (only.tick(), only.tick()),
            [] => (0, -1),
        },
        End::Open => (0, expected.last_tick + TICKS_UNRECORDED),
    };
    let range = TimeRange::new(population.tick_start(first), population.tick_start(last + 1));
    let stored = if count == 0 || range.is_empty() { Vec::new() } else { reader.ticks(id, range).await? };
    Ok(judge::judge(population, hub, sent, &stored, count, expected.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_find_every_figure_by_its_name() {
        let verdict = Verdict {
            containers: 1,
            ticks_expected: 1,
            findings: Findings::default(),
            dead_letters: None,
            dead_expected: 0,
            ok: true,
        };
        let json = serde_json::to_value(verdict).unwrap();
        for key in [
            "containers",
            "ticks_expected",
            "ticks_stored",
            "missing",
            "wrong",
            "unexpected",
            "duplicated",
            "dead_letters",
            "dead_expected",
            "ok",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
    }
}
