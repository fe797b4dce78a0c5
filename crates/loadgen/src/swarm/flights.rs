//! What was sent over a channel and is not confirmed yet. The broker confirms by numbers that count from 1.

use std::collections::{HashSet, VecDeque};

use tokio::time::Instant;

use crate::item::Item;

#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) item: Item,
    pub(super) since: Instant,
}

/// What became of one flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    Taken,
    Refused,
    Returned,
}

#[derive(Debug)]
pub(super) struct Flights {
    /// Of the first in `open`.
    first_tag: u64,
    open: VecDeque<Option<Flight>>,
    count: usize,
    returned: HashSet<u64>,
}

impl Flights {
    pub(super) fn new() -> Self {
        Self { first_tag: 1, open: VecDeque::new(), count: 0, returned: HashSet::new() }
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// From the oldest open one to the newest, those between included.
    pub(super) fn span(&self) -> usize {
        self.open.len()
    }

    /// The tag of what is sent next.
    pub(super) fn next_tag(&self) -> u64 {
        self.first_tag + self.open.len() as u64
    }

    pub(super) fn sent(&mut self, flight: Flight) {
        self.open.push_back(Some(flight));
        self.count += 1;
    }

    pub(super) fn returned(&mut self, tag: u64) {
        self.returned.insert(tag);
    }

    pub(super) fn landed(
        &mut self,
        tag: u64,
        multiple: bool,
        taken: bool,
        mut each: impl FnMut(Flight, Landing),
    ) {
        let first = if multiple { self.first_tag } else { tag };
        for tag in first..=tag {
            let place = tag.checked_sub(self.first_tag).and_then(|place| usize::try_from(place).ok());
            let flight = place.and_then(|place| self.open.get_mut(place)?.take());
            let Some(flight) = flight else { continue };
            self.count -= 1;
            let was_returned = !self.returned.is_empty() && self.returned.remove(&tag);
            each(
                flight,
                match taken {
                    _ if was_returned => Landing::Returned,
                    true => Landing::Taken,
                    false => Landing::Refused,
                },
            );
        }
        while let Some(None) = self.open.front() {
            self.open.pop_front();
            self.first_tag += 1;
        }
    }

    /// Those that will never be confirmed, since the connection is gone.
    pub(super) fn lost(self) -> impl Iterator<Item = Item> {
        self.open.into_iter().flatten().map(|flight| flight.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Kind;

    fn flights(count: u32) -> Flights {
        let mut flights = Flights::new();
        for hub in 1..=count {
            assert_eq!(flights.next_tag(), u64::from(hub));
            let item = Item { hub, number: 0, kind: Kind::Fresh };
            flights.sent(Flight { item, since: Instant::now() });
        }
        flights
    }

    fn land(flights: &mut Flights, tag: u64, multiple: bool, taken: bool) -> Vec<(u32, Landing)> {
        let mut landed = Vec::new();
        flights.landed(tag, multiple, taken, |flight, landing| landed.push((flight.item.hub, landing)));
        landed
    }

    #[test]
    fn confirms_come_in_any_order_and_once() {
        let mut flights = flights(5);
        assert_eq!(land(&mut flights, 3, false, true), [(3, Landing::Taken)]);
        assert_eq!(land(&mut flights, 4, true, true).len(), 3);
        assert_eq!(land(&mut flights, 4, true, true), []);
        assert_eq!((flights.count(), flights.span(), flights.next_tag()), (1, 1, 6));
        assert_eq!(land(&mut flights, 9, false, true), []);
        assert_eq!(land(&mut flights, 5, false, false), [(5, Landing::Refused)]);
    }

    #[test]
    fn a_returned_one_is_not_taken_though_confirmed() {
        let mut flights = flights(2);
        flights.returned(2);
        assert_eq!(land(&mut flights, 2, true, true), [(1, Landing::Taken), (2, Landing::Returned)]);
    }

    #[test]
    fn what_is_open_is_lost_with_the_connection() {
        let mut flights = flights(3);
        land(&mut flights, 2, false, true);
        assert_eq!(flights.lost().map(|item| item.hub).collect::<Vec<_>>(), [1, 3]);
    }
}
