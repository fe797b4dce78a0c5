//! Pages that were read before, so that a year is fetched once and not with every view.
//!
//! Nothing in here is an answer by itself. A page is given out only in the version that the store, asked just before,
//! says it has. So whoever rolls a day up again or erases it, in whatever process, needs to tell nobody.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use domain::HubId;
use domain::rollup::{Detail, PackedDay, UtcDay};

use super::version::Version;

/// Of a page, besides its bytes.
const OVERHEAD_BYTES: usize = 160;

/// The days that the store has pages of, and which; `None` for a page that tells no version.
pub(super) type Listed = BTreeMap<UtcDay, Option<Version>>;

/// Two generations of what was asked for: what was not asked for during a whole one is forgotten.
#[derive(Debug)]
pub(super) struct Memory {
    generation_bytes: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    recent: Generation,
    before: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    pages: HashMap<(HubId, UtcDay), Page>,
    bytes: usize,
}

#[derive(Debug)]
struct Page {
    version: Version,
    day: PackedDay,
}

impl Memory {
    /// Of at most so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self { generation_bytes: bytes / 2, generations: Mutex::default() }
    }

    pub(super) fn has_any(&self, hub: HubId, days: &Range<UtcDay>) -> bool {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        each(days).any(|day| {
            let place = (hub, day);
            generations.recent.pages.contains_key(&place) || generations.before.pages.contains_key(&place)
        })
    }

    /// Those of `days` that it has as they are `listed`. What is not listed any more is forgotten at once.
    pub(super) fn recall(
        &self,
        hub: HubId,
        days: &Range<UtcDay>,
        listed: &Listed,
        detail: Detail,
    ) -> BTreeMap<UtcDay, PackedDay> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let mut recalled = BTreeMap::new();
        for day in each(days) {
            match listed.get(&day) {
                Some(Some(version)) => {
                    if let Some(page) = generations.get((hub, day), *version, detail, self.generation_bytes) {
                        recalled.insert(day, page);
                    }
                }
                Some(None) => {}
                None => generations.forget((hub, day)),
            }
        }
        recalled
    }

    pub(super) fn keep(&self, pages: &[(Version, PackedDay)]) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        for (version, day) in pages {
            let page = Page { version: *version, day: day.clone() };
            generations.put((day.hub, day.day), page, self.generation_bytes);
        }
    }
}

fn each(days: &Range<UtcDay>) -> impl Iterator<Item = UtcDay> + use<> {
    (days.start.0..days.end.0).map(UtcDay)
}

impl Generations {
    fn get(
        &mut self,
        place: (HubId, UtcDay),
        version: Version,
        detail: Detail,
        limit: usize,
    ) -> Option<PackedDay> {
        if !self.recent.pages.contains_key(&place) {
            let page = self.before.take(place)?;
            self.put(place, page, limit);
        }
        let page = self.recent.pages.get(&place).filter(|page| page.version == version)?;
        page.in_detail(detail)
    }

    fn put(&mut self, place: (HubId, UtcDay), page: Page, limit: usize) {
        let known = self.recent.take(place).or_else(|| self.before.take(place));
        // Who asks for energy alone does not make others ask for the power again.
        let page =
            known.filter(|known| known.version == page.version && known.has_more(&page)).unwrap_or(page);
        let bytes = page.bytes();
        if bytes > limit {
            return;
        }
        if self.recent.bytes + bytes > limit {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.bytes += bytes;
        self.recent.pages.insert(place, page);
    }

    fn forget(&mut self, place: (HubId, UtcDay)) {
        drop(self.recent.take(place));
        drop(self.before.take(place));
    }
}

impl Generation {
    fn take(&mut self, place: (HubId, UtcDay)) -> Option<Page> {
        let page = self.pages.remove(&place)?;
        self.bytes -= page.bytes();
        Some(page)
    }
}

impl Page {
    fn bytes(&self) -> usize {
        OVERHEAD_BYTES + self.day.energy.len() + self.day.power.as_ref().map_or(0, Vec::len)
    }

    fn has_more(&self, other: &Self) -> bool {
        self.day.power.is_some() && other.day.power.is_none()
    }

    fn in_detail(&self, detail: Detail) -> Option<PackedDay> {
        let power = match detail {
            Detail::Energy => None,
            Detail::Power => Some(self.day.power.clone()?),
        };
        let PackedDay { hub, day, quarters, ref energy, .. } = self.day;
        Some(PackedDay { hub, day, quarters, energy: energy.clone(), power })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: HubId = HubId::from_bytes([1; 16]);
    const FIRST: UtcDay = UtcDay(20_000);
    const LARGE: usize = 1 << 20;

    fn page(hub: HubId, day: i32, checksum: u32, has_power: bool) -> (Version, PackedDay) {
        let power = has_power.then(|| vec![2; 200]);
        let day = PackedDay { hub, day: UtcDay(FIRST.0 + day), quarters: 96, energy: vec![1; 100], power };
        (Version { quarters: 96, checksum }, day)
    }

    fn days(count: i32) -> Range<UtcDay> {
        FIRST..UtcDay(FIRST.0 + count)
    }

    fn listed(pages: &[(Version, PackedDay)]) -> Listed {
        pages.iter().map(|(version, day)| (day.day, Some(*version))).collect()
    }

    fn recall(memory: &Memory, pages: &[(Version, PackedDay)], detail: Detail) -> Vec<PackedDay> {
        memory.recall(HUB, &days(9), &listed(pages), detail).into_values().collect()
    }

    #[test]
    fn a_page_is_given_out_in_the_version_that_is_listed_and_in_no_other() {
        let memory = Memory::new(LARGE);
        let old = [page(HUB, 0, 1, true), page(HUB, 1, 2, true)];
        memory.keep(&old);
        let new = [page(HUB, 0, 1, true), page(HUB, 1, 3, true)];
        assert_eq!(recall(&memory, &new, Detail::Power), [old[0].1.clone()]);
        let shorter = Version { quarters: 95, ..old[0].0 };
        assert_eq!(recall(&memory, &[(shorter, old[0].1.clone())], Detail::Power), []);
        memory.keep(&new);
        assert_eq!(recall(&memory, &new, Detail::Power), new.map(|(_, day)| day));
    }

    #[test]
    fn what_is_not_listed_is_forgotten_and_what_tells_no_version_is_not_known() {
        let memory = Memory::new(LARGE);
        let pages = [page(HUB, 0, 1, true), page(HUB, 1, 2, true)];
        memory.keep(&pages);
        let without = Listed::from([(pages[1].1.day, None)]);
        assert_eq!(memory.recall(HUB, &days(9), &without, Detail::Energy), BTreeMap::new());
        assert!(!memory.has_any(HUB, &days(1)));
        assert!(memory.has_any(HUB, &days(2)));
        assert_eq!(recall(&memory, &pages, Detail::Power), [pages[1].1.clone()]);
    }

    #[test]
    fn hubs_do_not_mix() {
        let memory = Memory::new(LARGE);
        let other = HubId::from_bytes([2; 16]);
        memory.keep(&[page(other, 0, 1, true)]);
        assert!(!memory.has_any(HUB, &days(9)));
        assert_eq!(recall(&memory, &[page(HUB, 0, 1, true)], Detail::Energy), []);
        // Nothing of this hub is listed, which says nothing about the other.
        assert_eq!(recall(&memory, &[], Detail::Energy), []);
        assert!(memory.has_any(other, &days(1)));
    }

    #[test]
    fn energy_alone_is_no_power_and_takes_none_away() {
        let memory = Memory::new(LARGE);
        let (whole, half) = (page(HUB, 0, 1, true), page(HUB, 0, 1, false));
        memory.keep(std::slice::from_ref(&half));
        let known = std::slice::from_ref(&half);
        assert_eq!(recall(&memory, known, Detail::Power), []);
        assert_eq!(recall(&memory, known, Detail::Energy), std::slice::from_ref(&half.1));
        memory.keep(std::slice::from_ref(&whole));
        memory.keep(std::slice::from_ref(&half));
        assert_eq!(recall(&memory, known, Detail::Power), [whole.1]);
        assert_eq!(recall(&memory, known, Detail::Energy), std::slice::from_ref(&half.1));
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let bytes = 40 * (OVERHEAD_BYTES + 300);
        let memory = Memory::new(bytes);
        let mine = [page(HUB, 0, 1, true)];
        memory.keep(&mine);
        for n in 0..400 {
            memory.keep(&[page(HubId::from_bytes([2; 16]), n, 1, true)]);
            assert_eq!(recall(&memory, &mine, Detail::Power).len(), 1, "after {n}");
            let generations = memory.generations.lock().unwrap();
            for generation in [&generations.recent, &generations.before] {
                let held: usize = generation.pages.values().map(Page::bytes).sum();
                assert!(held == generation.bytes && held <= bytes / 2, "{held} after {n}");
            }
        }
        assert!(!memory.has_any(HubId::from_bytes([2; 16]), &days(300)));
    }

    #[test]
    fn what_is_larger_than_the_memory_is_not_kept() {
        let memory = Memory::new(100);
        memory.keep(&[page(HUB, 0, 1, true)]);
        assert!(!memory.has_any(HUB, &days(1)));
    }
}
