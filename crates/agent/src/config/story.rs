//! Stories: homes that are replayed or made up.

use std::fmt;
use std::path::PathBuf;

use domain::calendar::Zone;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// Exactly one of them. Not an enum, so that a fault names its key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SensorConfig {
    pub replay: Option<ReplayConfig>,
    pub simulated: Option<SimulatedConfig>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplayConfig {
    /// Of `APPLIANCE_PLUGID.csv` files, or of folders of them, one per recorded day.
    pub folder: PathBuf,
    /// Whose local time the files are in.
    pub zone: Zone,
    pub speed: Speed,
    pub shift: Shift,
    /// With `shift = "end-now"`: how many days are played before the present is reached, today included.
    pub repeat_days: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatedConfig {
    /// The same seed is the same home.
    pub seed: u64,
    pub sockets: u8,
    pub zone: Zone,
    /// How much of the past is made up at the first start.
    pub history_hours: u32,
    pub speed: Speed,
}

/// How fast the past is played; the present takes its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    Max,
    /// 1 is real time.
    Times(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shift {
    /// As recorded.
    None,
    /// The recorded days are played as the last days up to now, and go on for ever.
    EndNow,
}

impl Default for ReplayConfig {
    fn default() -> Self {
        Self { folder: PathBuf::new(), zone: berlin(), speed: Speed::Max, shift: Shift::None, repeat_days: 7 }
    }
}

impl Default for SimulatedConfig {
    fn default() -> Self {
        Self { seed: 1, sockets: 12, zone: berlin(), history_hours: 0, speed: Speed::Max }
    }
}

fn berlin() -> Zone {
    "Europe/Berlin".parse().unwrap_or_else(|_| Zone::utc())
}

impl SensorConfig {
    pub(super) fn validate(&self, faults: &mut Vec<String>) {
        match (&self.replay, &self.simulated) {
            (Some(replay), None) => replay.validate(faults),
            (None, Some(simulated)) => simulated.validate(faults),
            (None, None) => faults.push(
                "sensor: there is none; [[agent.sensors]], or one of [agent.sensor.replay] and [agent.sensor.simulated], \
                 is needed"
                    .to_owned(),
            ),
            (Some(_), Some(_)) => {
                faults.push("sensor: replay and simulated exclude each other".to_owned());
            }
        }
    }
}

impl ReplayConfig {
    fn validate(&self, faults: &mut Vec<String>) {
        if self.folder.as_os_str().is_empty() {
            faults.push("sensor.replay.folder: it is missing".to_owned());
        }
        self.speed.validate("sensor.replay.speed", faults);
        if self.shift == Shift::EndNow && self.repeat_days > 0 && !self.speed.catches_up() {
            faults.push(
                "sensor.replay.speed: with shift = \"end-now\" only more than 1 ever reaches the present"
                    .to_owned(),
            );
        }
        if self.repeat_days > 3_660 {
            faults.push(format!("sensor.replay.repeat_days: {} is more than ten years", self.repeat_days));
        }
    }
}

impl SimulatedConfig {
    fn validate(&self, faults: &mut Vec<String>) {
        if !(1..=64).contains(&self.sockets) {
            faults.push(format!("sensor.simulated.sockets: {} is not within 1 to 64", self.sockets));
        }
        self.speed.validate("sensor.simulated.speed", faults);
        if self.history_hours > 0 && !self.speed.catches_up() {
            faults.push(
                "sensor.simulated.speed: with a history only more than 1 ever reaches the present".to_owned(),
            );
        }
        if self.history_hours > 24 * 3_660 {
            faults.push(format!(
                "sensor.simulated.history_hours: {} is more than ten years",
                self.history_hours
            ));
        }
    }
}

impl Speed {
    fn validate(self, key: &str, faults: &mut Vec<String>) {
        if let Self::Times(factor) = self
            && !(0.001..=1e9).contains(&factor)
        {
            faults.push(format!("{key}: {factor} is not within 0.001 to a thousand million"));
        }
    }

    /// For a story that has a present: a delay must not stay for ever.
    pub(crate) fn to_the_present(self) -> Self {
        if self.catches_up() { self } else { Self::Max }
    }

    fn catches_up(self) -> bool {
        match self {
            Self::Max => true,
            Self::Times(factor) => factor > 1.0,
        }
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpeedVisitor;

        impl Visitor<'_> for SpeedVisitor {
            type Value = Speed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"max\" or a number (1 is real time)")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Speed, E> {
                if text == "max" {
                    return Ok(Speed::Max);
                }
                text.parse().map(Speed::Times).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_f64<E: de::Error>(self, factor: f64) -> Result<Speed, E> {
                Ok(Speed::Times(factor))
            }

            fn visit_i64<E: de::Error>(self, factor: i64) -> Result<Speed, E> {
                i32::try_from(factor)
                    .map(|factor| Speed::Times(factor.into()))
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(factor), &self))
            }

            fn visit_u64<E: de::Error>(self, factor: u64) -> Result<Speed, E> {
                u32::try_from(factor)
                    .map(|factor| Speed::Times(factor.into()))
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(factor), &self))
            }
        }

        deserializer.deserialize_any(SpeedVisitor)
    }
}
