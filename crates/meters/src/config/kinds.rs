use serde::Deserialize;

use super::Entry;

/// Asked so often; a plug that is asked need not be set up to tell often by itself.
pub const DEFAULT_POLL_SECS: u32 = 10;

/// A plug with Tasmota.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasmota {
    /// As in its console: `Topic`.
    pub topic: String,
    /// Of a plug with several: 1 is the first.
    pub channel: Option<u8>,
    /// As in its console: `FullTopic`.
    pub full_topic: Option<String>,
    /// 0: it is only listened to.
    pub poll_secs: Option<u32>,
    /// `false`: its `Total` is not that of the channel.
    pub counter: Option<bool>,
}

/// A Shelly of the first generation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shelly1 {
    /// Such as `shellyplug-s-4022D8`.
    pub id: String,
    /// 0 is the first.
    #[serde(default)]
    pub channel: u8,
    /// Whether it is a meter with clamps (Shelly EM, 3EM) rather than a switch.
    #[serde(default)]
    pub clamps: bool,
}

/// A Shelly of the second generation or later (Plus, Pro, Gen3, Gen4).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shelly2 {
    /// Its MQTT prefix, such as `shellyplusplugs-b0b21c10a9f4`.
    pub prefix: String,
    /// What measures in it: `switch:0`, `pm1:0`.
    pub component: Option<String>,
    /// 0: it is only listened to.
    pub poll_secs: Option<u32>,
}

/// A plug behind `Zigbee2MQTT`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zigbee2Mqtt {
    /// Its friendly name.
    pub name: String,
    /// `zigbee2mqtt`, if it is not another.
    pub base: Option<String>,
    /// The ending of `power` and `energy` of a plug with several channels, such as `l1`.
    pub endpoint: Option<String>,
    /// `false`: it has no `energy`.
    pub counter: Option<bool>,
}

/// What may stand in a topic to listen to, and means itself there.
fn is_topic(text: &str) -> bool {
    !text.is_empty() && text.len() <= 1_000 && !text.contains(['#', '+', '\0'])
}

pub(super) fn validate(entry: &Entry, key: &str, faults: &mut Vec<String>) {
    let mut topic = |kind: &str, part: &str, text: &str| {
        if !is_topic(text) {
            faults.push(format!("{key}.{kind}.{part}: {text:?} is not a part of a topic"));
        }
    };
    if let Some(tasmota) = &entry.tasmota {
        topic("tasmota", "topic", &tasmota.topic);
        if let Some(full) = &tasmota.full_topic {
            topic("tasmota", "full_topic", full);
        }
    }
    if let Some(shelly) = &entry.shelly1 {
        topic("shelly1", "id", &shelly.id);
    }
    if let Some(shelly) = &entry.shelly2 {
        topic("shelly2", "prefix", &shelly.prefix);
        topic("shelly2", "component", shelly.component.as_deref().unwrap_or("switch:0"));
    }
    if let Some(plug) = &entry.zigbee2mqtt {
        topic("zigbee2mqtt", "name", &plug.name);
        topic("zigbee2mqtt", "base", plug.base.as_deref().unwrap_or("zigbee2mqtt"));
    }
    if let Some(tasmota) = &entry.tasmota {
        let full = tasmota.full_topic.as_deref().unwrap_or("%prefix%/%topic%/");
        if !(full.contains("%prefix%") && full.contains("%topic%")) {
            faults.push(format!("{key}.tasmota.full_topic: it must name %prefix% and %topic%"));
        }
        if tasmota.channel == Some(0) {
            faults.push(format!("{key}.tasmota.channel: 1 is the first"));
        }
    }
    for (kind, poll) in [
        ("tasmota", entry.tasmota.as_ref().and_then(|plug| plug.poll_secs)),
        ("shelly2", entry.shelly2.as_ref().and_then(|plug| plug.poll_secs)),
    ] {
        if poll.is_some_and(|secs| secs > 3_600) {
            faults.push(format!("{key}.{kind}.poll_secs: it is not within 0 to 3600"));
        }
    }
}
