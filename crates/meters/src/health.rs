use std::sync::{Mutex, PoisonError};

use domain::UtcMillis;
use domain::energy::Milliwatts;

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
    pub condition: Condition,
    pub last_reading: Option<UtcMillis>,
    pub last_power: Option<Milliwatts>,
    /// The last thing that was odd about its readings.
    pub remark: Option<(UtcMillis, String)>,
    /// How many were odd.
    pub remarks: u64,
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
                condition: Condition::Waiting,
                last_reading: None,
                last_power: None,
                remark: None,
                remarks: 0,
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
