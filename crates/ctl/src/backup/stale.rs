//! Which pages of a hub do not tell what its ticks say: late ticks may have waited for the rollup-worker when it was saved.

use std::collections::{BTreeMap, BTreeSet};

use domain::measurement::StoredTick;
use domain::rollup::{Detail, PackedDay, Roller, UtcDay};
use domain::{Container, HubId};

/// Told the ticks of a hub in order of time, and then its pages.
pub(super) struct StaleDays {
    hub: HubId,
    rolling: Option<(UtcDay, Roller)>,
    /// As their ticks have it. Packed, since a hub may have many years.
    rolled: BTreeMap<UtcDay, PackedDay>,
    /// Of these the page tells all.
    told: BTreeSet<UtcDay>,
}

impl StaleDays {
    pub(super) const fn of(hub: HubId) -> Self {
        Self { hub, rolling: None, rolled: BTreeMap::new(), told: BTreeSet::new() }
    }

    pub(super) fn measure(&mut self, container: &Container) {
        let length = container.tick_length;
        for tick in &container.ticks {
            let day = UtcDay::of(tick.start);
            if self.rolling.as_ref().is_none_or(|&(begun, _)| begun != day) {
                self.finish();
            }
            let (_, roller) = self.rolling.get_or_insert_with(|| (day, Roller::new(self.hub, day)));
            roller.push(&StoredTick { start: tick.start, length, energy: tick.energy.clone() });
        }
    }

    /// By the rule of the rollup-worker: whether it would change the page, for which some of the ticks may be gone.
    pub(super) fn compare(&mut self, page: &PackedDay) {
        self.finish();
        let Some(rolled) = self.rolled.get(&page.day) else { return };
        let (anew, page) = (rolled.unpack(Detail::Power), page.unpack(Detail::Power));
        // One that cannot be read is made anew.
        if let (Ok(anew), Ok(page)) = (anew, page)
            && anew.keeping(&page) == page
        {
            self.told.insert(page.day);
        }
    }

    /// The days that have ticks.
    pub(super) fn measured(mut self) -> BTreeSet<UtcDay> {
        self.finish();
        self.rolled.into_keys().collect()
    }

    /// Those of them whose page is not there or does not tell all, and the last.
    pub(super) fn differing(mut self) -> BTreeSet<UtcDay> {
        let told = std::mem::take(&mut self.told);
        let days = self.measured();
        let last = days.last().copied();
        days.into_iter().filter(|day| !told.contains(day) || Some(*day) == last).collect()
    }

    fn finish(&mut self) {
        if let Some((day, roller)) = self.rolling.take() {
            self.rolled.insert(day, PackedDay::pack(&roller.finish(day.next().start())));
        }
    }
}
