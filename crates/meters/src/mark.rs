//! Which meter counted what a checkpoint has of a socket.

use domain::ticker::{Counted, MeterMark};

use crate::config::Entry;
use crate::wired::modbus::crc;

impl Entry {
    /// Stands in checkpoints, so it must stay the same: of what the meter is known by, and of what its counter is multiplied by.
    pub fn mark(&self) -> MeterMark {
        MeterMark::new(crc(self.known_by().as_bytes())).unwrap_or(MeterMark::MIN)
    }

    /// Whether its counter goes on while nobody reads it, and goes on from there.
    pub fn counts_on_from(&self, counted: &Counted) -> bool {
        self.counts_on()
            && self.socket == Some(counted.socket)
            && counted.meter.is_none_or(|meter| meter == self.mark())
    }

    fn known_by(&self) -> String {
        let (kind, scale) = (self.kind(), self.scale());
        let place = if let Some(plug) = &self.tasmota {
            let full_topic = plug.full_topic.as_deref().unwrap_or_default();
            format!("{} {} {full_topic}", plug.topic, plug.channel.unwrap_or_default())
        } else if let Some(plug) = &self.shelly1 {
            format!("{} {}", plug.id, plug.channel)
        } else if let Some(plug) = &self.shelly2 {
            format!("{} {}", plug.prefix, plug.component.as_deref().unwrap_or("switch:0"))
        } else if let Some(plug) = &self.zigbee2mqtt {
            let base = plug.base.as_deref().unwrap_or("zigbee2mqtt");
            format!("{base} {} {}", plug.name, plug.endpoint.as_deref().unwrap_or_default())
        } else if let Some(meter) = &self.pzem {
            format!("{} {}", meter.port.display(), meter.address.unwrap_or_default())
        } else {
            String::new()
        };
        format!("{kind} {scale} {place}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(entry: &str) -> MeterMark {
        toml::from_str::<Entry>(entry).unwrap().mark()
    }

    #[test]
    fn a_mark_is_that_of_the_meter_and_not_of_what_it_measures() {
        let plug = mark("shelly2 = { prefix = \"plug\" }");
        assert_eq!(plug.get(), 22_980, "it stands in the checkpoints of hubs");
        for same in [
            "socket = 7\nname = \"Fridge\"\nmax_watts = 10\nshelly2 = { prefix = \"plug\" }",
            "scale = 1.0\nshelly2 = { prefix = \"plug\", component = \"switch:0\", poll_secs = 3 }",
        ] {
            assert_eq!(mark(same), plug, "{same}");
        }
        for other in [
            "shelly2 = { prefix = \"plug2\" }",
            "shelly2 = { prefix = \"plug\", component = \"switch:1\" }",
            "tasmota = { topic = \"plug\" }",
            "scale = 1.05\nshelly2 = { prefix = \"plug\" }",
        ] {
            assert_ne!(mark(other), plug, "{other}");
        }
    }
}
