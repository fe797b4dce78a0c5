//! One hub: what was sent against what is stored.

use std::ops::Add;

use domain::measurement::StoredTick;
use serde::Serialize;

use super::expected::Sent;
use crate::ledger::End;
use crate::population::Population;

/// In ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Of the swarm's hubs, whatever they tell.
    pub ticks_stored: u64,
    /// Confirmed, and not stored or not with all its sockets.
    pub missing: u64,
    /// Stored with another value or length.
    pub wrong: u64,
    /// Stored and never sent.
    pub unexpected: u64,
    /// Stored more than once.
    pub duplicated: u64,
}

impl Findings {
    pub const fn are_none(&self) -> bool {
        self.missing == 0 && self.wrong == 0 && self.unexpected == 0 && self.duplicated == 0
    }
}

impl Add for Findings {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            ticks_stored: self.ticks_stored + other.ticks_stored,
            missing: self.missing + other.missing,
            wrong: self.wrong + other.wrong,
            unexpected: self.unexpected + other.unexpected,
            duplicated: self.duplicated + other.duplicated,
        }
    }
}

/// `stored` is what the store gives between the first and the last tick of `sent`, in order of time; `count` is how
/// many it says it has of this hub, at any time.
pub(super) fn judge(
    population: &Population,
    hub: u32,
    sent: &[Sent],
    stored: &[StoredTick],
    count: u64,
    end: End,
) -> Findings {
    let mut findings = Findings { ticks_stored: count.max(stored.len() as u64), ..Findings::default() };
    // What lies outside of what was asked for was never sent.
    findings.unexpected += count.saturating_sub(stored.len() as u64);
    let mut sent = sent.iter().peekable();
    let mut before = None;
    for tick in stored {
        if before == Some(tick.start) {
            findings.duplicated += 1;
            continue;
        }
        before = Some(tick.start);
        let Some(number) = population.tick_at(tick.start) else {
            findings.unexpected += 1;
            continue;
        };
        while let Some(skipped) = sent.next_if(|sent| sent.tick() < number) {
            findings.missing += u64::from(skipped.is_confirmed());
        }
        let was_sent = sent.next_if(|sent| sent.tick() == number).is_some();
        let right = compare(population, hub, number, tick);
        match right {
            // Whatever a killed swarm sent at the end is in no record.
            Right::Yes => findings.unexpected += u64::from(!was_sent && end == End::Closed),
            _ if !was_sent => findings.unexpected += 1,
            Right::Incomplete => findings.missing += 1,
            Right::No => findings.wrong += 1,
        }
    }
    findings.missing += sent.filter(|sent| sent.is_confirmed()).count() as u64;
    findings
}

enum Right {
    Yes,
    /// Some sockets are not there; those that are, are right.
    Incomplete,
    No,
}

fn compare(population: &Population, hub: u32, number: i64, stored: &StoredTick) -> Right {
    let told = population.energy(hub, number);
    if stored.length == population.tick_length && stored.energy == told {
        return Right::Yes;
    }
    let is_part = stored.energy.iter().all(|(socket, joules)| told.get(socket) == Some(joules));
    if stored.length == population.tick_length && is_part { Right::Incomplete } else { Right::No }
}

#[cfg(test)]
mod tests {
    use domain::{Joules, SocketNumber, TickLength};

    use super::*;
    use crate::population::tests::population;

    const HUB: u32 = 5;

    fn sent() -> Vec<Sent> {
        // Tick 3 is unknown.
        (0..6).map(|tick| Sent::new(HUB, tick, tick != 3)).collect()
    }

    fn stored(tick: i64) -> StoredTick {
        let population = population();
        StoredTick {
            start: population.tick_start(tick),
            length: population.tick_length,
            energy: population.energy(HUB, tick),
        }
    }

    fn found(stored: &[StoredTick]) -> Findings {
        judge(&population(), HUB, &sent(), stored, stored.len() as u64, End::Closed)
    }

    fn all() -> Vec<StoredTick> {
        (0..6).map(stored).collect()
    }

    #[test]
    fn all_is_well_with_and_without_the_unknown() {
        assert_eq!(found(&all()), Findings { ticks_stored: 6, ..Findings::default() });
        let mut without = all();
        without.remove(3);
        assert_eq!(found(&without), Findings { ticks_stored: 5, ..Findings::default() });
    }

    #[test]
    fn a_tick_is_missing_at_either_end_or_between() {
        for at in [0, 2, 5] {
            let mut ticks = all();
            ticks.remove(at);
            assert_eq!(found(&ticks).missing, 1);
        }
        assert_eq!(found(&[]).missing, 5);
    }

    #[test]
    fn a_socket_without_its_value_makes_a_tick_incomplete() {
        let mut ticks = all();
        ticks[2].energy = ticks[2].energy.iter().skip(1).collect();
        assert_eq!(found(&ticks), Findings { ticks_stored: 6, missing: 1, ..Findings::default() });
    }

    #[test]
    fn another_value_or_length_is_wrong() {
        let mut ticks = all();
        ticks[1].energy.set(SocketNumber::new(0).unwrap(), Joules(999_999));
        ticks[4].length = TickLength::from_secs(20).unwrap();
        assert_eq!(found(&ticks), Findings { ticks_stored: 6, wrong: 2, ..Findings::default() });
    }

    #[test]
    fn what_was_never_sent_is_unexpected() {
        let mut ticks = all();
        ticks.push(stored(6));
        ticks[0].start = ticks[0].start.plus_millis(1);
        let found = found(&ticks);
        assert_eq!((found.unexpected, found.missing), (2, 1));
    }

    #[test]
    fn what_the_store_has_elsewhere_is_unexpected_too() {
        let found = judge(&population(), HUB, &sent(), &all(), 8, End::Closed);
        assert_eq!(found, Findings { ticks_stored: 8, unexpected: 2, ..Findings::default() });
    }

    #[test]
    fn a_tick_that_is_there_twice_is_duplicated() {
        let mut ticks = all();
        ticks.insert(2, stored(2));
        assert_eq!(found(&ticks), Findings { ticks_stored: 7, duplicated: 1, ..Findings::default() });
    }

    #[test]
    fn a_killed_swarm_may_have_sent_more_than_it_wrote_down_but_nothing_else() {
        let mut ticks = all();
        ticks.push(stored(6));
        let open = |ticks: &[StoredTick]| {
            judge(&population(), HUB, &sent(), ticks, ticks.len() as u64, End::Open).unexpected
        };
        assert_eq!(open(&ticks), 0);
        ticks[6].energy.set(SocketNumber::new(0).unwrap(), Joules(999_999));
        assert_eq!(open(&ticks), 1);
    }
}
