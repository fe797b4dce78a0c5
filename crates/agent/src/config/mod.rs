//! What can be set of the agent.

mod story;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use domain::{Container, HubId, TickLength};
use serde::Deserialize;
pub use story::{ReplayConfig, SensorConfig, Shift, SimulatedConfig, Speed};

const MIB: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who this hub is. Without it, it is made once and kept in the spool.
    pub hub: Option<HubId>,
    pub spool: SpoolConfig,
    pub uplink: UplinkConfig,
    pub tick_secs: u32,
    /// How long a reading is believed when nothing follows it.
    pub hold_secs: u32,
    /// At most; live ticks do not wait for others.
    pub ticks_per_container: usize,
    pub sensor: SensorConfig,
    /// What measures each socket, instead of `sensor`.
    pub sensors: Vec<meters::Entry>,
    /// The broker of the plugs among them.
    pub mqtt: meters::Brokers,
    pub page: PageConfig,
    pub clock: ClockConfig,
}

/// Whose time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockConfig {
    /// The system's clock is always right.
    #[default]
    System,
    /// It is right once it is synchronised; what is measured before gets its time then. For machines without a clock that
    /// runs while they are off.
    Synchronised,
}

/// The hub's own page, for the home's network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageConfig {
    /// Such as `127.0.0.1:7461`. Without it there is no page.
    pub listen: Option<SocketAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpoolConfig {
    pub path: PathBuf,
    pub max_bytes: u64,
    /// Live ticks that are shorter are written at once, and synced at least so often.
    pub sync_secs: u32,
}

/// How what is measured leaves. Of no concern to a story (`sensor`), which is told as fast as it is taken.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UplinkConfig {
    /// After an outage what has gathered begins to leave after a random part of this.
    pub catch_up_delay_secs: u32,
    /// Containers a second that then leave beside the live ones; 0: as fast as they are taken.
    pub catch_up_per_sec: f64,
    /// Live ticks that bring nothing new wait for what does, at most so long; 0: they do not wait.
    pub quiet_secs: u32,
    /// Containers of so many bytes or more are compressed; none when it is not set.
    pub compress_from_bytes: Option<usize>,
    /// One container in so many is followed on its way, by an id beside it; 0: none.
    pub trace_one_in: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hub: None,
            spool: SpoolConfig::default(),
            uplink: UplinkConfig::default(),
            tick_secs: TickLength::DEFAULT.secs(),
            hold_secs: 30,
            ticks_per_container: 60,
            sensor: SensorConfig::default(),
            sensors: Vec::new(),
            mqtt: meters::Brokers::default(),
            page: PageConfig::default(),
            clock: ClockConfig::default(),
        }
    }
}

impl Default for SpoolConfig {
    fn default() -> Self {
        Self { path: PathBuf::from("agent-spool.db"), max_bytes: 256 * MIB, sync_secs: 10 }
    }
}

impl Default for UplinkConfig {
    fn default() -> Self {
        Self {
            catch_up_delay_secs: 60,
            catch_up_per_sec: 0.02,
            quiet_secs: 30,
            compress_from_bytes: None,
            trace_one_in: 1_000,
        }
    }
}

impl Config {
    /// Says what does not make sense, one sentence each, beginning with the key.
    pub fn validate(&self, faults: &mut Vec<String>) {
        if let Err(fault) = TickLength::from_secs(self.tick_secs) {
            faults.push(format!("tick_secs: {fault}"));
        }
        if !(1..=3_600).contains(&self.hold_secs) {
            faults.push(format!("hold_secs: {} is not within 1 to 3600", self.hold_secs));
        }
        if !(1..=Container::MAX_TICKS).contains(&self.ticks_per_container) {
            faults.push(format!(
                "ticks_per_container: {} is not within 1 to {}",
                self.ticks_per_container,
                Container::MAX_TICKS
            ));
        }
        if self.spool.path.as_os_str().is_empty() {
            faults.push("spool.path: it is empty".to_owned());
        }
        if self.spool.max_bytes < MIB {
            faults.push(format!("spool.max_bytes: {} is less than 1 MiB", self.spool.max_bytes));
        }
        if self.spool.sync_secs > 3_600 {
            faults.push(format!("spool.sync_secs: {} is more than an hour", self.spool.sync_secs));
        }
        self.uplink.validate(faults);
        if self.sensors.is_empty() {
            self.sensor.validate(faults);
        } else if self.sensor != SensorConfig::default() {
            faults.push("sensor: it and [[agent.sensors]] exclude each other".to_owned());
        }
        meters::config::validate(&self.sensors, &self.mqtt, faults);
    }

    /// The default where the configured one is not valid.
    pub fn tick_length(&self) -> TickLength {
        TickLength::from_secs(self.tick_secs).unwrap_or_default()
    }

    /// Whether the time may not be known yet.
    pub fn waits_for_time(&self) -> bool {
        self.clock == ClockConfig::Synchronised
    }

    /// Whether the same ticks are measured with the same sensors.
    pub(crate) fn measures_as(&self, other: &Self) -> bool {
        let ticks = |config: &Self| (config.tick_secs, config.hold_secs);
        ticks(self) == ticks(other)
            && self.sensor == other.sensor
            && self.sensors == other.sensors
            && self.mqtt == other.mqtt
    }

    /// What an agent that runs goes on with when `wished` is wished for, and the keys whose change takes a new start.
    pub(crate) fn changed_to(&self, wished: Self) -> (Self, Vec<&'static str>) {
        let keys = [
            ("hub", wished.hub != self.hub),
            ("spool", wished.spool != self.spool),
            ("uplink", wished.uplink != self.uplink),
            ("page", wished.page != self.page),
            ("clock", wished.clock != self.clock),
        ];
        let later = keys.into_iter().filter(|key| key.1).map(|key| key.0).collect();
        let Self { hub, spool, uplink, page, clock, .. } = self.clone();
        (Self { hub, spool, uplink, page, clock, ..wished }, later)
    }

    pub fn hold(&self) -> Duration {
        Duration::from_secs(self.hold_secs.into())
    }

    /// Its sensor can tell everything again and as fast as it likes, so nothing of it is thinned, dropped or held back.
    pub fn tells_a_story(&self) -> bool {
        self.sensors.is_empty()
    }
}

impl UplinkConfig {
    fn validate(&self, faults: &mut Vec<String>) {
        if self.catch_up_delay_secs > 86_400 {
            faults
                .push(format!("uplink.catch_up_delay_secs: {} is more than a day", self.catch_up_delay_secs));
        }
        if self.catch_up_per_sec != 0.0 && !(0.001..=1_000.0).contains(&self.catch_up_per_sec) {
            faults.push(format!(
                "uplink.catch_up_per_sec: {} is neither 0 nor within 0.001 to 1000",
                self.catch_up_per_sec
            ));
        }
        // Whoever rolls up an hour waits a minute longer for its last ticks.
        if self.quiet_secs > 60 {
            faults.push(format!("uplink.quiet_secs: {} is more than 60", self.quiet_secs));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let config: Config = toml::from_str(text).unwrap();
        let mut faults = Vec::new();
        config.validate(&mut faults);
        faults
    }

    #[test]
    fn a_speed_is_max_or_a_number() {
        let speed = |text: &str| {
            toml::from_str::<SimulatedConfig>(&format!("speed = {text}")).map(|config| config.speed).ok()
        };
        assert_eq!(speed("\"max\""), Some(Speed::Max));
        assert_eq!(speed("60"), Some(Speed::Times(60.0)));
        assert_eq!(speed("0.5"), Some(Speed::Times(0.5)));
        assert_eq!(speed("\"2\""), Some(Speed::Times(2.0)));
        assert_eq!(speed("\"fast\""), None);
        assert_eq!(speed("true"), None);
    }

    #[test]
    fn every_fault_is_named_with_its_key() {
        let all = faults(
            "tick_secs = 7\nhold_secs = 0\nticks_per_container = 0\n[spool]\nmax_bytes = 5\n\
             sync_secs = 5000\n[uplink]\ncatch_up_delay_secs = 100000\ncatch_up_per_sec = -1.0\nquiet_secs = 61",
        );
        let keys: Vec<&str> = all.iter().filter_map(|fault| fault.split(':').next()).collect();
        assert_eq!(
            keys,
            [
                "tick_secs",
                "hold_secs",
                "ticks_per_container",
                "spool.max_bytes",
                "spool.sync_secs",
                "uplink.catch_up_delay_secs",
                "uplink.catch_up_per_sec",
                "uplink.quiet_secs",
                "sensor"
            ]
        );
    }

    #[test]
    fn a_replay_that_never_reaches_the_present_is_a_fault() {
        let text = "[sensor.replay]\nfolder = \"x\"\nshift = \"end-now\"\nspeed = 1";
        assert_eq!(faults(text).len(), 1);
        assert!(faults(&format!("{text}\nrepeat_days = 0")).is_empty());
        assert!(faults("[sensor.replay]\nfolder = \"x\"\nspeed = 1").is_empty());
    }

    #[test]
    fn two_sensors_are_one_too_many() {
        assert_eq!(faults("[sensor.replay]\nfolder = \"x\"\n[sensor.simulated]").len(), 1);
    }
}
