//! Spreading hubs over several stores by a stable hash, so that nobody has to remember which hub is where.
//!
//! The store of a tick follows from its hub and its UTC day, and never changes afterwards. A store that is added takes ticks
//! from a day on; what was measured before stays where it is, so nothing is moved and no question finds half of it. Among the
//! stores of a day a hub goes to the one that draws highest for it (rendezvous hashing: Thaler and Ravishankar, 1998), so a
//! store more takes its share from each of the others and moves no other hub.

use std::ops::Range;

use crate::ids::HubId;
use crate::part::hash;
use crate::rollup::UtcDay;
use crate::time::TimeRange;

/// One of the stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the hash goes by: it keeps its name when it moves to another machine.
    pub name: String,
    /// The first day whose ticks it takes; since ever when not set.
    pub since: Option<UtcDay>,
    /// The first day whose ticks it takes no more.
    pub until: Option<UtcDay>,
}

/// Which store has what.
#[derive(Clone, Debug)]
pub struct Placement {
    /// What each store draws with.
    seeds: Vec<u64>,
    /// In order of time, the first since ever.
    epochs: Vec<Epoch>,
}

/// As long as it is the same stores that take ticks.
#[derive(Clone, Debug)]
struct Epoch {
    start: UtcDay,
    places: Vec<usize>,
}

/// Stores among which hubs cannot be spread.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlacement {
    #[error("there are two stores named {0:?}")]
    SameName(String),
    #[error("the store {0:?} would take ticks until a day that is not after the first")]
    Backwards(String),
    #[error("no store would take ticks of {}", .0.map_or_else(|| "all days".to_owned(), |day| day.to_string()))]
    Nobody(Option<UtcDay>),
}

/// Before every other day.
const EVER: UtcDay = UtcDay(i32::MIN);

impl Placement {
    /// Of the stores, which are known by their places in `places` from here on.
    pub fn new(places: &[Place]) -> Result<Self, BadPlacement> {
        for (n, place) in places.iter().enumerate() {
            if places[..n].iter().any(|other| other.name == place.name) {
                return Err(BadPlacement::SameName(place.name.clone()));
            }
            if place.until.is_some_and(|until| until <= place.since.unwrap_or(EVER)) {
                return Err(BadPlacement::Backwards(place.name.clone()));
            }
        }
        let mut starts: Vec<UtcDay> =
            places.iter().flat_map(|place| [place.since, place.until]).flatten().collect();
        starts.push(EVER);
        starts.sort_unstable();
        starts.dedup();
        let epochs: Vec<Epoch> = starts.into_iter().map(|start| Epoch::of(start, places)).collect();
        if let Some(empty) = epochs.iter().find(|epoch| epoch.places.is_empty()) {
            return Err(BadPlacement::Nobody((empty.start != EVER).then_some(empty.start)));
        }
        Ok(Self { seeds: places.iter().map(|place| hash(place.name.as_bytes())).collect(), epochs })
    }

    /// How many stores there are.
    pub const fn len(&self) -> usize {
        self.seeds.len()
    }

    /// Never: some store takes the ticks of every day.
    pub const fn is_empty(&self) -> bool {
        self.seeds.is_empty()
    }

    /// The store of the hub's ticks of this day.
    pub fn of(&self, hub: HubId, day: UtcDay) -> usize {
        self.drawn(hub, self.epoch(day))
    }

    /// The stores that take ticks of this day.
    pub fn of_day(&self, day: UtcDay) -> &[usize] {
        &self.epoch(day).places
    }

    /// The first day from which on the store has nothing more of the hub; `None`: it has it to this day.
    pub fn ends(&self, hub: HubId, place: usize) -> Option<UtcDay> {
        let last = self.epochs.iter().rposition(|epoch| self.drawn(hub, epoch) == place);
        last.map_or(Some(EVER), |last| Some(self.epochs.get(last + 1)?.start))
    }

    /// Every store that may have something of the hub.
    pub fn of_hub(&self, hub: HubId) -> Vec<usize> {
        let mut places: Vec<usize> = self.epochs.iter().map(|epoch| self.drawn(hub, epoch)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Which store has which of these days of the hub, in order.
    pub fn days(&self, hub: HubId, days: Range<UtcDay>) -> Vec<(usize, Range<UtcDay>)> {
        let mut parts: Vec<(usize, Range<UtcDay>)> = Vec::new();
        for (n, epoch) in self.epochs.iter().enumerate() {
            let end = self.epochs.get(n + 1).map_or(days.end, |next| next.start.min(days.end));
            let start = epoch.start.max(days.start);
            if start >= end {
                continue;
            }
            let place = self.drawn(hub, epoch);
            match parts.last_mut() {
                Some((last, part)) if *last == place => part.end = end,
                _ => parts.push((place, start..end)),
            }
        }
        parts
    }

    /// Which store has which part of this time of the hub, in order.
    pub fn times(&self, hub: HubId, range: TimeRange) -> Vec<(usize, TimeRange)> {
        let within =
            |days: Range<UtcDay>| TimeRange::new(days.start.start(), days.end.start()).intersection(&range);
        let days = self.days(hub, UtcDay::touching(range));
        days.into_iter().map(|(place, days)| (place, within(days))).collect()
    }

    fn epoch(&self, day: UtcDay) -> &Epoch {
        let after = self.epochs.partition_point(|epoch| epoch.start <= day);
        // The first began before every day.
        &self.epochs[after.saturating_sub(1)]
    }

    fn drawn(&self, hub: HubId, epoch: &Epoch) -> usize {
        let hub = hash(hub.as_bytes());
        let draws = epoch.places.iter().map(|&place| (mixed(hub ^ self.seeds[place]), place));
        draws.max().map_or(0, |(_, place)| place)
    }
}

impl Epoch {
    fn of(start: UtcDay, places: &[Place]) -> Self {
        let takes = |place: &Place| {
            place.since.is_none_or(|since| since <= start) && place.until.is_none_or(|until| start < until)
        };
        let places = places.iter().enumerate().filter(|(_, place)| takes(place)).map(|(n, _)| n).collect();
        Self { start, places }
    }
}

/// Every bit of the outcome depends on every bit of the number (the finaliser of `SplitMix64`: Steele, Lea and Flood, 2014).
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UtcMillis;

    fn place(name: &str, since: Option<i32>, until: Option<i32>) -> Place {
        Place { name: name.to_owned(), since: since.map(UtcDay), until: until.map(UtcDay) }
    }

    fn hubs() -> impl Iterator<Item = HubId> {
        (0..3_000_u128).map(|number| HubId::from_bytes(number.to_be_bytes()))
    }

    #[test]
    fn hubs_are_dealt_evenly_and_one_store_more_takes_from_each() {
        let three = [place("a", None, None), place("b", None, None), place("c", None, None)];
        let four = [three.to_vec(), vec![place("d", Some(100), None)]].concat();
        let (three, four) = (Placement::new(&three).unwrap(), Placement::new(&four).unwrap());
        let mut sizes = [0; 3];
        let mut taken = [0; 3];
        for hub in hubs() {
            let before = three.of(hub, UtcDay(100));
            sizes[before] += 1;
            assert_eq!(four.of(hub, UtcDay(99)), before, "the past stays where it is");
            match four.of(hub, UtcDay(100)) {
                3 => taken[before] += 1,
                after => assert_eq!(after, before, "no other hub moves"),
            }
        }
        assert!(sizes.iter().all(|size| (900..1_100).contains(size)), "{sizes:?}");
        assert!(taken.iter().all(|taken| (200..300).contains(taken)), "{taken:?}");
    }

    #[test]
    fn a_range_is_cut_where_the_store_changes() {
        let places = [place("a", None, Some(20)), place("b", Some(10), None)];
        let placement = Placement::new(&places).unwrap();
        let (stays, moves) = (
            hubs().find(|&hub| placement.of(hub, UtcDay(15)) == 0).unwrap(),
            hubs().find(|&hub| placement.of(hub, UtcDay(15)) == 1).unwrap(),
        );
        let days = |hub, days: Range<i32>| {
            let parts = placement.days(hub, UtcDay(days.start)..UtcDay(days.end));
            parts.into_iter().map(|(place, days)| (place, days.start.0, days.end.0)).collect::<Vec<_>>()
        };
        assert_eq!(days(stays, 0..30), [(0, 0, 20), (1, 20, 30)]);
        assert_eq!(days(moves, 0..30), [(0, 0, 10), (1, 10, 30)]);
        assert_eq!(days(moves, -5..10), [(0, -5, 10)]);
        assert_eq!(days(moves, 10..10), []);
        assert_eq!(placement.of_hub(moves), [0, 1]);
        assert_eq!([0, 1].map(|place| placement.ends(moves, place)), [Some(UtcDay(10)), None]);
        assert_eq!([0, 1].map(|place| placement.ends(stays, place)), [Some(UtcDay(20)), None]);
        let of_day = [9, 10, 20].map(|day| placement.of_day(UtcDay(day)).to_vec());
        assert_eq!(of_day, [vec![0], vec![0, 1], vec![1]]);

        let edge = UtcDay(10).start();
        let range = TimeRange::new(edge.plus_millis(-1_000), edge.plus_millis(1));
        let parts = placement.times(moves, range);
        assert_eq!(parts, [(0, TimeRange::new(range.start, edge)), (1, TimeRange::new(edge, range.end))]);
        let all = TimeRange::new(UtcMillis(i64::MIN / 2), UtcMillis(i64::MAX / 2));
        assert_eq!(placement.times(moves, all).len(), 2);
    }

    #[test]
    fn what_no_hub_can_be_spread_over_is_refused() {
        let refused = |places: &[Place]| Placement::new(places).unwrap_err();
        assert_eq!(refused(&[]), BadPlacement::Nobody(None));
        assert_eq!(refused(&[place("a", Some(3), None)]), BadPlacement::Nobody(None));
        assert_eq!(refused(&[place("a", None, Some(3))]), BadPlacement::Nobody(Some(UtcDay(3))));
        let gap = [place("a", None, Some(3)), place("b", Some(4), None)];
        assert_eq!(refused(&gap), BadPlacement::Nobody(Some(UtcDay(3))));
        let twice = [place("a", None, None), place("a", Some(4), None)];
        assert_eq!(refused(&twice), BadPlacement::SameName("a".to_owned()));
        let backwards = [place("a", None, None), place("b", Some(4), Some(4))];
        assert_eq!(refused(&backwards), BadPlacement::Backwards("b".to_owned()));
        assert_eq!(refused(&gap).to_string(), "no store would take ticks of 1970-01-04");
    }

    /// A service of the next version must look where the last one wrote.
    #[test]
    fn where_a_hub_is_stays_what_it_is() {
        let places: Vec<Place> = ["store-1", "store-2", "store-3"].map(|name| place(name, None, None)).into();
        let placement = Placement::new(&places).unwrap();
        let drawn: Vec<usize> =
            (0..12).map(|n| placement.of(HubId::from_bytes([n; 16]), UtcDay(20_000))).collect();
        assert_eq!(drawn, [1, 1, 2, 0, 1, 2, 0, 0, 0, 0, 0, 2]);
    }
}
