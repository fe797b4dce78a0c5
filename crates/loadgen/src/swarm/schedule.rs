//! What the hubs of one connection publish, and when. It follows from the seed; only the place in it is kept.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use super::pace::Pace;
use crate::chance::{Chance, mixed};
use crate::item::{Item, Kind};

const FOR_LATE: u64 = 11;
const FOR_DELAY: u64 = 12;
const FOR_DUPLICATE: u64 = 13;
const FOR_POISON: u64 = 14;
/// A late container comes after at most so many newer ones.
const LONGEST_DELAY: u32 = 3;

/// How often what happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    pub(crate) seed: u64,
    pub(crate) late: Chance,
    pub(crate) duplicates: Chance,
    pub(crate) poison: Chance,
}

impl Mix {
    fn draw(&self, what: u64, hub: u32, round: u32) -> u64 {
        mixed([self.seed, what, u64::from(hub) << 32 | u64::from(round)])
    }

    /// After how many newer containers this one is sent; 0 when in its turn.
    fn delay(&self, hub: u32, round: u32) -> u32 {
        if !self.late.strikes(self.draw(FOR_LATE, hub, round)) {
            return 0;
        }
        let delay = self.draw(FOR_DELAY, hub, round) % u64::from(LONGEST_DELAY);
        1 + u32::try_from(delay).unwrap_or(0)
    }

    fn is_duplicated(&self, hub: u32, round: u32) -> bool {
        self.duplicates.strikes(self.draw(FOR_DUPLICATE, hub, round))
    }

    fn poisons(&self, hub: u32, round: u32) -> bool {
        self.poison.strikes(self.draw(FOR_POISON, hub, round))
    }
}

/// The hubs take turns; a slot is the turn of one hub for one tick.
#[derive(Debug)]
pub(crate) struct Schedule {
    mix: Mix,
    pace: Pace,
    hubs: Range<u32>,
    /// The tick of the first slot.
    first_tick: u32,
    /// Slots with a new container; after them come those that are still held back.
    slots: u64,
    next: u64,
    ready: VecDeque<Item>,
    due: Duration,
    poisons: u32,
}

impl Schedule {
    /// `containers` new ones, without end when `None`.
    pub(crate) fn new(
        mix: Mix,
        pace: Pace,
        hubs: Range<u32>,
        first_tick: u32,
        containers: Option<u64>,
    ) -> Self {
        let slots = containers.unwrap_or(u64::MAX);
        Self {
            mix,
            pace,
            hubs,
            first_tick,
            slots,
            next: 0,
            ready: VecDeque::new(),
            due: Duration::ZERO,
            poisons: 0,
        }
    }

    /// When the next item is to be sent, since the swarm's begin. `None` when there is none any more.
    pub(crate) fn due(&mut self) -> Option<Duration> {
        while self.ready.is_empty() {
            if self.next >= self.end() {
                return None;
            }
            self.fill();
        }
        Some(self.due)
    }

    /// What is due; [`due`](Self::due) has said so.
    pub(crate) fn take(&mut self) -> Option<Item> {
        self.ready.pop_front()
    }

    fn hub_count(&self) -> u64 {
        (self.hubs.end - self.hubs.start).into()
    }

    fn end(&self) -> u64 {
        if self.mix.late == Chance::new(0.0) {
            return self.slots;
        }
        self.slots.saturating_add(self.hub_count() * u64::from(LONGEST_DELAY))
    }

    fn fill(&mut self) {
        let slot = self.next;
        self.next += 1;
        let place = u32::try_from(slot % self.hub_count()).unwrap_or(0);
        let round = u32::try_from(slot / self.hub_count()).unwrap_or(u32::MAX);
        let (hub, tick) = (self.hubs.start + place, self.first_tick + round);
        if slot < self.slots {
            self.due = self.pace.due(slot, place, tick);
            if self.mix.delay(hub, tick) == 0 {
                self.ready.push_back(Item { hub, number: tick, kind: Kind::Fresh });
                if self.mix.is_duplicated(hub, tick) {
                    self.ready.push_back(Item { hub, number: tick, kind: Kind::Duplicate });
                }
            }
            if self.mix.poisons(hub, tick) {
                self.ready.push_back(Item { hub, number: self.poisons, kind: Kind::Poison });
                self.poisons += 1;
            }
        }
        for delay in 1..=LONGEST_DELAY.min(round) {
            let was_sent = slot - u64::from(delay) * self.hub_count() < self.slots;
            if was_sent && self.mix.delay(hub, tick - delay) == delay {
                self.ready.push_back(Item { hub, number: tick - delay, kind: Kind::Late });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn mix(late: f64, duplicates: f64, poison: f64) -> Mix {
        let chance = Chance::new;
        Mix { seed: 3, late: chance(late), duplicates: chance(duplicates), poison: chance(poison) }
    }

    fn all(mix: Mix, hubs: Range<u32>, containers: u64) -> Vec<Item> {
        let mut schedule = Schedule::new(mix, Pace::Free, hubs, 0, Some(containers));
        std::iter::from_fn(|| {
            schedule.due()?;
            schedule.take()
        })
        .collect()
    }

    #[test]
    fn hubs_take_turns() {
        let items = all(mix(0.0, 0.0, 0.0), 10..13, 7);
        let turns: Vec<(u32, u32)> = items.iter().map(|item| (item.hub, item.number)).collect();
        assert_eq!(turns, [(10, 0), (11, 0), (12, 0), (10, 1), (11, 1), (12, 1), (10, 2)]);
    }

    #[test]
    fn the_same_seed_gives_the_same_items() {
        let mix = mix(0.1, 0.1, 0.1);
        assert_eq!(all(mix, 0..50, 2_000), all(mix, 0..50, 2_000));
        assert_ne!(all(mix, 0..50, 2_000), all(Mix { seed: 4, ..mix }, 0..50, 2_000));
    }

    #[test]
    fn every_container_is_sent_once_however_late() {
        for containers in [3, 50, 1_999, 2_000] {
            let items = all(mix(0.3, 0.1, 0.05), 0..50, containers);
            let new: Vec<(u32, u32)> = items
                .iter()
                .filter(|item| matches!(item.kind, Kind::Fresh | Kind::Late))
                .map(|item| (item.hub, item.number))
                .collect();
            assert_eq!(new.len() as u64, containers);
            assert_eq!(new.iter().collect::<HashSet<_>>().len() as u64, containers);
        }
    }

    #[test]
    fn late_ones_come_after_newer_ones() {
        let items = all(mix(0.1, 0.0, 0.0), 0..1, 1_000);
        let late: Vec<usize> = (0..items.len()).filter(|&at| items[at].kind == Kind::Late).collect();
        assert!((60..=140).contains(&late.len()), "{} late ones", late.len());
        let overtaken =
            late.iter().filter(|&&at| items[..at].iter().any(|item| item.number > items[at].number));
        // But for the last, and those behind others that are late as well.
        assert!(overtaken.count() * 10 > late.len() * 8);
    }

    #[test]
    fn duplicates_and_poison_come_at_their_rates() {
        let items = all(mix(0.0, 0.05, 0.01), 0..100, 100_000);
        let count = |kind| items.iter().filter(|item| item.kind == kind).count();
        assert!((4_500..=5_500).contains(&count(Kind::Duplicate)), "{}", count(Kind::Duplicate));
        assert!((850..=1_150).contains(&count(Kind::Poison)), "{}", count(Kind::Poison));
        let numbers: HashSet<u32> =
            items.iter().filter(|item| item.kind == Kind::Poison).map(|item| item.number).collect();
        assert_eq!(numbers.len(), count(Kind::Poison));
    }
}
