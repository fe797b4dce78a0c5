//! `Zigbee2MQTT`: the state of a device, with cached values among the new ones.

use domain::metering::Reading;
use serde_json::{Map, Value};

use super::Fault;
use super::payload;
use crate::config::Zigbee2Mqtt;

/// One plug, or one endpoint of it.
#[derive(Clone, Debug)]
pub struct Plug {
    state: String,
    availability: String,
    power: String,
    energy: String,
}

impl Plug {
    pub fn new(config: &Zigbee2Mqtt) -> Self {
        let base = config.base.as_deref().unwrap_or("zigbee2mqtt");
        let state = format!("{base}/{}", config.name);
        let field = |name: &str| match &config.endpoint {
            Some(endpoint) => format!("{name}_{endpoint}"),
            None => name.to_owned(),
        };
        Self {
            availability: format!("{state}/availability"),
            state,
            power: field("power"),
            energy: field("energy"),
        }
    }

    pub(super) fn topics(&self) -> Vec<String> {
        vec![self.state.clone(), self.availability.clone()]
    }

    pub(super) fn hear(&self, topic: &str, body: &[u8]) -> Option<Result<Reading, Fault>> {
        if topic == self.availability {
            return is_offline(body).then_some(Err(Fault::Offline));
        }
        (topic == self.state).then(|| self.read(topic, body))
    }

    fn read(&self, topic: &str, body: &[u8]) -> Result<Reading, Fault> {
        let state: Map<String, Value> = payload::json(topic, body)?;
        let number = |field: &str| state.get(field).and_then(Value::as_f64);
        let power = number(&self.power).map(|watts| payload::watts(topic, &self.power, watts)).transpose()?;
        let count =
            number(&self.energy).map(|kwh| payload::kilowatt_hours(topic, &self.energy, kwh)).transpose()?;
        if power.is_none() && count.is_none() {
            return Err(payload::missing(topic, &format!("{} and no {}", self.power, self.energy)));
        }
        Ok(Reading { power, count })
    }
}

/// `{"state":"offline"}`, and earlier just the word.
fn is_offline(body: &[u8]) -> bool {
    let state = payload::json::<Map<String, Value>>("", body).ok();
    let state = state.as_ref().and_then(|state| state.get("state")).and_then(Value::as_str);
    state.map_or(body == b"offline", |state| state == "offline")
}

/// The endpoints of which a state tells the power (`None`: without a name), and whether it has their energy.
pub(super) fn endpoints(body: &[u8]) -> Vec<(Option<String>, bool)> {
    let Ok(state) = payload::json::<Map<String, Value>>("", body) else { return Vec::new() };
    let powers = state.iter().filter(|(_, value)| value.is_number()).filter_map(|(key, _)| {
        let rest = key.strip_prefix("power")?;
        match rest.strip_prefix('_') {
            Some(endpoint) if endpoint.len() <= 3 => Some(Some(endpoint.to_owned())),
            None if rest.is_empty() => Some(None),
            _ => None,
        }
    });
    powers
        .map(|endpoint| {
            let energy = endpoint.as_ref().map_or("energy".to_owned(), |name| format!("energy_{name}"));
            let has_energy = state.get(&energy).is_some_and(Value::is_number);
            (endpoint, has_energy)
        })
        .collect()
}
