//! Ticks of many containers, in columns: what the write path decodes into and stores from.
//!
//! Three vectors for a whole batch, however many containers it has, and their memory serves the next batch again.
//! So a container costs no allocation between the transport and the store.

use std::ops::Range;

use crate::container::{Container, SocketJoules, TickEnergy};
use crate::ids::HubId;
use crate::time::{TickLength, UtcMillis};

/// Grows by whole containers, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct TickBatch {
    heads: Vec<Head>,
    ticks: Vec<Tick>,
    joules: Vec<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    hub: HubId,
    sequence: u64,
    length: TickLength,
    first_tick: usize,
}

#[derive(Clone, Copy, Debug)]
struct Tick {
    start: UtcMillis,
    mask: u64,
    head: usize,
    first_joules: usize,
}

impl TickBatch {
    pub fn containers(&self) -> usize {
        self.heads.len()
    }

    /// Measurements (socket, tick, energy) in it.
    pub fn values(&self) -> usize {
        self.joules.len()
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.ticks.clear();
        self.joules.clear();
    }

    /// Bytes that it holds on to, used or not.
    pub fn capacity_bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.ticks.capacity() * size_of::<Tick>()
            + self.joules.capacity() * size_of::<i64>()
    }

    /// Begins another container. It is part of the batch when it is [finished](Draft::finish), and not at all when
    /// it is dropped before.
    pub fn begin(&mut self, hub: HubId, sequence: u64, length: TickLength) -> Draft<'_> {
        let (ticks, joules) = (self.ticks.len(), self.joules.len());
        self.heads.push(Head { hub, sequence, length, first_tick: ticks });
        Draft { ticks, joules, finished: false, batch: self }
    }

    pub fn push(&mut self, container: &Container) {
        let mut draft = self.begin(container.hub, container.sequence, container.tick_length);
        for tick in &container.ticks {
            draft.joules().extend_from_slice(tick.energy.values());
            let fits = draft.tick(tick.start, tick.energy.mask());
            debug_assert!(fits, "a container has as many values as sockets");
        }
        draft.finish();
    }

    /// Everything in it.
    pub fn all(&self) -> Ticks<'_> {
        Ticks { batch: self, range: (0, self.ticks.len()) }
    }

    /// The ticks of the container at this place. Panics beyond [`containers`](Self::containers).
    pub fn of_container(&self, place: usize) -> Ticks<'_> {
        let end = self.heads.get(place + 1).map_or(self.ticks.len(), |next| next.first_tick);
        Ticks { batch: self, range: (self.heads[place].first_tick, end) }
    }

    /// The last container goes again.
    pub fn pop(&mut self) {
        if let Some(head) = self.heads.pop() {
            let joules = self.ticks.get(head.first_tick).map_or(self.joules.len(), |tick| tick.first_joules);
            self.joules.truncate(joules);
            self.ticks.truncate(head.first_tick);
        }
    }

    fn tick(&self, place: usize) -> TickRef<'_> {
        let tick = self.ticks[place];
        let end = self.ticks.get(place + 1).map_or(self.joules.len(), |next| next.first_joules);
        let head = self.heads[tick.head];
        TickRef {
            container: tick.head,
            hub: head.hub,
            sequence: head.sequence,
            length: head.length,
            start: tick.start,
            mask: tick.mask,
            joules: &self.joules[tick.first_joules..end],
        }
    }
}

impl<'a> FromIterator<&'a Container> for TickBatch {
    fn from_iter<I: IntoIterator<Item = &'a Container>>(containers: I) -> Self {
        let mut batch = Self::default();
        for container in containers {
            batch.push(container);
        }
        batch
    }
}

/// A container on its way into a batch: the joules of a tick first, then the tick itself.
#[derive(Debug)]
pub struct Draft<'a> {
    batch: &'a mut TickBatch,
    /// What was there before.
    ticks: usize,
    joules: usize,
    finished: bool,
}

impl Draft<'_> {
    /// Where the joules of the next tick are appended, lowest socket first.
    pub fn joules(&mut self) -> &mut Vec<i64> {
        &mut self.batch.joules
    }

    /// Joules appended since the last tick.
    pub fn pending(&self) -> &[i64] {
        &self.batch.joules[self.pending_from()..]
    }

    /// A tick of what was appended since the last one; `false`, and nothing done, when that is not one value per bit
    /// of `mask`.
    #[must_use]
    pub fn tick(&mut self, start: UtcMillis, mask: u64) -> bool {
        let first_joules = self.pending_from();
        if self.batch.joules.len() - first_joules != mask.count_ones() as usize {
            return false;
        }
        // One without a value has nothing to say.
        if mask != 0 {
            let head = self.batch.heads.len() - 1;
            self.batch.ticks.push(Tick { start, mask, head, first_joules });
        }
        true
    }

    pub fn finish(mut self) {
        self.finished = true;
    }

    fn pending_from(&self) -> usize {
        match self.batch.ticks.last() {
            Some(last) if self.batch.ticks.len() > self.ticks => {
                last.first_joules + last.mask.count_ones() as usize
            }
            _ => self.joules,
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if self.finished {
            let end = self.pending_from();
            self.batch.joules.truncate(end);
        } else {
            self.batch.heads.pop();
            self.batch.ticks.truncate(self.ticks);
            self.batch.joules.truncate(self.joules);
        }
    }
}

/// Some consecutive ticks of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Ticks<'a> {
    batch: &'a TickBatch,
    range: (usize, usize),
}

impl<'a> Ticks<'a> {
    pub const fn len(&self) -> usize {
        self.range.1 - self.range.0
    }

    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Measurements in them.
    pub fn values(&self) -> usize {
        self.iter().map(|tick| tick.joules.len()).sum()
    }

    /// Panics beyond [`len`](Self::len).
    pub fn get(&self, place: usize) -> TickRef<'a> {
        assert!(place < self.len(), "tick {place} of {}", self.len());
        self.batch.tick(self.range.0 + place)
    }

    pub fn first(&self) -> Option<TickRef<'a>> {
        (!self.is_empty()).then(|| self.get(0))
    }

    pub fn last(&self) -> Option<TickRef<'a>> {
        (!self.is_empty()).then(|| self.get(self.len() - 1))
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = TickRef<'a>> + use<'a> {
        let batch = self.batch;
        (self.range.0..self.range.1).map(move |place| batch.tick(place))
    }

    /// Those at `places` of these. Panics beyond [`len`](Self::len).
    #[must_use]
    pub fn slice(&self, places: Range<usize>) -> Self {
        assert!(places.start <= places.end && places.end <= self.len(), "{places:?} of {}", self.len());
        Self { batch: self.batch, range: (self.range.0 + places.start, self.range.0 + places.end) }
    }
}

/// One tick of one hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickRef<'a> {
    /// The place of its container in the batch.
    pub container: usize,
    pub hub: HubId,
    /// Of its container.
    pub sequence: u64,
    pub length: TickLength,
    pub start: UtcMillis,
    /// One bit per socket that has a value.
    pub mask: u64,
    /// One value per set bit, lowest socket first.
    pub joules: &'a [i64],
}

impl TickRef<'_> {
    /// A copy of its values.
    pub fn energy(&self) -> SocketJoules {
        SocketJoules::from_parts(self.mask, self.joules.to_vec()).unwrap_or_default()
    }

    /// A copy as it stands in a container.
    pub fn to_owned(&self) -> TickEnergy {
        TickEnergy { start: self.start, energy: self.energy() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(number: u8) -> HubId {
        HubId::from_bytes([number; 16])
    }

    fn add(batch: &mut TickBatch, number: u8, ticks: &[(i64, u64, &[i64])]) {
        let mut draft = batch.begin(hub(number), 1, TickLength::DEFAULT);
        for &(start, mask, joules) in ticks {
            draft.joules().extend_from_slice(joules);
            assert!(draft.tick(UtcMillis(start), mask));
        }
        draft.finish();
    }

    fn seen(ticks: Ticks<'_>) -> Vec<(usize, i64, Vec<i64>)> {
        ticks.iter().map(|tick| (tick.container, tick.start.0, tick.joules.to_vec())).collect()
    }

    #[test]
    fn ticks_keep_their_container_and_values() {
        let mut batch = TickBatch::default();
        add(&mut batch, 1, &[(0, 0b11, &[1, 2]), (10, 0b1, &[3])]);
        add(&mut batch, 2, &[(20, 0b100, &[4])]);
        assert_eq!((batch.containers(), batch.values()), (2, 4));
        assert_eq!(seen(batch.all()), [(0, 0, vec![1, 2]), (0, 10, vec![3]), (1, 20, vec![4])]);
        assert_eq!(seen(batch.of_container(0)), [(0, 0, vec![1, 2]), (0, 10, vec![3])]);
        assert_eq!(seen(batch.of_container(1)), [(1, 20, vec![4])]);
        assert_eq!(seen(batch.all().slice(1..3).slice(1..2)), [(1, 20, vec![4])]);
    }

    #[test]
    fn what_is_not_finished_leaves_no_trace() {
        let mut batch = TickBatch::default();
        add(&mut batch, 1, &[(0, 0b1, &[1])]);
        let mut draft = batch.begin(hub(2), 1, TickLength::DEFAULT);
        draft.joules().extend([7, 8]);
        assert!(draft.tick(UtcMillis(0), 0b11));
        draft.joules().push(9);
        assert_eq!(draft.pending(), [9]);
        assert!(!draft.tick(UtcMillis(10), 0b11));
        drop(draft);
        assert_eq!((batch.containers(), batch.values()), (1, 1));
        add(&mut batch, 3, &[(5, 0b1, &[2])]);
        assert_eq!(seen(batch.all()), [(0, 0, vec![1]), (1, 5, vec![2])]);
    }

    #[test]
    fn the_last_container_can_go_again() {
        let mut batch = TickBatch::default();
        add(&mut batch, 1, &[(0, 0b1, &[1])]);
        add(&mut batch, 2, &[(0, 0b11, &[2, 3]), (10, 0b1, &[4])]);
        batch.pop();
        assert_eq!(seen(batch.all()), [(0, 0, vec![1])]);
        assert_eq!(batch.values(), 1);
        batch.pop();
        batch.pop();
        assert!(batch.all().is_empty());
    }

    #[test]
    fn memory_is_used_again() {
        let mut batch = TickBatch::default();
        for _ in 0..100 {
            add(&mut batch, 1, &[(0, 0b11, &[1, 2])]);
        }
        let held = batch.capacity_bytes();
        batch.clear();
        assert_eq!(batch.values(), 0);
        for _ in 0..100 {
            add(&mut batch, 1, &[(0, 0b11, &[1, 2])]);
        }
        assert_eq!(batch.capacity_bytes(), held);
    }
}
