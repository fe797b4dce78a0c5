//! What is known of a meter by its kind.

use domain::energy::Microjoules;
use domain::metering::{Counter, Restart};

use crate::config::Entry;
use crate::wired::pulses::{PulseCounter, of_s0};

const JOULE: i64 = 1_000_000;
const WATT_HOUR: i64 = 3_600 * JOULE;

/// What is known of a meter before it reads anything.
pub(crate) struct Nature {
    pub(crate) counter: Option<Counter>,
    /// Its counter goes on while the agent does not run.
    pub(crate) outlives_us: bool,
    /// Then it is said to be silent.
    pub(crate) silence_millis: i64,
    /// What to look at when it is.
    pub(crate) hint: String,
}

/// What is wired is read once a second or so.
const WIRED_SILENCE: i64 = 30_000;

impl Nature {
    /// Its pulses are counted by us, from zero whenever we start; one is so many µJ.
    fn counting_here(energy_per_pulse: f64, hint: String) -> Self {
        let counter =
            Counter { resolution: PulseCounter::resolution(energy_per_pulse), restart: Restart::FromZero };
        Self { counter: Some(counter), outlives_us: false, silence_millis: WIRED_SILENCE, hint }
    }

    fn plug(resolution: i64, restart: Restart, hint: String) -> Self {
        let counter = Some(Counter { resolution: Microjoules(resolution), restart });
        Self { counter, outlives_us: true, silence_millis: 400_000, hint }
    }

    /// `Some(false)`: it has none, as its entry says.
    fn with_counter(self, has: Option<bool>) -> Self {
        Self { counter: self.counter.filter(|_| has.unwrap_or(true)), ..self }
    }
}

impl Entry {
    /// Whether its counter goes on while nobody reads it.
    pub(crate) fn counts_on(&self) -> bool {
        self.nature().outlives_us
    }

    pub(crate) fn nature(&self) -> Nature {
        if let Some(plug) = &self.tasmota {
            let hint = format!("is it on, and is {:?} its topic?", plug.topic);
            Nature::plug(WATT_HOUR, Restart::FromSaved, hint).with_counter(plug.counter)
        } else if let Some(plug) = &self.shelly1 {
            let hint = format!("is it on, with MQTT enabled, and is {:?} its id?", plug.id);
            let resolution = if plug.clamps { WATT_HOUR / 10 } else { 60 * JOULE };
            let restart = if plug.clamps { Restart::FromSaved } else { Restart::FromZero };
            Nature::plug(resolution, restart, hint)
        } else if let Some(plug) = &self.shelly2 {
            let hint = format!("is it on, with MQTT enabled, and is {:?} its prefix?", plug.prefix);
            Nature::plug(WATT_HOUR / 1_000, Restart::FromSaved, hint)
        } else if let Some(plug) = &self.zigbee2mqtt {
            let hint = format!("is it on, and is {:?} its friendly name?", plug.name);
            let nature = Nature::plug(10 * WATT_HOUR, Restart::FromSaved, hint).with_counter(plug.counter);
            Nature { silence_millis: 3_900_000, ..nature }
        } else if let Some(meter) = &self.pzem {
            let hint = format!("is it at {}?", meter.port.display());
            Nature { silence_millis: WIRED_SILENCE, ..Nature::plug(WATT_HOUR, Restart::FromSaved, hint) }
        } else if let Some(chip) = &self.cse7766 {
            Nature::counting_here(8.0 * 1e6, format!("is it at {}?", chip.port.display()))
        } else if let Some(meter) = &self.s0 {
            Nature::counting_here(of_s0(meter.impulses_per_kwh), format!("is it at GPIO {}?", meter.pin))
        } else if let Some(chip) = &self.hlw8012 {
            Nature::counting_here(chip.energy_per_pulse(), format!("is it at GPIO {}?", chip.pin))
        } else {
            let hint = "is its chip wired?".to_owned();
            Nature { counter: None, outlives_us: false, silence_millis: WIRED_SILENCE, hint }
        }
    }
}
