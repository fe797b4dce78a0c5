//! From what a meter reads to what a sensor tells: which readings are believed, and which energy they say.
//!
//! The rules (learned from bugs others shipped):
//! - Where there is a counter, it says how much; the power says when, and no more than the counter's resolution off.
//! - Without a counter the power is told as it is read, and the [`ticker`](crate::ticker) holds it.
//! - A counter that spans a gap is spread evenly over it. Longer than [`LONGEST_GAP`], it begins anew.
//! - A counter that falls or leaps waits for a second reading: back where it was, it was a glitch. A counter that began
//!   anew adds what it counted since; one that fell back a little, or leapt beyond what the socket can draw, adds nothing.
//! - A power beyond what the socket can draw is not believed.

mod register;
mod remark;

use std::time::Duration;

use crate::energy::{Microjoules, Milliwatts};
use crate::ids::SocketNumber;
use crate::sensor::Observation;
use crate::ticker::Counted;
use crate::time::UtcMillis;
pub use register::{Counter, Restart};
use register::{Limits, Register};
pub use remark::{Kwh, Remark};

/// The energy of a longer time without a reading is not booked: nobody knows on which day it was used.
pub const LONGEST_GAP: Duration = Duration::from_hours(7 * 24);

/// What a meter reads of one socket at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Drawn now; negative when fed in.
    pub power: Option<Milliwatts>,
    /// What the counter stands at; less what was fed in.
    pub count: Option<Microjoules>,
}

/// What is known of a socket and its meter before it reads anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeterSetup {
    pub socket: SocketNumber,
    /// `None`: it reads power only.
    pub counter: Option<Counter>,
    /// The most that the socket can draw.
    pub max_power: Milliwatts,
    /// Whether it may feed in as much.
    pub feeds_in: bool,
    /// How long a power is believed when nothing follows it.
    pub hold: Duration,
}

/// What came of a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub observation: Option<Observation>,
    /// What is odd about it.
    pub remark: Option<Remark>,
}

/// The rules at work on one socket.
#[derive(Clone, Debug)]
pub struct SocketMeter {
    setup: MeterSetup,
    register: Option<Register>,
    /// The power that holds, and since when.
    held: Option<(UtcMillis, Milliwatts)>,
    /// What the held powers add up to since the counter was last told of.
    by_power: Microjoules,
    /// Whether they cover all that time.
    is_covered: bool,
}

impl SocketMeter {
    pub fn new(setup: MeterSetup) -> Self {
        let limits = Limits { max_power: setup.max_power, feeds_in: setup.feeds_in };
        let register = setup.counter.map(|counter| Register::new(counter, limits));
        Self { setup, register, held: None, by_power: Microjoules(0), is_covered: false }
    }

    /// Goes on where a former run stopped.
    #[must_use]
    pub fn resumed(mut self, counted: &Counted) -> Self {
        if let Some(register) = &mut self.register {
            register.resume(counted.at, counted.count);
        }
        self
    }

    pub const fn setup(&self) -> &MeterSetup {
        &self.setup
    }

    /// The energy up to here is told; `None` where there is no counter, or it was not read yet.
    pub fn told_until(&self) -> Option<UtcMillis> {
        self.register.as_ref()?.last().map(|last| last.at)
    }

    /// Takes a reading. They come in order of time.
    pub fn read(&mut self, at: UtcMillis, reading: Reading) -> Told {
        let (power, remark) = match reading.power {
            Some(power) if !self.can_draw(power) => {
                (None, Some(Remark::Power { power, max: self.setup.max_power }))
            }
            power => (power, None),
        };
        if self.register.is_none() {
            let socket = self.setup.socket;
            return Told { observation: power.map(|power| Observation::Power { socket, at, power }), remark };
        }
        self.add_up(at);
        if power.is_some() {
            self.held = power.map(|power| (at, power));
        }
        let told = reading.count.map(|count| self.count(at, count)).unwrap_or_default();
        Told { remark: told.remark.or(remark), ..told }
    }

    fn can_draw(&self, power: Milliwatts) -> bool {
        let least = if self.setup.feeds_in { -self.setup.max_power.0 } else { -NOISE.0 };
        (least..=self.setup.max_power.0).contains(&power.0)
    }

    /// Adds what the held power is worth up to now.
    fn add_up(&mut self, at: UtcMillis) {
        let hold = i64::try_from(self.setup.hold.as_millis()).unwrap_or(i64::MAX / 4);
        match self.held {
            Some((since, power)) if at.millis_since(since) <= hold => {
                self.by_power += power.over_millis(at.millis_since(since));
                self.held = Some((at, power));
            }
            _ => {
                self.held = None;
                self.is_covered = false;
            }
        }
    }

    fn count(&mut self, at: UtcMillis, count: Microjoules) -> Told {
        let Some(register) = &mut self.register else { return Told::default() };
        let guide = self.is_covered.then_some(self.by_power);
        let step = register.read(at, count, guide);
        if step.is_taken {
            self.by_power = Microjoules(0);
            self.is_covered = self.held.is_some();
        }
        let socket = self.setup.socket;
        let observation = step.energy.map(|(from, energy)| Observation::Energy {
            socket,
            from,
            to: at,
            energy,
            count: register.told(),
        });
        Told { observation, remark: step.remark }
    }
}

/// A meter with nothing plugged in may read a little less than nothing.
const NOISE: Milliwatts = Milliwatts::from_watts(5);

#[cfg(test)]
mod tests;
