//! What messages are made of.

use domain::energy::{Microjoules, Milliwatts};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Fault;
use crate::quantity;

/// No message of a plug is longer.
pub(super) const MOST_BYTES: usize = 64 * 1_024;

/// A value of a plug, or one for each of its channels.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum PerChannel {
    One(f64),
    Each(Vec<f64>),
}

impl PerChannel {
    /// 0 is the first, and the only one of a value that is not told per channel.
    pub(super) fn get(&self, channel: usize) -> Option<f64> {
        match self {
            Self::One(value) => (channel == 0).then_some(*value),
            Self::Each(values) => values.get(channel).copied(),
        }
    }
}

pub(super) fn json<T: DeserializeOwned>(topic: &str, body: &[u8]) -> Result<T, Fault> {
    let malformed = |reason: String| Fault::Malformed { topic: topic.to_owned(), reason };
    if body.len() > MOST_BYTES {
        return Err(malformed(format!("{} bytes", body.len())));
    }
    serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))
}

/// A message that is just a number.
pub(super) fn number(topic: &str, body: &[u8]) -> Result<f64, Fault> {
    let text = std::str::from_utf8(body).ok().map(str::trim).filter(|text| text.len() <= 40);
    let number = text.and_then(|text| text.parse::<f64>().ok());
    number.ok_or_else(|| Fault::Malformed { topic: topic.to_owned(), reason: "not a number".to_owned() })
}

pub(super) fn watts(topic: &str, field: &str, value: f64) -> Result<Milliwatts, Fault> {
    quantity::watts(value).ok_or_else(|| absurd(topic, field, value))
}

pub(super) fn kilowatt_hours(topic: &str, field: &str, value: f64) -> Result<Microjoules, Fault> {
    quantity::kilowatt_hours(value).ok_or_else(|| absurd(topic, field, value))
}

/// What a counter shows that never falls below zero.
pub(super) fn counted(topic: &str, field: &str, kwh: f64) -> Result<Microjoules, Fault> {
    if kwh < 0.0 { Err(absurd(topic, field, kwh)) } else { kilowatt_hours(topic, field, kwh) }
}

fn absurd(topic: &str, field: &str, value: f64) -> Fault {
    Fault::Absurd { topic: topic.to_owned(), field: field.to_owned(), value: value.to_string() }
}

pub(super) fn missing(topic: &str, field: &str) -> Fault {
    Fault::Missing { topic: topic.to_owned(), field: field.to_owned() }
}
