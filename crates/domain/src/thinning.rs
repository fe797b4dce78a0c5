//! Ticks of the past in less room: what was told twice told once, and minutes in place of short ticks.
//!
//! Whatever is done here, the energy of each socket stays the same to the joule, and nothing is said to be measured
//! that was not.

use std::collections::BTreeMap;

use crate::container::{SocketJoules, TickEnergy};
use crate::energy::Joules;
use crate::time::{TickLength, UtcMillis};

const MINUTE_MILLIS: i64 = 60_000;

/// What containers tell together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Ticks of which everything that was given out is here. In order of time.
    pub whole: Vec<TickEnergy>,
    /// Ticks that were given out again, and of which the first word is elsewhere. In order of time.
    pub late: Vec<TickEnergy>,
}

/// Puts the ticks of several containers together, which come in the order in which they were given out. Of a value that was
/// given out again (those of a container that is `late`) the last word counts, as it does in a store.
pub fn fold(containers: impl IntoIterator<Item = (bool, Vec<TickEnergy>)>) -> Folded {
    let mut all = BTreeMap::<UtcMillis, (bool, SocketJoules)>::new();
    for (is_late, ticks) in containers {
        for tick in ticks {
            let (is_whole, energy) = all.entry(tick.start).or_default();
            *is_whole |= !is_late;
            for (socket, joules) in tick.energy.iter() {
                energy.set(socket, joules);
            }
        }
    }
    let mut folded = Folded::default();
    for (start, (is_whole, energy)) in all {
        let ticks = if is_whole { &mut folded.whole } else { &mut folded.late };
        ticks.push(TickEnergy { start, energy });
    }
    folded
}

/// What became of ticks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thinned {
    /// Ticks of 60 s. In order of time.
    pub minutes: Vec<TickEnergy>,
    /// Ticks as they were. In order of time.
    pub raw: Vec<TickEnergy>,
}

/// Makes one tick of 60 s out of each whole minute of ticks that are in order of time. A minute stays as it is where a
/// tick is missing, where a socket was not measured in all of them (its coverage would be invented, and a point in a store
/// has one length for all its sockets), and where `keep` says so of its start.
pub fn thin(length: TickLength, ticks: Vec<TickEnergy>, keep: impl Fn(UtcMillis) -> bool) -> Thinned {
    let mut thinned = Thinned::default();
    let whole = usize::try_from(MINUTE_MILLIS / length.millis_i64()).unwrap_or(1);
    let mut minute = Vec::with_capacity(whole);
    let mut ticks = ticks.into_iter().peekable();
    while let Some(tick) = ticks.next() {
        let start = tick.start.floor_to(MINUTE_MILLIS);
        minute.push(tick);
        if ticks.peek().is_some_and(|next| next.start.floor_to(MINUTE_MILLIS) == start) {
            continue;
        }
        let mask = minute[0].energy.mask();
        let is_whole = minute.len() == whole && minute.iter().all(|tick| tick.energy.mask() == mask);
        if whole > 1 && is_whole && !keep(start) {
            thinned.minutes.push(TickEnergy { start, energy: sum(&minute) });
            minute.clear();
        } else {
            thinned.raw.append(&mut minute);
        }
    }
    thinned
}

/// Of ticks with the same sockets.
fn sum(ticks: &[TickEnergy]) -> SocketJoules {
    let mut total = SocketJoules::default();
    for tick in ticks {
        for (socket, joules) in tick.energy.iter() {
            let before = total.get(socket).unwrap_or(Joules::ZERO);
            total.set(socket, before + joules);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::SocketNumber;

    fn tick(start: i64, values: &[(u8, i64)]) -> TickEnergy {
        let socket = |number| SocketNumber::new(number).unwrap();
        let energy = values.iter().map(|&(number, joules)| (socket(number), Joules(joules))).collect();
        TickEnergy { start: UtcMillis::from_secs(start), energy }
    }

    fn per_socket(ticks: &[TickEnergy]) -> BTreeMap<SocketNumber, i64> {
        let mut sums = BTreeMap::new();
        for (socket, joules) in ticks.iter().flat_map(|tick| tick.energy.iter()) {
            *sums.entry(socket).or_default() += joules.0;
        }
        sums
    }

    /// Ticks of ten seconds with holes, and sockets that come and go.
    fn ticks() -> impl Strategy<Value = Vec<TickEnergy>> {
        let value = proptest::option::weighted(0.97, -1_000_000i64..1_000_000);
        proptest::collection::vec((value.clone(), value), 0..200).prop_map(|rows| {
            rows.into_iter()
                .zip(0..)
                .map(|((a, b), n)| {
                    let values: Vec<(u8, i64)> =
                        [(3, a), (9, b)].into_iter().filter_map(|(s, j)| Some((s, j?))).collect();
                    tick(1_800_000_000 + n * 10, &values)
                })
                .filter(|tick| !tick.energy.is_empty())
                .collect()
        })
    }

    proptest! {
        #[test]
        fn a_joule_is_neither_lost_nor_made(ticks in ticks(), kept in 0i64..40) {
            let keep = |minute: UtcMillis| minute.secs() / 60 % 40 == kept;
            let Thinned { minutes, raw } = thin(TickLength::DEFAULT, ticks.clone(), keep);
            let mut all = minutes.clone();
            all.extend(raw.iter().cloned());
            prop_assert_eq!(per_socket(&all), per_socket(&ticks));
            prop_assert!(minutes.is_sorted_by(|a, b| a.start < b.start));
            prop_assert!(raw.is_sorted_by(|a, b| a.start < b.start));
            prop_assert!(minutes.iter().all(|minute| !keep(minute.start)));
        }

        #[test]
        fn no_more_is_said_to_be_measured_than_was(ticks in ticks()) {
            let covered = |ticks: &[TickEnergy], secs: i64| {
                let mut all = Vec::new();
                for tick in ticks {
                    for (socket, _) in tick.energy.iter() {
                        all.extend((0..secs / 10).map(|n| (tick.start.secs() + n * 10, socket)));
                    }
                }
                all
            };
            let Thinned { minutes, raw } = thin(TickLength::DEFAULT, ticks.clone(), |_| false);
            let mut after = covered(&minutes, 60);
            after.extend(covered(&raw, 10));
            let mut before = covered(&ticks, 10);
            after.sort_unstable();
            before.sort_unstable();
            prop_assert_eq!(after, before);
        }

        #[test]
        fn what_is_thin_stays_as_it_is(ticks in ticks()) {
            let once = thin(TickLength::DEFAULT, ticks, |_| false);
            let again = thin(TickLength::DEFAULT, once.raw.clone(), |_| false);
            prop_assert_eq!((again.minutes, again.raw), (Vec::new(), once.raw));
            let minute = TickLength::from_secs(60).unwrap();
            prop_assert_eq!(thin(minute, once.minutes.clone(), |_| false).raw, once.minutes);
        }
    }

    #[test]
    fn a_socket_that_comes_within_a_minute_keeps_it_raw() {
        let mut ticks: Vec<TickEnergy> = (0..12).map(|n| tick(n * 10, &[(0, n)])).collect();
        ticks[8] = tick(80, &[(0, 8), (1, 5)]);
        let thinned = thin(TickLength::DEFAULT, ticks, |_| false);
        assert_eq!(thinned.minutes, [tick(0, &[(0, 15)])]);
        assert_eq!(thinned.raw.len(), 6);
    }

    #[test]
    fn the_last_word_counts_and_what_is_not_whole_stays_apart() {
        let folded = fold([
            (false, vec![tick(10, &[(0, 1)]), tick(20, &[(0, 2)])]),
            (true, vec![tick(0, &[(1, 7)]), tick(10, &[(1, 8)])]),
            (true, vec![tick(10, &[(1, 9)])]),
        ]);
        assert_eq!(folded.whole, [tick(10, &[(0, 1), (1, 9)]), tick(20, &[(0, 2)])]);
        assert_eq!(folded.late, [tick(0, &[(1, 7)])]);
    }
}
