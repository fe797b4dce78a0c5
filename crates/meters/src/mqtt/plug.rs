use std::time::Duration;

use domain::metering::Reading;

use super::{Fault, shelly1, shelly2, tasmota, zigbee2mqtt};
use crate::config::Entry;

/// One plug, or one channel of it.
#[derive(Clone, Debug)]
pub enum Plug {
    Tasmota(tasmota::Plug),
    Shelly1(shelly1::Plug),
    Shelly2(shelly2::Plug),
    Zigbee2Mqtt(zigbee2mqtt::Plug),
}

/// A question to a plug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub topic: String,
    pub body: String,
    /// Asked so often.
    pub every: Duration,
}

impl Plug {
    /// `None`: the entry's meter is no plug.
    pub fn of(entry: &Entry) -> Option<Self> {
        let Entry { tasmota, shelly1, shelly2, zigbee2mqtt, .. } = entry;
        let tasmota = tasmota.as_ref().map(|config| Self::Tasmota(tasmota::Plug::new(config)));
        let shelly1 = shelly1.as_ref().map(|config| Self::Shelly1(shelly1::Plug::new(config)));
        let shelly2 = shelly2.as_ref().map(|config| Self::Shelly2(shelly2::Plug::new(config)));
        let zigbee = zigbee2mqtt.as_ref().map(|config| Self::Zigbee2Mqtt(zigbee2mqtt::Plug::new(config)));
        tasmota.or(shelly1).or(shelly2).or(zigbee)
    }

    /// What to subscribe to.
    pub fn topics(&self) -> Vec<String> {
        match self {
            Self::Tasmota(plug) => plug.topics(),
            Self::Shelly1(plug) => plug.topics(),
            Self::Shelly2(plug) => plug.topics(),
            Self::Zigbee2Mqtt(plug) => plug.topics(),
        }
    }

    /// What a message says; `None` if it is not of this plug, or says nothing about energy.
    pub fn hear(&mut self, topic: &str, body: &[u8]) -> Option<Result<Reading, Fault>> {
        match self {
            Self::Tasmota(plug) => plug.hear(topic, body),
            Self::Shelly1(plug) => plug.hear(topic, body),
            Self::Shelly2(plug) => plug.hear(topic, body),
            Self::Zigbee2Mqtt(plug) => plug.hear(topic, body),
        }
    }

    /// What makes it tell how it is.
    pub fn question(&self) -> Option<Question> {
        match self {
            Self::Tasmota(plug) => plug.question(),
            Self::Shelly2(plug) => plug.question(),
            Self::Shelly1(_) | Self::Zigbee2Mqtt(_) => None,
        }
    }
}
