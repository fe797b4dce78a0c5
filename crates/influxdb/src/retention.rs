//! How long InfluxDB keeps ticks: what it says, and how to tell it otherwise.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::measurement::StoreError;
use domain::rollup::{DayRollup, UtcDay};
use domain::{HubId, UtcMillis};
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::config::{Api, Config};
use crate::connection::{BuildError, Connection, refusal, retry_after};
use crate::line;
use crate::query::{TIMES, ask, unusable};
use crate::rollups::{DAYS, MARKS, quarters};
use crate::table::Table;

const SHOW: &str = "asking InfluxDB how long it keeps ticks";
const SET: &str = "telling InfluxDB how long to keep ticks";
const OLDEST: &str = "asking InfluxDB for the oldest tick";
const DISK: &str = "asking InfluxDB how much disk it uses";
const ROLLED_UP: &str = "asking InfluxDB what is not rolled up";

/// These questions are about all hubs at once.
const PATIENCE: u32 = 4;
const SECONDS_PER_DAY: u64 = 86_400;

/// The rule of one bucket, or of the database of 1.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub bucket: String,
    /// For ever without.
    pub keeps: Option<Duration>,
    /// What is forgotten is forgotten a whole shard at a time, and a retention that is shorter is refused.
    pub shard: Duration,
    /// The name of the policy in 1.x, the bucket's id in 2.x.
    id: String,
}

/// What there is of ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub oldest: Option<UtcMillis>,
    /// `None`: this version does not say.
    pub disk_bytes: Option<u64>,
}

/// The rules of one InfluxDB. Building it does no IO.
#[derive(Debug)]
pub struct Retention {
    connection: Connection,
    api: Api,
    org: String,
    ticks: String,
    days: String,
    timeout: Duration,
}

impl Retention {
    /// `config` is of one store: see [`Config::each`].
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Ok(Self {
            connection: Connection::new(config)?,
            api: config.api,
            org: config.org.clone(),
            ticks: config.bucket.clone(),
            days: config.rollup_bucket(),
            timeout: config.query_timeout() * PATIENCE,
        })
    }

    /// Of the ticks.
    pub async fn of_ticks(&self) -> Result<Policy, StoreError> {
        self.policy(&self.ticks).await
    }

    /// Of the rollups, which should have no end.
    pub async fn of_rollups(&self) -> Result<Policy, StoreError> {
        self.policy(&self.days).await
    }

    /// Gives what it is afterwards. What is older is gone within the half hour, and cannot be had back.
    pub async fn set(&self, policy: &Policy, days: Option<u32>) -> Result<Policy, StoreError> {
        match self.api {
            Api::V1 => {
                let duration = days.map_or_else(|| "INF".to_owned(), |days| format!("{days}d"));
                let statement = format!(
                    "ALTER RETENTION POLICY {} ON {} DURATION {duration}",
                    quoted(&policy.id),
                    quoted(&policy.bucket)
                );
                self.ask::<Value>(SET, "", &statement).await?;
            }
            Api::V2 => {
                let rule = json!({
                    "type": "expire",
                    "everySeconds": u64::from(days.unwrap_or(0)) * SECONDS_PER_DAY,
                    "shardGroupDurationSeconds": policy.shard.as_secs(),
                });
                let url = self.connection.url(&format!("/api/v2/buckets/{}", policy.id));
                let request = self.connection.patch(url).json(&json!({ "retentionRules": [rule] }));
                self.send::<Value>(SET, request).await?;
            }
        }
        self.policy(&policy.bucket).await
    }

    pub async fn held(&self) -> Result<Held, StoreError> {
        let question = within("first(dt)", line::MEASUREMENT, "");
        let tables = self.ask::<Option<i64>>(OLDEST, &self.ticks, &question).await?;
        let oldest = tables.first().and_then(|table| *table.values.first()?.first()?).map(UtcMillis);
        let disk_bytes = match self.api {
            Api::V1 => Some(self.disk_bytes().await?),
            Api::V2 => None,
        };
        Ok(Held { oldest, disk_bytes })
    }

    /// The earliest instant whose ticks no rollup tells of yet, or of a day that is marked to be rolled up again. `None`:
    /// all that is there is rolled up. `kept_since`: marks of earlier days are never settled any more.
    pub async fn not_rolled_up_from(&self, kept_since: UtcMillis) -> Result<Option<UtcMillis>, StoreError> {
        let group = " GROUP BY hub";
        let (ticks, days) = (&self.ticks, &self.days);
        let first = self.by_hub(ticks, &within("first(dt)", line::MEASUREMENT, group)).await?;
        let last = self.by_hub(ticks, &within("last(dt)", line::MEASUREMENT, group)).await?;
        let pages = self.by_hub(days, &within("last(q)", DAYS, group)).await?;
        let waiting = last.iter().filter_map(|(hub, &(last, _))| match pages.get(hub) {
            Some(&(start, q)) => {
                let page = DayRollup::empty(*hub, UtcDay::of(start));
                let until = DayRollup { quarters: quarters(q), ..page }.until();
                (last >= until).then_some(until)
            }
            None => first.get(hub).map(|&(first, _)| first),
        });
        let open = format!(" AND open=1 AND time>={}ms GROUP BY hub", UtcDay::of(kept_since).start().0);
        let marks = self.by_hub(ticks, &within("first(open)", MARKS, &open)).await?;
        let marked = marks.values().map(|&(at, _)| UtcDay::of(at).start());
        Ok(waiting.chain(marked).min())
    }

    async fn policy(&self, bucket: &str) -> Result<Policy, StoreError> {
        match self.api {
            Api::V1 => {
                let question = format!("SHOW RETENTION POLICIES ON {}", quoted(bucket));
                let tables = self.ask::<Value>(SHOW, "", &question).await?;
                default_policy(bucket, &tables).ok_or_else(|| missing(bucket))
            }
            Api::V2 => {
                let mut url = self.connection.url("/api/v2/buckets");
                url.query_pairs_mut().append_pair("name", bucket).append_pair("org", &self.org);
                let found: Buckets = self.send(SHOW, self.connection.get(url)).await?;
                let found = found.buckets.into_iter().find(|found| found.name == bucket);
                found.map(Bucket::policy).ok_or_else(|| missing(bucket))
            }
        }
    }

    /// Time and value of the only row of each hub.
    async fn by_hub(
        &self,
        bucket: &str,
        question: &str,
    ) -> Result<BTreeMap<HubId, (UtcMillis, i64)>, StoreError> {
        let tables = self.ask::<Option<i64>>(ROLLED_UP, bucket, question).await?;
        let row = |table: &Table<Option<i64>>| {
            let row = table.values.first()?;
            Some((table.hub()?, (UtcMillis((*row.first()?)?), (*row.get(1)?)?)))
        };
        Ok(tables.iter().filter_map(row).collect())
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let tables = self.ask::<Value>(DISK, "", "SHOW STATS FOR 'shard'").await?;
        let of_ticks = tables.iter().filter(|table| table.tags.get("database") == Some(&self.ticks));
        let bytes = of_ticks.filter_map(|table| {
            let column = table.columns.iter().position(|column| column == "diskBytes")?;
            table.values.first()?.get(column)?.as_u64()
        });
        Ok(bytes.sum())
    }

    async fn ask<V: DeserializeOwned>(
        &self,
        operation: &'static str,
        bucket: &str,
        question: &str,
    ) -> Result<Vec<Table<V>>, StoreError> {
        ask(&self.connection, operation, self.timeout, bucket, question).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<T, StoreError> {
        let answer = self.connection.send(operation, request.timeout(self.timeout)).await?;
        let (status, retry_after) = (answer.status(), retry_after(&answer));
        let body = refusal(answer).await;
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(|error| unusable(operation, &error));
        }
        let reason = format!("HTTP {status}: {}", String::from_utf8_lossy(&body).trim());
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                StoreError::Unauthorised { operation, reason }
            }
            _ => StoreError::Unavailable { operation, reason, retry_after },
        })
    }
}

#[derive(Deserialize)]
struct Buckets {
    #[serde(default)]
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    id: String,
    name: String,
    #[serde(default)]
    retention_rules: Vec<Rule>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    /// 0 is for ever.
    every_seconds: u64,
    shard_group_duration_seconds: u64,
}

impl Bucket {
    fn policy(self) -> Policy {
        let rule = self.retention_rules.first().copied().unwrap_or_default();
        Policy {
            bucket: self.name,
            keeps: (rule.every_seconds > 0).then(|| Duration::from_secs(rule.every_seconds)),
            shard: Duration::from_secs(rule.shard_group_duration_seconds),
            id: self.id,
        }
    }
}

/// Where writes and questions go that name no policy, as ours do.
fn default_policy(bucket: &str, tables: &[Table<Value>]) -> Option<Policy> {
    let table = tables.first()?;
    let column = |name: &str| table.columns.iter().position(|column| column == name);
    let (name, duration) = (column("name")?, column("duration")?);
    let (shard, is_default) = (column("shardGroupDuration")?, column("default")?);
    let row = table.values.iter().find(|row| row.get(is_default) == Some(&Value::Bool(true)))?;
    let keeps = go_duration(row.get(duration)?.as_str()?)?;
    Some(Policy {
        bucket: bucket.to_owned(),
        keeps: (!keeps.is_zero()).then_some(keeps),
        shard: go_duration(row.get(shard)?.as_str()?)?,
        id: row.get(name)?.as_str()?.to_owned(),
    })
}

/// As Go writes it: `720h0m0s`, `0s`.
fn go_duration(text: &str) -> Option<Duration> {
    let (mut seconds, mut number) = (0_u64, String::new());
    for sign in text.chars() {
        let unit = match sign {
            '0'..='9' => {
                number.push(sign);
                continue;
            }
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then(|| Duration::from_secs(seconds))
}

/// An identifier of InfluxQL: somebody else may have named the policy.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Nothing but our own names and numbers goes into a question.
fn within(what: &str, measurement: &str, rest: &str) -> String {
    let (start, end) = (TIMES.start.0, TIMES.end.0);
    format!("SELECT {what} FROM {measurement} WHERE time>={start}ms AND time<{end}ms{rest}")
}

fn missing(bucket: &str) -> StoreError {
    let reason = format!("there is no bucket or database {bucket:?}, or this login may not see it");
    StoreError::Unavailable { operation: SHOW, reason, retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_of_go_is_read() {
        assert_eq!(go_duration("720h0m0s"), Some(Duration::from_hours(720)));
        assert_eq!(go_duration("1h30m5s"), Some(Duration::from_secs(5_405)));
        assert_eq!(go_duration("0s"), Some(Duration::ZERO));
        for broken in ["12", "h", "5d", "99999999999999999999h"] {
            assert_eq!(go_duration(broken), None, "{broken}");
        }
    }

    #[test]
    fn nobody_breaks_out_of_quotes() {
        assert_eq!(quoted(r#"a" ON "b\"#), r#""a\" ON \"b\\""#);
    }
}
