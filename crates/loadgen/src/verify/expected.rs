//! What the ledger says, small enough to hold: eight bytes a tick.

use std::path::Path;

use crate::item::Kind;
use crate::ledger::{End, LedgerError, LedgerReader, Outcome};
use crate::population::Population;

/// One tick of one hub, and whether the broker has confirmed it. Ordered by hub, then by tick, then unknown before
/// confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sent(u64);

impl Sent {
    pub(super) const fn new(hub: u32, tick: u32, is_confirmed: bool) -> Self {
        Self((hub as u64) << 32 | (tick as u64 & 0x7fff_ffff) << 1 | is_confirmed as u64)
    }

    const fn hub(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(super) const fn tick(self) -> i64 {
        ((self.0 & 0xffff_ffff) >> 1).cast_signed()
    }

    pub(super) const fn is_confirmed(self) -> bool {
        self.0 & 1 == 1
    }
}

#[derive(Debug)]
pub(super) struct Expected {
    pub(super) population: Population,
    pub(super) end: End,
    pub(super) containers: u64,
    pub(super) poison_confirmed: u64,
    /// Different ones that are confirmed.
    pub(super) ticks: u64,
    /// Of all hubs.
    pub(super) last_tick: i64,
    /// Each (hub, tick) once.
    sent: Vec<Sent>,
}

impl Expected {
    pub(super) fn read(path: &Path) -> Result<Self, LedgerError> {
        let ledger = LedgerReader::open(path)?;
        let population = ledger.population();
        let (mut containers, mut poison_confirmed) = (0, 0);
        let mut sent = Vec::new();
        let end = ledger.read(|entry| {
            let is_confirmed = entry.outcome == Outcome::Confirmed;
            match entry.item.kind {
                Kind::Poison => poison_confirmed += u64::from(is_confirmed),
                Kind::Fresh | Kind::Late => {
                    containers += u64::from(is_confirmed);
                    sent.push(Sent::new(entry.item.hub, entry.item.number, is_confirmed));
                }
                // One that was confirmed is as good as the first.
                Kind::Duplicate => sent.push(Sent::new(entry.item.hub, entry.item.number, is_confirmed)),
            }
        })?;
        sent.sort_unstable_by_key(|&sent| std::cmp::Reverse(sent));
        // Confirmed ones come first now and are kept.
        sent.dedup_by_key(|sent| sent.0 >> 1);
        sent.reverse();
        let ticks = sent.iter().filter(|sent| sent.is_confirmed()).count() as u64;
        let last_tick = sent.iter().map(|sent| sent.tick()).max().unwrap_or(0);
        Ok(Self { population, end, containers, poison_confirmed, ticks, last_tick, sent })
    }

    /// The hubs that sent anything.
    pub(super) fn by_hub(&self) -> impl Iterator<Item = (u32, &[Sent])> {
        self.sent.chunk_by(|a, b| a.hub() == b.hub()).map(|sent| (sent[0].hub(), sent))
    }

    pub(super) fn of_hub(&self, hub: u32) -> &[Sent] {
        let first = self.sent.partition_point(|sent| sent.hub() < hub);
        let end = self.sent.partition_point(|sent| sent.hub() <= hub);
        &self.sent[first..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Item;
    use crate::ledger::{Entry, LedgerWriter};
    use crate::population::tests::population;

    #[test]
    fn a_tick_is_confirmed_when_one_of_its_containers_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let mut ledger = LedgerWriter::create(&path, &population()).unwrap();
        for (hub, number, kind, outcome) in [
            (3, 1, Kind::Duplicate, Outcome::Confirmed),
            (2, 0, Kind::Fresh, Outcome::Confirmed),
            (3, 1, Kind::Fresh, Outcome::Unknown),
            (2, 7, Kind::Late, Outcome::Unknown),
            (2, 0, Kind::Duplicate, Outcome::Unknown),
            (2, 9, Kind::Poison, Outcome::Confirmed),
            (2, 8, Kind::Poison, Outcome::Unknown),
        ] {
            ledger.add(Entry { item: Item { hub, number, kind }, outcome }).unwrap();
        }
        ledger.close().unwrap();
        let expected = Expected::read(&path).unwrap();
        assert_eq!((expected.containers, expected.ticks, expected.poison_confirmed), (1, 2, 1));
        let all: Vec<(u32, Vec<(i64, bool)>)> = expected
            .by_hub()
            .map(|(hub, sent)| (hub, sent.iter().map(|sent| (sent.tick(), sent.is_confirmed())).collect()))
            .collect();
        assert_eq!(all, [(2, vec![(0, true), (7, false)]), (3, vec![(1, true)])]);
        assert_eq!(expected.of_hub(3), [Sent::new(3, 1, true)]);
        assert_eq!(expected.of_hub(4), []);
    }
}
