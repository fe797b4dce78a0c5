//! Shelly, second generation and later: the status of a component, in `…/status/switch:0`, in `NotifyStatus` events (which
//! tell only what has changed), and in the answer to a question. The same is often told several times.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::energy::Microjoules;
use domain::metering::Reading;
use serde::Deserialize;
use serde_json::Value;

use super::Fault;
use super::payload;
use super::plug::Question;
use crate::config::{DEFAULT_POLL_SECS, Shelly2};

#[derive(Deserialize)]
struct Status {
    apower: Option<f64>,
    aenergy: Option<Counter>,
    ret_aenergy: Option<Counter>,
}

#[derive(Deserialize)]
struct Counter {
    /// Wh.
    total: Option<f64>,
}

#[derive(Deserialize)]
struct Event {
    params: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Answer {
    result: Option<Status>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
}

/// One component of a device.
#[derive(Clone, Debug)]
pub struct Plug {
    component: String,
    online: String,
    status: String,
    events: String,
    answer: String,
    question: Option<Question>,
}

impl Plug {
    pub fn new(config: &Shelly2) -> Self {
        let prefix = &config.prefix;
        let component = config.component.clone().unwrap_or_else(|| "switch:0".to_owned());
        let every = config.poll_secs.unwrap_or(DEFAULT_POLL_SECS);
        let inbox = format!("wattline/{prefix}/{}", component.replace(':', "-"));
        let question = component.split_once(':').and_then(|(kind, id)| {
            let kind = match kind {
                "switch" => "Switch",
                "pm1" => "PM1",
                _ => return None,
            };
            let id: u32 = id.parse().ok()?;
            let body = serde_json::json!({
                "id": 1, "src": inbox, "method": format!("{kind}.GetStatus"), "params": { "id": id }
            });
            (every > 0).then(|| Question {
                topic: format!("{prefix}/rpc"),
                body: body.to_string(),
                every: Duration::from_secs(every.into()),
            })
        });
        Self {
            online: format!("{prefix}/online"),
            status: format!("{prefix}/status/{component}"),
            events: format!("{prefix}/events/rpc"),
            answer: format!("{inbox}/rpc"),
            question,
            component,
        }
    }

    pub(super) fn topics(&self) -> Vec<String> {
        vec![self.online.clone(), self.status.clone(), self.events.clone(), self.answer.clone()]
    }

    pub(super) fn question(&self) -> Option<Question> {
        self.question.clone()
    }

    pub(super) fn hear(&self, topic: &str, body: &[u8]) -> Option<Result<Reading, Fault>> {
        if topic == self.online {
            return (body == b"false").then_some(Err(Fault::Offline));
        }
        let status = if topic == self.status {
            payload::json::<Status>(topic, body).map(Some)
        } else if topic == self.events {
            self.event(topic, body)
        } else if topic == self.answer {
            Self::answer(topic, body)
        } else {
            return None;
        };
        status.and_then(|status| status.map_or(Ok(None), |status| read(topic, &status))).transpose()
    }

    /// Events of other components, and of other kinds, are none of ours.
    fn event(&self, topic: &str, body: &[u8]) -> Result<Option<Status>, Fault> {
        let event: Event = payload::json(topic, body)?;
        let own = event.params.and_then(|mut params| params.remove(&self.component));
        let malformed = |reason: String| Fault::Malformed { topic: topic.to_owned(), reason };
        own.map(serde_json::from_value).transpose().map_err(|error| malformed(error.to_string()))
    }

    fn answer(topic: &str, body: &[u8]) -> Result<Option<Status>, Fault> {
        let answer: Answer = payload::json(topic, body)?;
        if let Some(refusal) = answer.error {
            let reason = refusal.message.unwrap_or_else(|| "it refuses to tell".to_owned());
            return Err(Fault::Malformed { topic: topic.to_owned(), reason });
        }
        Ok(answer.result)
    }
}

/// `None` where nothing about energy has changed.
fn read(topic: &str, status: &Status) -> Result<Option<Reading>, Fault> {
    let power = status.apower.map(|watts| payload::watts(topic, "apower", watts)).transpose()?;
    let total = |counter: &Option<Counter>, field| {
        let wh = counter.as_ref().and_then(|counter| counter.total);
        wh.map(|wh| payload::kilowatt_hours(topic, field, wh / 1_000.0)).transpose()
    };
    let drawn = total(&status.aenergy, "aenergy.total")?;
    let returned = total(&status.ret_aenergy, "ret_aenergy.total")?.unwrap_or_default();
    let count = drawn.map(|drawn| Microjoules(drawn.0.saturating_sub(returned.0)));
    Ok((power.is_some() || count.is_some()).then_some(Reading { power, count }))
}

/// Whether the status of any component tells of energy.
pub(super) fn measures(body: &[u8]) -> bool {
    payload::json::<Status>("", body).is_ok_and(|status| status.apower.is_some() && status.aenergy.is_some())
}
