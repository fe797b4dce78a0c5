//! What measures on a broker, by what is heard there.

use std::fmt;

use super::{shelly2, tasmota, zigbee2mqtt};
use crate::config::Entry;

/// The other order of a Tasmota's topics that is in use.
const REVERSED: &str = "%topic%/%prefix%/";

/// A plug, or a channel of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// Channel: 1 is the first of several; `None` if it is the only one.
    Tasmota {
        topic: String,
        full_topic: Option<&'static str>,
        channel: Option<usize>,
    },
    Shelly1 {
        id: String,
        channel: u8,
        clamps: bool,
    },
    Shelly2 {
        prefix: String,
        component: String,
    },
    Zigbee2Mqtt {
        base: String,
        name: String,
        endpoint: Option<String>,
        counter: bool,
    },
}

/// Text as TOML has it.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

impl Found {
    /// For people.
    pub fn name(&self) -> String {
        match self {
            Self::Tasmota { topic, channel: Some(channel), .. } => format!("{topic} {channel}"),
            Self::Tasmota { topic, .. } => topic.clone(),
            Self::Shelly1 { id, channel: 0, .. } => id.clone(),
            Self::Shelly1 { id, channel, .. } => format!("{id} {channel}"),
            Self::Shelly2 { prefix, component } if component == "switch:0" => prefix.clone(),
            Self::Shelly2 { prefix, component } => format!("{prefix} {component}"),
            Self::Zigbee2Mqtt { name, endpoint: Some(endpoint), .. } => format!("{name} {endpoint}"),
            Self::Zigbee2Mqtt { name, .. } => name.clone(),
        }
    }

    /// What to paste into the configuration, to measure this as that socket.
    pub fn toml(&self, socket: u8) -> String {
        let name = self.name();
        format!("[[agent.sensors]]\nsocket = {socket}\nname = {}\n{self}\n", Quoted(&name))
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tasmota { topic, full_topic, channel } => {
                write!(f, "tasmota = {{ topic = {}", Quoted(topic))?;
                if let Some(full_topic) = full_topic {
                    write!(f, ", full_topic = {}", Quoted(full_topic))?;
                }
                if let Some(channel) = channel {
                    write!(f, ", channel = {channel}")?;
                }
            }
            Self::Shelly1 { id, channel, clamps } => {
                write!(f, "shelly1 = {{ id = {}", Quoted(id))?;
                if *channel > 0 {
                    write!(f, ", channel = {channel}")?;
                }
                if *clamps {
                    write!(f, ", clamps = true")?;
                }
            }
            Self::Shelly2 { prefix, component } => {
                write!(f, "shelly2 = {{ prefix = {}", Quoted(prefix))?;
                if component != "switch:0" {
                    write!(f, ", component = {}", Quoted(component))?;
                }
            }
            Self::Zigbee2Mqtt { base, name, endpoint, counter } => {
                write!(f, "zigbee2mqtt = {{ name = {}", Quoted(name))?;
                if base != "zigbee2mqtt" {
                    write!(f, ", base = {}", Quoted(base))?;
                }
                if let Some(endpoint) = endpoint {
                    write!(f, ", endpoint = {}", Quoted(endpoint))?;
                }
                if !counter {
                    write!(f, ", counter = false")?;
                }
            }
        }
        f.write_str(" }")
    }
}

/// The plugs that a message shows.
pub fn classify(topic: &str, body: &[u8]) -> Vec<Found> {
    if topic.contains(['#', '+', '\0']) {
        return Vec::new();
    }
    let parts: Vec<&str> = topic.split('/').collect();
    match parts[..] {
        ["tele", ref middle @ .., "SENSOR"] if !middle.is_empty() => tasmotas(&middle.join("/"), None, body),
        [ref before @ .., "tele", "SENSOR"] if !before.is_empty() => {
            tasmotas(&before.join("/"), Some(REVERSED), body)
        }
        ["shellies", id, part @ ("relay" | "emeter"), channel, "power"] => {
            let clamps = part == "emeter";
            let channel = channel.parse().ok();
            channel.map(|channel| Found::Shelly1 { id: id.to_owned(), channel, clamps }).into_iter().collect()
        }
        [ref prefix @ .., "status", component] if !prefix.is_empty() && component.contains(':') => {
            let found = || Found::Shelly2 { prefix: prefix.join("/"), component: component.to_owned() };
            shelly2::measures(body).then(found).into_iter().collect()
        }
        [base, ref name @ ..]
            if base.starts_with("zigbee2mqtt") && !name.is_empty() && name[0] != "bridge" =>
        {
            zigbee2mqtt::endpoints(body)
                .into_iter()
                .map(|(endpoint, counter)| Found::Zigbee2Mqtt {
                    base: base.to_owned(),
                    name: name.join("/"),
                    endpoint,
                    counter,
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn tasmotas(topic: &str, full_topic: Option<&'static str>, body: &[u8]) -> Vec<Found> {
    let channels = tasmota::channels(body).unwrap_or(0).min(64);
    let found = |channel| Found::Tasmota { topic: topic.to_owned(), full_topic, channel };
    if channels == 1 {
        vec![found(None)]
    } else {
        (1..=channels).map(|channel| found(Some(channel))).collect()
    }
}

impl Found {
    /// What would find the meter of an entry.
    pub fn of(entry: &Entry) -> Option<Self> {
        let tasmota = entry.tasmota.as_ref().map(|plug| Self::Tasmota {
            topic: plug.topic.clone(),
            full_topic: plug.full_topic.as_deref().filter(|full| *full == REVERSED).map(|_| REVERSED),
            channel: plug.channel.map(usize::from),
        });
        let shelly1 = entry.shelly1.as_ref().map(|plug| Self::Shelly1 {
            id: plug.id.clone(),
            channel: plug.channel,
            clamps: plug.clamps,
        });
        let shelly2 = entry.shelly2.as_ref().map(|plug| Self::Shelly2 {
            prefix: plug.prefix.clone(),
            component: plug.component.clone().unwrap_or_else(|| "switch:0".to_owned()),
        });
        let zigbee = entry.zigbee2mqtt.as_ref().map(|plug| Self::Zigbee2Mqtt {
            base: plug.base.clone().unwrap_or_else(|| "zigbee2mqtt".to_owned()),
            name: plug.name.clone(),
            endpoint: plug.endpoint.clone(),
            counter: plug.counter.unwrap_or(true),
        });
        tasmota.or(shelly1).or(shelly2).or(zigbee)
    }
}

#[cfg(test)]
mod tests;
