//! `[[agent.sensors]]`: one entry per socket.

mod kinds;
mod password;
mod pins;
mod wired;

use std::collections::BTreeSet;

use domain::energy::Milliwatts;
use domain::{SocketNumber, accounts::SocketLabel};
use serde::Deserialize;

pub use kinds::{DEFAULT_POLL_SECS, Shelly1, Shelly2, Tasmota, Zigbee2Mqtt};
pub use password::Password;
pub use pins::misplaced;
pub use wired::{Ads1115, Chip, Cse7766, Hlw8012, Mcp3008, Pzem, S0};

/// What measures one socket: exactly one of the meters. Not an enum, so that a fault names its key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// 0 to 63.
    pub socket: Option<SocketNumber>,
    /// What hangs on it, for people.
    pub name: Option<String>,
    pub room: Option<String>,
    /// The most that the socket can draw, in watts; 3,680 W are 16 A at 230 V.
    pub max_watts: Option<u32>,
    /// Whether it may feed in as much, as solar panels do.
    pub feeds_in: bool,
    /// What everything that it reads is multiplied by; `agent calibrate` tells.
    pub scale: Option<f64>,
    pub tasmota: Option<Tasmota>,
    pub shelly1: Option<Shelly1>,
    pub shelly2: Option<Shelly2>,
    pub zigbee2mqtt: Option<Zigbee2Mqtt>,
    pub pzem: Option<Pzem>,
    pub cse7766: Option<Cse7766>,
    pub s0: Option<S0>,
    pub hlw8012: Option<Hlw8012>,
    pub ads1115: Option<Ads1115>,
    pub mcp3008: Option<Mcp3008>,
}

/// The MQTT broker that plugs speak to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brokers {
    /// `mqtt://host:1883`; the port may be left out.
    pub url: Option<String>,
    pub username: Option<String>,
    pub password: Option<Password>,
}

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl Brokers {
    /// On this hub, if nothing else is said.
    pub fn address(&self) -> Option<Address> {
        let url = self.url.as_deref().unwrap_or("mqtt://localhost:1883");
        let rest = url.strip_prefix("mqtt://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '@', '?']) {
            return None;
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (rest, 1_883),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Address { host: host.to_owned(), port })
    }

    fn validate(&self, faults: &mut Vec<String>) {
        if self.address().is_none() {
            faults.push(
                "mqtt.url: not like mqtt://localhost:1883 (name and password have keys of their own)"
                    .to_owned(),
            );
        }
        if self.password.is_some() && self.username.is_none() {
            faults.push("mqtt.username: it is missing, and there is a password".to_owned());
        }
    }
}

impl Entry {
    /// How many meters it names.
    fn kinds(&self) -> Vec<&'static str> {
        let kinds = [
            ("tasmota", self.tasmota.is_some()),
            ("shelly1", self.shelly1.is_some()),
            ("shelly2", self.shelly2.is_some()),
            ("zigbee2mqtt", self.zigbee2mqtt.is_some()),
            ("pzem", self.pzem.is_some()),
            ("cse7766", self.cse7766.is_some()),
            ("s0", self.s0.is_some()),
            ("hlw8012", self.hlw8012.is_some()),
            ("ads1115", self.ads1115.is_some()),
            ("mcp3008", self.mcp3008.is_some()),
        ];
        kinds.into_iter().filter(|kind| kind.1).map(|kind| kind.0).collect()
    }

    /// The name of its meter's kind.
    pub fn kind(&self) -> &'static str {
        self.kinds().first().copied().unwrap_or("none")
    }

    /// What hangs on it; `None` where the entry does not name its socket.
    pub fn label(&self) -> Option<SocketLabel> {
        let number = self.socket?;
        let name = self.name.clone().unwrap_or_else(|| format!("Socket {number}"));
        Some(SocketLabel { number, name, room: self.room.clone(), icon: None, hidden: false })
    }

    pub(crate) fn max_power(&self) -> Milliwatts {
        Milliwatts::from_watts(self.max_watts.unwrap_or(3_680).into())
    }

    /// Whether a clamp that is the wrong way round makes it read what is drawn as fed in.
    pub(crate) fn has_clamp(&self) -> bool {
        self.mcp3008.is_some() || self.shelly1.as_ref().is_some_and(|meter| meter.clamps)
    }

    /// Whether it measures a current alone, and takes the voltage for granted: its power is apparent, and an estimate.
    pub fn is_apparent(&self) -> bool {
        self.ads1115.is_some() || self.mcp3008.as_ref().is_some_and(|clamp| clamp.voltage_channel.is_none())
    }

    pub(crate) fn scale(&self) -> f64 {
        self.scale.unwrap_or(1.0)
    }

    fn validate(&self, key: &str, faults: &mut Vec<String>) {
        if self.socket.is_none() {
            faults.push(format!("{key}.socket: it is missing"));
        }
        match self.kinds()[..] {
            [_] => {}
            [] => faults.push(format!("{key}: no meter is named, such as tasmota = {{ topic = \"plug\" }}")),
            ref several => {
                faults.push(format!("{key}: {} are several meters for one socket", several.join(" and ")));
            }
        }
        if !(1..=100_000).contains(&self.max_watts.unwrap_or(3_680)) {
            faults.push(format!("{key}.max_watts: it is not within 1 to 100000"));
        }
        if !(0.01..=100.0).contains(&self.scale()) {
            faults.push(format!("{key}.scale: it is not within 0.01 to 100"));
        }
        kinds::validate(self, key, faults);
        wired::validate(self, key, faults);
    }
}

/// Says what does not make sense, one sentence each, beginning with the key.
pub fn validate(entries: &[Entry], broker: &Brokers, faults: &mut Vec<String>) {
    broker.validate(faults);
    let mut taken = BTreeSet::new();
    for (place, entry) in entries.iter().enumerate() {
        let key = format!("sensors.{place}");
        entry.validate(&key, faults);
        if let Some(socket) = entry.socket
            && !taken.insert(socket)
        {
            faults.push(format!("{key}.socket: socket {socket} has a meter already"));
        }
    }
    wired::conflicts(entries, faults);
}

#[cfg(test)]
mod tests;
