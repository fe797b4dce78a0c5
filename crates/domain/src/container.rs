//! What a hub publishes.

use crate::energy::Joules;
use crate::ids::{HubId, MAX_SOCKETS, SocketNumber};
use crate::time::{TickLength, UtcMillis};

/// The energy of one tick, for the sockets that were measured in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketJoules {
    mask: u64,
    joules: Vec<i64>,
}

impl SocketJoules {
    /// Of one socket alone, in no more memory than that takes.
    pub fn single(socket: SocketNumber, joules: Joules) -> Self {
        Self { mask: 1 << socket.get(), joules: vec![joules.0] }
    }

    /// One value per set bit of `mask`, lowest socket first; `None` when the counts differ.
    pub fn from_parts(mask: u64, joules: Vec<i64>) -> Option<Self> {
        (mask.count_ones() as usize == joules.len()).then_some(Self { mask, joules })
    }

    pub const fn mask(&self) -> u64 {
        self.mask
    }

    /// Lowest socket first.
    pub fn values(&self) -> &[i64] {
        &self.joules
    }

    pub fn len(&self) -> usize {
        self.joules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.mask == 0
    }

    pub fn get(&self, socket: SocketNumber) -> Option<Joules> {
        let bit = 1u64 << socket.get();
        (self.mask & bit != 0).then(|| Joules(self.joules[(self.mask & (bit - 1)).count_ones() as usize]))
    }

    /// Sets or replaces.
    pub fn set(&mut self, socket: SocketNumber, joules: Joules) {
        let bit = 1u64 << socket.get();
        let place = (self.mask & (bit - 1)).count_ones() as usize;
        if self.mask & bit == 0 {
            self.mask |= bit;
            self.joules.insert(place, joules.0);
        } else {
            self.joules[place] = joules.0;
        }
    }

    /// Without the others.
    pub fn keep(&mut self, mask: u64) {
        *self = self.iter().filter(|(socket, _)| mask & (1 << socket.get()) != 0).collect();
    }

    /// Lowest socket first.
    pub fn iter(&self) -> impl Iterator<Item = (SocketNumber, Joules)> + '_ {
        SocketNumber::in_mask(self.mask).zip(self.joules.iter().map(|&joules| Joules(joules)))
    }

    pub fn total(&self) -> Joules {
        Joules(self.joules.iter().sum())
    }
}

impl FromIterator<(SocketNumber, Joules)> for SocketJoules {
    fn from_iter<I: IntoIterator<Item = (SocketNumber, Joules)>>(values: I) -> Self {
        let mut all = Self { mask: 0, joules: Vec::with_capacity(MAX_SOCKETS / 2) };
        for (socket, joules) in values {
            all.set(socket, joules);
        }
        all
    }
}

/// The energy of `[start, start + tick length)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickEnergy {
    /// A whole multiple of the tick length since the epoch.
    pub start: UtcMillis,
    pub energy: SocketJoules,
}

/// A few ticks of all sockets of one hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub hub: HubId,
    /// Counts the hub's containers from 1, across restarts.
    pub sequence: u64,
    pub tick_length: TickLength,
    /// In order of time, none empty, at most [`Container::MAX_TICKS`].
    pub ticks: Vec<TickEnergy>,
}

impl Container {
    /// 68 minutes of 1 s ticks; keeps the largest container under 1 MiB.
    pub const MAX_TICKS: usize = 4_096;

    /// Measurements (socket, tick, energy) in it.
    pub fn value_count(&self) -> usize {
        self.ticks.iter().map(|tick| tick.energy.len()).sum()
    }

    pub fn total(&self) -> Joules {
        self.ticks.iter().map(|tick| tick.energy.total()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(number: u8) -> SocketNumber {
        SocketNumber::new(number).unwrap()
    }

    #[test]
    fn values_stay_in_the_order_of_their_sockets() {
        let mut energy = SocketJoules::default();
        energy.set(socket(7), Joules(3));
        energy.set(socket(0), Joules(118));
        energy.set(socket(63), Joules(-5));
        energy.set(socket(7), Joules(4));
        assert_eq!(energy.values(), [118, 4, -5]);
        assert_eq!(energy.get(socket(7)), Some(Joules(4)));
        assert_eq!(energy.get(socket(1)), None);
        assert_eq!(energy.total(), Joules(117));
        assert_eq!(SocketJoules::from_parts(energy.mask(), vec![118, 4, -5]), Some(energy));
    }

    #[test]
    fn a_single_value_takes_no_room_for_others() {
        let energy = SocketJoules::single(socket(63), Joules(-5));
        assert_eq!(energy, [(socket(63), Joules(-5))].into_iter().collect());
        assert_eq!(energy.joules.capacity(), 1);
    }

    #[test]
    fn a_mask_must_match_its_values() {
        assert_eq!(SocketJoules::from_parts(0b11, vec![1]), None);
    }
}
