use std::sync::{Mutex, PoisonError};

use domain::energy::{Microjoules, Milliwatts};
use domain::{TimeRange, UtcMillis};

use crate::config::Entry;

/// How the meters are, for whoever wants to show it.
#[derive(Debug, Default)]
pub struct Health(Mutex<Vec<MeterState>>);

/// How one meter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterState {
    pub socket: u8,
    pub name: String,
    /// Its kind, as in the configuration.
    pub kind: &'static str,
    /// Its power is apparent: an estimate, whatever it reads.
    pub is_apparent: bool,
    pub condition: Condition,
    pub last_reading: Option<UtcMillis>,
    pub last_power: Option<Milliwatts>,
    /// The last thing that was odd about its readings.
    pub remark: Option<(UtcMillis, String)>,
    /// How many were odd.
    pub remarks: u64,
    /// Over which time its counter was last spread evenly: how much was used in it is known, and when is an estimate.
    pub spread: Option<TimeRange>,
    /// What it counted since the start without being heard for so long that nothing of it is booked.
    pub unbooked: Unbooked,
}

/// What a counter told after absences that were too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unbooked {
    /// How many absences there were.
    pub times: u64,
    /// Of those of which it is known how much it was.
    pub energy: Microjoules,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing was heard yet.
    Waiting,
    Measures,
    /// Why nothing is read, as a sentence.
    Trouble(String),
}

impl Health {
    /// In the order of the configuration.
    pub fn snapshot(&self) -> Vec<MeterState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn begin(&self, entries: &[Entry]) {
        let states = entries.iter().filter_map(|entry| {
            let label = entry.label()?;
            Some(MeterState {
                socket: label.number.get(),
                name: label.name,
                kind: entry.kind(),
                is_apparent: entry.is_apparent(),
                condition: Condition::Waiting,
                last_reading: None,
                last_power: None,
                remark: None,
                remarks: 0,
                spread: None,
                unbooked: Unbooked::default(),
            })
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = states.collect();
    }

    fn change(&self, meter: usize, change: impl FnOnce(&mut MeterState)) {
        if let Some(state) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(meter) {
            change(state);
        }
    }

    pub(crate) fn heard(&self, meter: usize, at: UtcMillis, power: Option<Milliwatts>) {
        self.change(meter, |state| {
            if matches!(state.condition, Condition::Trouble(_)) {
                tracing::info!(socket = state.socket, "{} measures again", state.name);
            }
            state.condition = Condition::Measures;
            state.last_reading = Some(at);
            state.last_power = power.or(state.last_power);
        });
    }

    pub(crate) fn trouble(&self, meter: usize, sentence: String) {
        self.change(meter, |state| {
            let trouble = Condition::Trouble(sentence);
            if state.condition != trouble {
                if let Condition::Trouble(sentence) = &trouble {
                    tracing::warn!(socket = state.socket, "{}: {sentence}", state.name);
                }
                state.condition = trouble;
            }
        });
    }

    pub(crate) fn spread(&self, meter: usize, over: TimeRange) {
        self.change(meter, |state| state.spread = Some(over));
    }

    /// `None`: nobody knows how much.
    pub(crate) fn not_booked(&self, meter: usize, energy: Option<Microjoules>) {
        self.change(meter, |state| {
            state.unbooked.times += 1;
            let energy = energy.unwrap_or_default();
            state.unbooked.energy.0 = state.unbooked.energy.0.saturating_add(energy.0);
        });
    }

    pub(crate) fn remark(&self, meter: usize, at: UtcMillis, sentence: String) {
        self.change(meter, |state| {
            state.remarks += 1;
            if state.remarks <= 3 || state.remarks.is_power_of_two() {
                tracing::warn!(socket = state.socket, count = state.remarks, "{}: {sentence}", state.name);
            }
            state.remark = Some((at, sentence));
        });
    }
}
