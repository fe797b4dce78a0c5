//! Tasmota: `ENERGY` in `tele/…/SENSOR`, and in the answer to `Status 10`. Its `Time` has no offset and is not used.
//!
//! A plug with several channels tells `Power` for each, but `Total` for all together unless `SetOption129` is 1
//! (<https://tasmota.github.io/docs/Commands/#setoption129>): such a sum is the counter of no channel.

use std::time::Duration;

use domain::metering::Reading;
use serde::Deserialize;

use super::Fault;
use super::payload::{self, PerChannel};
use super::plug::Question;
use crate::config::{DEFAULT_POLL_SECS, Tasmota};

#[derive(Deserialize)]
struct Sensor {
    #[serde(rename = "ENERGY")]
    energy: Option<Energy>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(rename = "StatusSNS")]
    sensor: Option<Sensor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Energy {
    power: Option<PerChannel>,
    total: Option<PerChannel>,
}

/// One channel of a plug.
#[derive(Clone, Debug)]
pub struct Plug {
    sensor: String,
    will: String,
    answer: String,
    question: Option<Question>,
    /// 0 is the first.
    channel: usize,
    /// Whether it has a counter that is to be believed.
    counts: bool,
}

impl Plug {
    pub fn new(config: &Tasmota) -> Self {
        let full = config.full_topic.as_deref().unwrap_or("%prefix%/%topic%/");
        let topic = |prefix: &str, rest: &str| {
            let folder = full.replace("%prefix%", prefix).replace("%topic%", &config.topic);
            let slash = if folder.ends_with('/') { "" } else { "/" };
            format!("{folder}{slash}{rest}")
        };
        let every = config.poll_secs.unwrap_or(DEFAULT_POLL_SECS);
        let question = (every > 0).then(|| Question {
            topic: topic("cmnd", "STATUS"),
            body: "10".to_owned(),
            every: Duration::from_secs(every.into()),
        });
        Self {
            sensor: topic("tele", "SENSOR"),
            will: topic("tele", "LWT"),
            answer: topic("stat", "STATUS10"),
            question,
            channel: usize::from(config.channel.unwrap_or(1).saturating_sub(1)),
            counts: config.counter.unwrap_or(true),
        }
    }

    pub(super) fn topics(&self) -> Vec<String> {
        vec![self.sensor.clone(), self.will.clone(), self.answer.clone()]
    }

    pub(super) fn question(&self) -> Option<Question> {
        self.question.clone()
    }

    pub(super) fn hear(&self, topic: &str, body: &[u8]) -> Option<Result<Reading, Fault>> {
        if topic == self.will {
            return (body == b"Offline").then_some(Err(Fault::Offline));
        }
        let sensor = if topic == self.sensor {
            payload::json::<Sensor>(topic, body)
        } else if topic == self.answer {
            let empty = Sensor { energy: None };
            payload::json::<Status>(topic, body).map(|status| status.sensor.unwrap_or(empty))
        } else {
            return None;
        };
        Some(sensor.and_then(|sensor| self.read(topic, sensor)))
    }

    fn read(&self, topic: &str, sensor: Sensor) -> Result<Reading, Fault> {
        let energy = sensor.energy.ok_or_else(|| payload::missing(topic, "ENERGY: does it measure?"))?;
        let channel = |value: &Option<PerChannel>| value.as_ref().and_then(|value| value.get(self.channel));
        let power = channel(&energy.power).map(|watts| payload::watts(topic, "Power", watts)).transpose()?;
        let total = energy.total.filter(|_| self.counts);
        let has_several = matches!(&energy.power, Some(PerChannel::Each(powers)) if powers.len() > 1);
        if has_several && matches!(total, Some(PerChannel::One(_))) {
            return Err(Fault::Summed);
        }
        let count = channel(&total).map(|kwh| payload::kilowatt_hours(topic, "Total", kwh)).transpose()?;
        if power.is_none() && count.is_none() {
            return Err(payload::missing(topic, &format!("Power of channel {}", self.channel + 1)));
        }
        Ok(Reading { power, count })
    }
}

/// How many channels a message of any Tasmota plug tells of; `None` if it tells of no energy.
pub(super) fn channels(body: &[u8]) -> Option<usize> {
    let energy = payload::json::<Sensor>("", body).ok()?.energy?;
    match energy.power.or(energy.total)? {
        PerChannel::One(_) => Some(1),
        PerChannel::Each(values) => Some(values.len()),
    }
}
