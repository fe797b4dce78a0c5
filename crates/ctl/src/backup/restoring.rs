//! Out of files, into a store, and then looked at: what a restore says is there has been read back.

use std::path::Path;

use domain::measurement::{MeasurementQuery, MeasurementStore, StoredTick};
use domain::rollup::{PackedDay, Rollups};
use domain::{Container, HubId, TimeRange, UtcMillis};
use wire::BackupEntry;

use super::file::Reading;
use super::manifest::{HubFile, Manifest};
use super::{BackupError, Progress};
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
    /// Ticks that the store would forget at once, and that were left out.
    pub too_old: u64,
}

/// Writes everything in `folder` into the store and reads it back, tick by tick. `keeps_from`: what is older the store
/// forgets, so that it is left out. Without `merge` a hub that has ticks in the store already is an error, and nothing of it is
/// touched. May be repeated: the same value again changes nothing.
pub async fn restore(
    store: &dyn MeasurementStore,
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    folder: &Path,
    keeps_from: Option<UtcMillis>,
    merge: bool,
    progress: Progress<'_>,
) -> Result<Restored, BackupError> {
    let manifest = Manifest::read(folder)?;
    if !merge {
        for file in &manifest.hubs {
            if persistently(async || rollups.first_tick(file.hub).await).await?.is_some() {
                return Err(BackupError::InTheWay(file.hub));
            }
        }
    }
    let mut restored = Restored::default();
    for (place, file) in manifest.hubs.iter().enumerate() {
        progress(place, manifest.hubs.len());
        let source = Source { folder, file, keeps_from };
        source.write(store, rollups).await?;
        source.compare(query, &mut restored).await?;
        restored.hubs += 1;
        restored.pages += file.pages;
    }
    progress(manifest.hubs.len(), manifest.hubs.len());
    Ok(restored)
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

    async fn write(&self, store: &dyn MeasurementStore, rollups: &dyn Rollups) -> Result<(), BackupError> {
        let mut reading = self.open()?;
        let (mut containers, mut values) = (Vec::<Container>::new(), 0);
        let mut pages = Vec::<PackedDay>::new();
        loop {
            let entry = reading.next()?;
            match &entry {
                Some(BackupEntry::Container(container)) => {
                    let container = self.kept(container.clone());
                    values += container.value_count();
                    if !container.ticks.is_empty() {
                        containers.push(container);
                    }
                }
                Some(BackupEntry::Page(page)) => pages.push(page.clone()),
                Some(BackupEntry::End(_)) | None => {}
            }
            let is_end = entry.is_none();
            if !containers.is_empty() && (is_end || values >= VALUES) {
                persistently(async || store.write_containers(&containers).await).await?;
                containers.clear();
                values = 0;
            }
            if !pages.is_empty() && (is_end || pages.len() >= PAGES) {
                persistently(async || rollups.put_days(&pages).await).await?;
                pages.clear();
            }
            if is_end {
                return Ok(());
            }
        }
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
