//! Out of files, into a store, and then looked at: what a restore says is there has been read back.

use std::path::Path;

use domain::measurement::{MeasurementQuery, MeasurementStore, StoredTick};
use domain::rollup::{Detail, PackedDay, Rollups};
use domain::{Container, HubId, TimeRange, UtcMillis};
use wire::BackupEntry;

use super::file::Reading;
use super::manifest::{HubFile, Manifest};
use super::stale::StaleDays;
use super::{BackupError, Progress};
use crate::backfill::mark;
use crate::persistent::persistently;

/// Values and pages that are written with one call.
const VALUES: usize = 30_000;
const PAGES: usize = 100;

/// What was restored and read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    pub hubs: usize,
    pub ticks: u64,
    pub values: u64,
    pub joules: i64,
    pub pages: u64,
    /// Days that are to be rolled up again.
    pub marked: usize,
    /// Ticks that the store would forget at once, and that were left out.
    pub too_old: u64,
}

/// A back-up that has been looked at and not been touched yet: it has a sound manifest, and nothing is in its way.
pub struct Restoring<'a> {
    folder: &'a Path,
    merge: bool,
    manifest: Manifest,
}

impl<'a> Restoring<'a> {
    /// Changes nothing. Without `merge` a hub that has ticks in the store already is an error.
    pub async fn check(rollups: &dyn Rollups, folder: &'a Path, merge: bool) -> Result<Self, BackupError> {
        let manifest = Manifest::read(folder)?;
        if !merge {
            for file in &manifest.hubs {
                if persistently(async || rollups.first_tick(file.hub).await).await?.is_some() {
                    return Err(BackupError::InTheWay(file.hub));
                }
            }
        }
        Ok(Self { folder, merge, manifest })
    }

    /// Writes everything into the store, marks what has to be rolled up again, and reads every tick back. `keeps_from`: what
    /// is older the store forgets, so that it is left out. May be repeated: the same value again changes nothing.
    pub async fn run(
        &self,
        store: &dyn MeasurementStore,
        query: &dyn MeasurementQuery,
        rollups: &dyn Rollups,
        keeps_from: Option<UtcMillis>,
        progress: Progress<'_>,
    ) -> Result<Restored, BackupError> {
        let (folder, hubs) = (self.folder, &self.manifest.hubs);
        let mut restored = Restored::default();
        for (place, file) in hubs.iter().enumerate() {
            progress(place, hubs.len());
            let source = Source { folder, file, keeps_from };
            let stale = source.write(store, rollups).await?;
            // What the store had beside it is in no page of the back-up, and the other way round.
            let days = if self.merge { stale.measured() } else { stale.differing() };
            restored.marked += mark(rollups, days.into_iter().map(|day| (file.hub, day))).await?;
            source.compare(query, &mut restored).await?;
            restored.hubs += 1;
            restored.pages += file.pages;
        }
        progress(hubs.len(), hubs.len());
        Ok(restored)
    }
}

/// The file of a hub.
struct Source<'a> {
    folder: &'a Path,
    file: &'a HubFile,
    keeps_from: Option<UtcMillis>,
}

impl Source<'_> {
    fn open(&self) -> Result<Reading, BackupError> {
        Reading::open(self.folder.join(&self.file.file), self.file.hub, self.file.totals())
    }

    async fn write(
        &self,
        store: &dyn MeasurementStore,
        rollups: &dyn Rollups,
    ) -> Result<StaleDays, BackupError> {
        let mut reading = self.open()?;
        let mut stale = StaleDays::of(self.file.hub);
        let (mut containers, mut values) = (Vec::<Container>::new(), 0);
        let mut pages = Vec::<PackedDay>::new();
        loop {
            let entry = reading.next()?;
            match &entry {
                Some(BackupEntry::Container(container)) => {
                    let container = self.kept(container.clone());
                    stale.measure(&container);
                    values += container.value_count();
                    if !container.ticks.is_empty() {
                        containers.push(container);
                    }
                }
                Some(BackupEntry::Page(page)) => {
                    stale.compare(page);
                    pages.push(page.clone());
                }
                Some(BackupEntry::End(_)) | None => {}
            }
            let is_end = entry.is_none();
            if !containers.is_empty() && (is_end || values >= VALUES) {
                persistently(async || store.write_containers(&containers).await).await?;
                containers.clear();
                values = 0;
            }
            if !pages.is_empty() && (is_end || pages.len() >= PAGES) {
                self.put(rollups, &pages).await?;
                pages.clear();
            }
            if is_end {
                return Ok(stale);
            }
        }
    }

    /// What a page of the store has of more than these is kept: its ticks may be forgotten, here and in the back-up.
    async fn put(&self, rollups: &dyn Rollups, pages: &[PackedDay]) -> Result<(), BackupError> {
        let (Some(first), Some(last)) = (pages.first(), pages.last()) else { return Ok(()) };
        let days = first.day..last.day.next();
        let there = async || rollups.days(self.file.hub, days.clone(), Detail::Power).await;
        let there = persistently(there).await?;
        let both = |page: &PackedDay| {
            let known = there.iter().find(|known| known.day == page.day)?.unpack(Detail::Power).ok()?;
            Some(PackedDay::pack(&page.unpack(Detail::Power).ok()?.keeping(&known)))
        };
        let pages: Vec<_> = pages.iter().map(|page| both(page).unwrap_or_else(|| page.clone())).collect();
        Ok(persistently(async || rollups.put_days(&pages).await).await?)
    }

    /// Without what the store would forget.
    fn kept(&self, mut container: Container) -> Container {
        if let Some(from) = self.keeps_from {
            container.ticks.retain(|tick| tick.start >= from);
        }
        container
    }

    async fn compare(
        &self,
        query: &dyn MeasurementQuery,
        restored: &mut Restored,
    ) -> Result<(), BackupError> {
        let mut reading = self.open()?;
        let mut different = 0;
        while let Some(entry) = reading.next()? {
            let BackupEntry::Container(container) = entry else { continue };
            let all = container.ticks.len() as u64;
            let container = self.kept(container);
            restored.too_old += all - container.ticks.len() as u64;
            let (Some(first), Some(last)) = (container.ticks.first(), container.ticks.last()) else {
                continue;
            };
            let range = TimeRange::new(first.start, last.start.plus_millis(1));
            let stored = persistently(async || query.ticks(self.file.hub, range).await).await?;
            different += missing(&container, &stored);
            restored.ticks += container.ticks.len() as u64;
            restored.values += container.value_count() as u64;
            restored.joules = restored.joules.wrapping_add(container.total().0);
        }
        if different > 0 {
            let hub: HubId = self.file.hub;
            return Err(BackupError::Differs { hub, ticks: different });
        }
        Ok(())
    }
}

/// Ticks that are not stored with just these values. The store may have more: of other sockets, and between them.
fn missing(container: &Container, stored: &[StoredTick]) -> u64 {
    let is_there = |start: UtcMillis, energy: &domain::SocketJoules| {
        stored.binary_search_by_key(&start, |tick| tick.start).is_ok_and(|place| {
            let tick = &stored[place];
            tick.length == container.tick_length
                && energy.iter().all(|(socket, joules)| tick.energy.get(socket) == Some(joules))
        })
    };
    container.ticks.iter().filter(|tick| !is_there(tick.start, &tick.energy)).count() as u64
}
