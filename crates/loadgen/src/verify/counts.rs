//! How many points the store itself says it has, hub by hub, at any time.

use std::collections::HashMap;
use std::time::Duration;

use domain::HubId;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, RequestBuilder};
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::population::Population;

/// InfluxDB counts nanoseconds in 63 bits; without bounds it leaves out what is in the future.
const QUESTION: &str = "SELECT count(dt) FROM energy WHERE time >= -9223372036000ms AND time <= 9223372036000ms \
                        GROUP BY hub";
const LIMIT: Duration = Duration::from_mins(5);
/// A hub's count takes 150 bytes; a longer line is not InfluxDB's.
const LONGEST_LINE: usize = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum CountError {
    #[error("counting in InfluxDB: {0}")]
    Http(#[from] reqwest::Error),
    #[error("counting in InfluxDB: {0}")]
    Answer(String),
}

#[derive(Debug)]
pub(super) struct Counts {
    client: Client,
    config: influxdb::Config,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    results: Vec<Outcome>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    series: Vec<Series>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Series {
    tags: Tags,
    values: Vec<(i64, u64)>,
}

#[derive(Deserialize)]
struct Tags {
    hub: String,
}

impl Counts {
    pub(super) fn new(config: &influxdb::Config) -> Result<Self, CountError> {
        let client = Client::builder().no_proxy().timeout(LIMIT).build()?;
        Ok(Self { client, config: config.clone() })
    }

    /// By the index of the hub; hubs that are not of this population are passed over.
    pub(super) async fn by_hub(&self, population: &Population) -> Result<HashMap<u32, u64>, CountError> {
        let mut response = self.question().send().await?;
        if !response.status().is_success() {
            let status = response.status();
            return Err(CountError::Answer(format!("HTTP {status}: {}", response.text().await?.trim())));
        }
        let mut counts = HashMap::new();
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(part) = response.chunk().await? {
            bytes.extend_from_slice(&part);
            let Some(end) = bytes.iter().rposition(|&byte| byte == b'\n') else {
                if bytes.len() > LONGEST_LINE {
                    return Err(CountError::Answer("it is not what InfluxDB says".to_owned()));
                }
                continue;
            };
            take_in(&bytes[..end], population, &mut counts)?;
            bytes.drain(..=end);
        }
        take_in(&bytes, population, &mut counts)?;
        Ok(counts)
    }

    fn question(&self) -> RequestBuilder {
        let url = format!("{}/query", self.config.url.trim_end_matches('/'));
        let query = [
            ("db", self.config.bucket.as_str()),
            ("epoch", "ms"),
            // A document per line, so that not all of them are in memory at once.
            ("chunked", "true"),
            ("q", QUESTION),
        ];
        let request = self.client.post(url).query(&query);
        match (&self.config.token, &self.config.username, &self.config.password) {
            (Some(token), ..) => request.header(AUTHORIZATION, format!("Token {}", token.expose_secret())),
            (None, Some(user), Some(password)) => request.basic_auth(user, Some(password.expose_secret())),
            _ => request,
        }
    }
}

fn take_in(lines: &[u8], population: &Population, counts: &mut HashMap<u32, u64>) -> Result<(), CountError> {
    for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let document: Document =
            serde_json::from_slice(line).map_err(|error| CountError::Answer(error.to_string()))?;
        let refusals = document.results.iter().map(|outcome| &outcome.error).chain([&document.error]);
        if let Some(refusal) = refusals.flatten().next() {
            return Err(CountError::Answer(refusal.clone()));
        }
        for series in document.results.into_iter().flat_map(|outcome| outcome.series) {
            let hub = series.tags.hub.parse::<HubId>().ok().and_then(|hub| population.index_of(hub));
            if let Some(hub) = hub {
                *counts.entry(hub).or_default() += series.values.iter().map(|(_, count)| count).sum::<u64>();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::tests::population;

    fn line(hub: &str, count: u64) -> String {
        format!(
            r#"{{"results":[{{"statement_id":0,"series":[{{"name":"energy","tags":{{"hub":"{hub}"}},"columns":["time","count"],"values":[[0,{count}]]}}],"partial":true}}]}}"#
        )
    }

    #[test]
    fn hubs_of_others_are_passed_over() {
        let population = population();
        let text = format!(
            "{}\n{}\n{}\n",
            line(&population.hub(3).to_string(), 7),
            line("0192f0c1-6f4e-7c3a-9a51-5f2b8c1d7e60", 9),
            line("not a hub", 9)
        );
        let mut counts = HashMap::new();
        take_in(text.as_bytes(), &population, &mut counts).unwrap();
        assert_eq!(counts, HashMap::from([(3, 7)]));
    }

    #[test]
    fn an_empty_store_counts_nothing_and_a_refusal_is_an_error() {
        let mut counts = HashMap::new();
        take_in(br#"{"results":[{"statement_id":0}]}"#, &population(), &mut counts).unwrap();
        assert!(counts.is_empty());
        let refusal = br#"{"results":[{"statement_id":0,"error":"database not found: x"}]}"#;
        assert!(take_in(refusal, &population(), &mut counts).is_err());
    }
}
