//! Shelly, second generation and later: the status of a component, in `…/status/switch:0`, in `NotifyStatus` events (which
//! tell only what has changed), and in the answer to a question. The same is often told several times.
//!
//! A `switch` or `pm1` that measures in both directions has two counters, and what is fed in is in both: `aenergy` counts
//! whatever the direction, `ret_aenergy` what was fed in. So drawn less fed in is `aenergy − 2 · ret_aenergy`. Sources: the
//! maker's description of the status of `Switch`
//! (<https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Switch#status>), and Home Assistant, which found the same
//! of `pm1` (<https://github.com/home-assistant/core/pull/153053>). The counters of `em` and `em1` are other components with
//! other fields, drawn and fed in apart (`EMData`, `EM1Data`); they are not read here.

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

/// What is known of the counter of what is fed in. It is told beside the other one each minute, but an event may leave out
/// what has not changed.
#[derive(Clone, Copy, Debug)]
enum Returned {
    /// Nothing was told that would have it.
    Unheard,
    /// The device has none.
    Absent,
    Known(Microjoules),
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
    returned: Returned,
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
            returned: Returned::Unheard,
            component,
        }
    }

    pub(super) fn topics(&self) -> Vec<String> {
        vec![self.online.clone(), self.status.clone(), self.events.clone(), self.answer.clone()]
    }

    pub(super) fn question(&self) -> Option<Question> {
        self.question.clone()
    }

    pub(super) fn hear(&mut self, topic: &str, body: &[u8]) -> Option<Result<Reading, Fault>> {
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
        let is_whole = topic != self.events;
        let read = |status: Option<Status>| match status {
            Some(status) => self.read(topic, &status, is_whole),
            None => Ok(None),
        };
        status.and_then(read).transpose()
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

    /// `None` where nothing about energy has changed.
    fn read(&mut self, topic: &str, status: &Status, is_whole: bool) -> Result<Option<Reading>, Fault> {
        let power = status.apower.map(|watts| payload::watts(topic, "apower", watts)).transpose()?;
        let total = |counter: &Option<Counter>, field| {
            let wh = counter.as_ref().and_then(|counter| counter.total);
            wh.map(|wh| payload::counted(topic, field, wh / 1_000.0)).transpose()
        };
        let both = total(&status.aenergy, "aenergy.total")?;
        let returned = total(&status.ret_aenergy, "ret_aenergy.total")?;
        let before = self.returned;
        self.returned = match (returned, before) {
            (Some(returned), _) => Returned::Known(returned),
            (None, Returned::Unheard) if both.is_some() => Returned::Absent,
            (None, before) => before,
        };
        let net = |both: Microjoules| match self.returned {
            Returned::Known(returned) => {
                Some(Microjoules(both.0.saturating_sub(returned.0.saturating_mul(2))))
            }
            // The first event without it may have left it out; a second one is no accident.
            Returned::Absent if is_whole || matches!(before, Returned::Absent) => Some(both),
            Returned::Absent | Returned::Unheard => None,
        };
        let count = both.and_then(net);
        Ok((power.is_some() || count.is_some()).then_some(Reading { power, count }))
    }
}

/// Whether the status of any component tells of energy.
pub(super) fn measures(body: &[u8]) -> bool {
    payload::json::<Status>("", body).is_ok_and(|status| status.apower.is_some() && status.aenergy.is_some())
}
