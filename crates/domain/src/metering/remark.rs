use std::fmt;
use std::time::Duration;

use crate::energy::{Microjoules, Milliwatts};

/// What is odd about a reading, as a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Left out.
    Power { power: Milliwatts, max: Milliwatts },
    /// Waits for a second reading.
    Fell { from: Kwh, to: Kwh },
    /// Waits for a second reading.
    Leapt { from: Kwh, to: Kwh, within: Duration, max: Milliwatts },
    /// It was left out, and the counter goes on as if it had not been.
    Glitch { odd: Kwh, between: Kwh },
    /// What it counted since is booked.
    BeganAnew { from: Kwh, to: Kwh },
    /// Nothing of it is booked.
    WentBack { from: Kwh, to: Kwh },
    /// Nothing of it is booked.
    WentOn { from: Kwh, to: Kwh },
    /// Nothing of it is booked.
    LongAway { gap: Duration },
}

/// What a counter stands at, shown in kWh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kwh(pub Microjoules);

impl fmt::Display for Kwh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "shown to the watt-hour")]
        let kwh = self.0.0 as f64 / 3.6e12;
        write!(f, "{kwh:.3} kWh")
    }
}

fn watts(power: Milliwatts) -> i64 {
    power.0 / 1_000
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Power { power, max } => write!(
                f,
                "it reads {} W, and no more than {} W can be; that reading is left out",
                watts(*power),
                watts(*max)
            ),
            Self::Fell { from, to } => {
                write!(f, "its counter fell from {from} to {to}; a second reading will show what that means")
            }
            Self::Leapt { from, to, within, max } => write!(
                f,
                "its counter leapt from {from} to {to} within {} s, more than {} W can do; a second reading will show \
                 what that means",
                within.as_secs(),
                watts(*max)
            ),
            Self::Glitch { odd, between } => {
                write!(f, "its counter read {odd} once and then {between} again; the odd reading is left out")
            }
            Self::BeganAnew { from, to } => {
                write!(
                    f,
                    "its counter began anew after {from} and stands at {to}; what it counted since is booked"
                )
            }
            Self::WentBack { from, to } => {
                write!(
                    f,
                    "its counter went back from {from} to {to} and goes on from there; nothing is booked twice"
                )
            }
            Self::WentOn { from, to } => {
                write!(
                    f,
                    "its counter leapt from {from} to {to} and goes on from there; the leap is not booked"
                )
            }
            Self::LongAway { gap } => write!(
                f,
                "it was not heard for {} days; what it used meanwhile is not booked",
                gap.as_secs() / 86_400
            ),
        }
    }
}
