use std::collections::{HashMap, HashSet};
use std::ops::Range;

use async_trait::async_trait;
use domain::erasure::MeasurementErasure;
use domain::measurement::StoreError;
use domain::rollup::{Detail, Mark, PackedDay, Rollups, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use futures_util::future::{join_all, try_join_all};

use super::{Named, Spread};

impl<T> Spread<T> {
    /// What goes to each store that has a part of it.
    fn dealt<I: Clone>(
        &self,
        items: &[I],
        whose: impl Fn(&I) -> (HubId, UtcDay),
    ) -> Vec<(&Named<T>, Vec<I>)> {
        let mut parts: Vec<Vec<I>> = self.stores.iter().map(|_| Vec::new()).collect();
        for item in items {
            let (hub, day) = whose(item);
            parts[self.placement.of(hub, day)].push(item.clone());
        }
        self.stores.iter().zip(parts).filter(|(_, part)| !part.is_empty()).collect()
    }
}

#[async_trait]
impl<T: Rollups> Rollups for Spread<T> {
    async fn put_days(&self, days: &[PackedDay]) -> Result<(), StoreError> {
        let parts = self.dealt(days, |page| (page.hub, page.day));
        let put =
            parts.iter().map(async |(store, pages)| self.said(store, store.store.put_days(pages).await));
        try_join_all(put).await.map(|_| ())
    }

    async fn days(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError> {
        let asked = self.placement.days(hub, days).into_iter().map(async |(store, days)| {
            let store = &self.stores[store];
            self.said(store, store.store.days(hub, days, detail).await)
        });
        Ok(try_join_all(asked).await?.concat())
    }

    async fn watermark(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        let asked = self.placement.of_hub(hub).into_iter().map(async |place| {
            let store = &self.stores[place];
            let mark = self.said(store, store.store.watermark(hub).await)?;
            // Whatever it has of later days is not looked at there.
            let end = self.placement.ends(hub, place).map_or(UtcMillis(i64::MAX), UtcDay::start);
            Ok::<_, StoreError>(mark.map(|mark| mark.min(end)))
        });
        Ok(try_join_all(asked).await?.into_iter().flatten().max())
    }

    async fn active_hubs(&self, since: UtcMillis) -> Result<Vec<HubId>, StoreError> {
        let asked =
            self.stores.iter().map(async |store| self.said(store, store.store.active_hubs(since).await));
        let mut hubs = try_join_all(asked).await?.concat();
        if self.stores.len() > 1 {
            // The day on which its store changes a hub is in both.
            hubs.sort_unstable();
            hubs.dedup();
        }
        Ok(hubs)
    }

    async fn first_tick(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError> {
        let asked = self.placement.of_hub(hub).into_iter().map(async |place| {
            let store = &self.stores[place];
            self.said(store, store.store.first_tick(hub).await)
        });
        Ok(try_join_all(asked).await?.into_iter().flatten().min())
    }

    async fn mark(&self, marks: &[Mark]) -> Result<(), StoreError> {
        let parts = self.dealt(marks, |mark| (mark.hub, mark.day));
        let put = parts.iter().map(async |(store, marks)| self.said(store, store.store.mark(marks).await));
        try_join_all(put).await.map(|_| ())
    }

    /// Those of the stores that answer, if there are any. A mark in a store that does not have its day, where somebody with
    /// another list of stores put it, is brought to the one that does.
    async fn marks(&self, limit: usize) -> Result<Vec<Mark>, StoreError> {
        let asked = self.stores.iter().enumerate().map(async |(place, store)| {
            let marks = self.said(store, store.store.marks(limit).await)?;
            let is_stray = |mark: &&Mark| self.placement.of(mark.hub, mark.day) != place;
            let strays: Vec<Mark> = marks.iter().filter(is_stray).copied().collect();
            if !strays.is_empty() {
                self.mark(&strays).await?;
                self.said(store, store.store.settle(&strays).await)?;
            }
            Ok::<_, StoreError>(marks)
        });
        let (found, failed): (Vec<_>, Vec<_>) = join_all(asked).await.into_iter().partition(Result::is_ok);
        // One that is just being brought to its store may be in both answers.
        let mut seen = HashSet::new();
        let mut of_hubs: HashMap<HubId, usize> = HashMap::new();
        let mut is_within = |mark: &Mark| {
            if !seen.insert(*mark) {
                return false;
            }
            let count = of_hubs.entry(mark.hub).or_default();
            *count += 1;
            *count <= limit
        };
        let found: Vec<Mark> = found.into_iter().flatten().flatten().filter(|mark| is_within(mark)).collect();
        match failed.into_iter().next() {
            Some(failed) if found.is_empty() => failed,
            _ => Ok(found),
        }
    }

    async fn settle(&self, marks: &[Mark]) -> Result<(), StoreError> {
        let parts = self.dealt(marks, |mark| (mark.hub, mark.day));
        let put = parts.iter().map(async |(store, marks)| self.said(store, store.store.settle(marks).await));
        try_join_all(put).await.map(|_| ())
    }
}

#[async_trait]
impl<T: MeasurementErasure> MeasurementErasure for Spread<T> {
    async fn erase_ticks(&self, hub: HubId, range: TimeRange) -> Result<(), StoreError> {
        // From all of them: somebody with another list of stores may have written where nobody looks.
        let asked =
            self.stores.iter().map(async |store| self.said(store, store.store.erase_ticks(hub, range).await));
        try_join_all(asked).await.map(|_| ())
    }

    async fn erase_days(&self, hub: HubId, days: Range<UtcDay>) -> Result<(), StoreError> {
        let asked = self
            .stores
            .iter()
            .map(async |store| self.said(store, store.store.erase_days(hub, days.clone()).await));
        try_join_all(asked).await.map(|_| ())
    }

    async fn replace_day(&self, page: &PackedDay) -> Result<(), StoreError> {
        let store = &self.stores[self.placement.of(page.hub, page.day)];
        self.said(store, store.store.replace_day(page).await)
    }
}
