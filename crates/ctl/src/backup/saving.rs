//! Out of the store, into files.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use domain::measurement::{MeasurementQuery, StoredTick};
use domain::rollup::{Detail, Rollups, UtcDay};
use domain::ticker::FIRST_DATE;
use domain::{Container, HubId, TickEnergy, UtcMillis};
use wire::{BackupEntry, BackupTotals};

use super::file::Writing;
use super::manifest::{self, HubFile, MANIFEST, Manifest};
use super::{BackupError, Progress};
use crate::persistent::persistently;
use crate::private;

/// Ticks in a container: small enough to be read back with one question.
const TICKS: usize = 1_000;
/// Days that are asked for at once.
const PAGES: i32 = 366;

/// What was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    pub hubs: usize,
    pub ticks: u64,
    pub values: u64,
    pub joules: i64,
}

/// Writes everything of these hubs into `folder`, which must be empty or not there, but for what `accounts` says is there
/// already. Hubs may go on: what is stored meanwhile may or may not be in it.
pub async fn save(
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    hubs: &BTreeSet<HubId>,
    folder: &Path,
    accounts: bool,
    now: UtcMillis,
    progress: Progress<'_>,
) -> Result<Saved, BackupError> {
    let mut files = Vec::with_capacity(hubs.len());
    let mut saved = Saved::default();
    for (place, &hub) in hubs.iter().enumerate() {
        progress(place, hubs.len());
        let totals = save_hub(query, rollups, hub, folder, now).await?;
        saved.hubs += 1;
        saved.ticks += totals.ticks;
        saved.values += totals.values;
        saved.joules = saved.joules.wrapping_add(totals.joules);
        files.push(HubFile::new(hub, totals));
    }
    progress(hubs.len(), hubs.len());
    let manifest = Manifest::new(now.to_string(), accounts, files);
    let (path, part) = (folder.join(MANIFEST), folder.join(format!("{MANIFEST}.part")));
    let failed = |source| BackupError::Io { operation: "writing", path: path.clone(), source };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| failed(error.into()))?;
    let mut file = private::create(&part).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&part, &path).map_err(failed)?;
    Ok(saved)
}

async fn save_hub(
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    hub: HubId,
    folder: &Path,
    now: UtcMillis,
) -> Result<BackupTotals, BackupError> {
    let mut file = Writing::begin(folder.join(manifest::name(hub)))?;
    // A hub's clock may be ahead.
    let end = UtcDay::of(now).next().next();
    let mut sequence = 0;
    if let Some(first) = persistently(async || rollups.first_tick(hub).await).await? {
        let mut day = UtcDay::of(first);
        while day < end {
            let measured = persistently(async || query.ticks(hub, day.range()).await).await?;
            for some in measured.chunk_by(|a, b| a.length == b.length) {
                for ticks in some.chunks(TICKS) {
                    sequence += 1;
                    file.put(&BackupEntry::Container(container(hub, sequence, ticks)))?;
                }
            }
            day = day.next();
        }
    }
    let mut from = UtcDay::of(FIRST_DATE);
    while from < end {
        let until = UtcDay((from.0 + PAGES).min(end.0));
        let pages = persistently(async || rollups.days(hub, from..until, Detail::Power).await).await?;
        for page in pages {
            file.put(&BackupEntry::Page(page))?;
        }
        from = until;
    }
    file.finish()
}

fn container(hub: HubId, sequence: u64, ticks: &[StoredTick]) -> Container {
    Container {
        hub,
        sequence,
        tick_length: ticks[0].length,
        ticks: ticks
            .iter()
            .map(|tick| TickEnergy { start: tick.start, energy: tick.energy.clone() })
            .collect(),
    }
}
