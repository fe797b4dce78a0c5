//! Out of a store, into files, into another store: to the joule, or an error that says where.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ctl::backup::{self, BackupError, Restored, Restoring, Saved};
use domain::measurement::{MeasurementQuery as _, MeasurementStore as _};
use domain::rollup::{Detail, PackedDay, Roller, Rollups as _, UtcDay};
use domain::{Container, HubId, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, UtcMillis};
use sqlite::Measurements;
use tempfile::TempDir;
use testkit::containers::hub;

/// 2026-11-24, late in the evening in UTC, so that ticks are of two days.
const BEGIN: UtcMillis = UtcMillis::from_secs(1_795_561_000);
const NOW: UtcMillis = BEGIN.plus_millis(86_400_000);

struct World {
    folder: TempDir,
    from: Measurements,
    to: Measurements,
    hubs: BTreeSet<HubId>,
}

impl World {
    /// Two hubs: one with two thousand ticks, a change of tick length and a page, one with a single one.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = Measurements::open(folder.path().join("from.db")).await.unwrap();
        let to = Measurements::open(folder.path().join("to.db")).await.unwrap();
        let world = Self { folder, from, to, hubs: BTreeSet::from([hub(1), hub(2)]) };
        let ten = ticks(hub(1), 10, BEGIN.floor_to(10_000), 2_000);
        let after = BEGIN.floor_to(10_000).plus_millis(20_000_000).ceil_to(60_000);
        world.from.write_containers(&[ten, ticks(hub(1), 60, after, 30)]).await.unwrap();
        world.from.write_containers(&[ticks(hub(2), 10, BEGIN.floor_to(10_000), 1)]).await.unwrap();
        world.from.put_days(&[world.page().await]).await.unwrap();
        world
    }

    fn backup(&self) -> PathBuf {
        let folder = self.folder.path().join("backup");
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// The page of the first hub's first day, as the ticks of the store have it.
    async fn page(&self) -> PackedDay {
        let day = UtcDay::of(BEGIN);
        let mut roller = Roller::new(hub(1), day);
        for tick in self.from.ticks(hub(1), day.range()).await.unwrap() {
            roller.push(&tick);
        }
        PackedDay::pack(&roller.finish(day.next().start()))
    }

    async fn marked(&self) -> Vec<(HubId, UtcDay)> {
        let mut marked: Vec<_> =
            self.to.marks(100).await.unwrap().iter().map(|mark| (mark.hub, mark.day)).collect();
        marked.sort_unstable();
        marked
    }

    async fn save(&self) -> Saved {
        backup::save(&self.from, &self.from, &self.hubs, &self.backup(), false, NOW, &|_, _| {})
            .await
            .unwrap()
    }

    async fn restore(&self, keeps_from: Option<UtcMillis>, merge: bool) -> Result<Restored, BackupError> {
        let folder = self.backup();
        let restoring = Restoring::check(&self.to, &folder, merge).await?;
        restoring.run(&self.to, &self.to, &self.to, keeps_from, &|_, _| {}).await
    }
}

fn ticks(hub: HubId, secs: u32, from: UtcMillis, count: i64) -> Container {
    let tick_length = TickLength::from_secs(secs).unwrap();
    let tick = |n: i64| TickEnergy {
        start: from.plus_millis(n * tick_length.millis_i64()),
        energy: (0..3)
            .map(|socket| (SocketNumber::new(socket).unwrap(), Joules(n - 7)))
            .collect::<SocketJoules>(),
    };
    Container { hub, sequence: 1, tick_length, ticks: (0..count).map(tick).collect() }
}

/// The file of the first hub.
fn first_file(folder: &Path) -> PathBuf {
    folder.join(format!("{}.wlb.gz", hub(1)))
}

#[tokio::test]
async fn everything_comes_back_to_the_joule() {
    let world = World::new().await;
    let saved = world.save().await;
    assert_eq!((saved.hubs, saved.ticks, saved.values), (2, 2_031, 6_093));
    let sum = |count: i64| (0..count).map(|n| 3 * (n - 7)).sum::<i64>();
    assert_eq!(saved.joules, sum(2_000) + sum(30) + sum(1));

    let restored = world.restore(None, false).await.unwrap();
    let expected = Restored {
        hubs: 2,
        ticks: 2_031,
        values: 6_093,
        joules: saved.joules,
        pages: 1,
        marked: 2,
        too_old: 0,
    };
    assert_eq!(restored, expected);
    let day = UtcDay::of(BEGIN);
    for hub in [hub(1), hub(2)] {
        for day in [day, day.next()] {
            let (was, is) =
                (world.from.ticks(hub, day.range()).await, world.to.ticks(hub, day.range()).await);
            assert_eq!(was.unwrap(), is.unwrap());
        }
        let days = day..day.next();
        let was = world.from.days(hub, days.clone(), Detail::Power).await.unwrap();
        assert_eq!(was, world.to.days(hub, days, Detail::Power).await.unwrap());
    }
}

/// Late ticks that waited for the rollup-worker when it was saved are in no page, and nobody else knows of them then.
#[tokio::test]
async fn days_whose_page_is_older_than_their_ticks_are_rolled_up_again() {
    let world = World::new().await;
    let (day, first, second) = (UtcDay::of(BEGIN), hub(1), hub(2));
    world.save().await;
    world.restore(None, false).await.unwrap();
    // The one page tells all of its day; what has none, and the last day of each hub, has to be looked at.
    assert_eq!(world.marked().await, [(first, day.next()), (second, day)]);

    let world = World::new().await;
    world.from.write_containers(&[ticks(first, 10, day.start(), 20)]).await.unwrap();
    world.save().await;
    let restored = world.restore(None, false).await.unwrap();
    assert_eq!(world.marked().await, [(first, day), (first, day.next()), (second, day)]);
    assert_eq!(restored.marked, 3);
}

#[tokio::test]
async fn after_a_merge_all_days_that_have_ticks_are_rolled_up_again() {
    let world = World::new().await;
    let day = UtcDay::of(BEGIN);
    world.save().await;
    world.to.write_containers(&[ticks(hub(1), 10, day.start(), 20)]).await.unwrap();
    let restored = world.restore(None, true).await.unwrap();
    assert_eq!(world.marked().await, [(hub(1), day), (hub(1), day.next()), (hub(2), day)]);
    assert_eq!(restored.marked, 3);
}

#[tokio::test]
async fn what_a_page_of_the_store_has_more_is_kept() {
    let world = World::new().await;
    let day = UtcDay::of(BEGIN);
    world.save().await;
    world.from.write_containers(&[ticks(hub(1), 10, day.start(), 20)]).await.unwrap();
    let fuller = world.page().await;
    world.to.put_days(std::slice::from_ref(&fuller)).await.unwrap();
    world.restore(None, true).await.unwrap();
    assert_eq!(world.to.days(hub(1), day..day.next(), Detail::Power).await.unwrap(), [fuller]);
}

#[tokio::test]
async fn its_files_are_for_nobody_else() {
    let world = World::new().await;
    world.save().await;
    let files: Vec<_> = fs::read_dir(world.backup()).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_store_that_has_something_is_left_alone_unless_told_so() {
    let world = World::new().await;
    world.save().await;
    let own = ticks(hub(1), 10, BEGIN.floor_to(10_000).plus_millis(-10_000), 1);
    world.to.write_containers(&[own]).await.unwrap();
    let error = world.restore(None, false).await.unwrap_err();
    assert!(matches!(error, BackupError::InTheWay(named) if named == hub(1)), "{error}");
    assert_eq!(world.to.first_tick(hub(2)).await.unwrap(), None);
    let restored = world.restore(None, true).await.unwrap();
    assert_eq!(restored.ticks, 2_031);
    // What was there is still there.
    assert_eq!(world.to.first_tick(hub(1)).await.unwrap(), Some(BEGIN.floor_to(10_000).plus_millis(-10_000)));
    // And once more changes nothing.
    assert_eq!(world.restore(None, true).await.unwrap(), restored);
}

#[tokio::test]
async fn what_the_store_would_forget_is_left_out_and_counted() {
    let world = World::new().await;
    world.save().await;
    let from = BEGIN.floor_to(10_000).plus_millis(10_000 * 1_500);
    let restored = world.restore(Some(from), false).await.unwrap();
    assert_eq!((restored.too_old, restored.ticks), (1_501, 530));
    assert_eq!(restored.pages, 1);
}

#[tokio::test]
async fn torn_altered_and_missing_files_are_said_and_never_a_success() {
    let world = World::new().await;
    world.save().await;
    let file = first_file(&world.backup());
    let whole = fs::read(&file).unwrap();
    let refused = async |what: &str, bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let error = world.restore(None, true).await.unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.contains(&hub(1).to_string()) && !sentence.contains('\n'), "{what}: {sentence}");
    };
    refused("torn", &whole[..whole.len() / 2]).await;
    refused("without its check sum", &whole[..whole.len() - 8]).await;
    refused("empty", b"").await;
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 0x10;
    refused("altered", &altered).await;
    let other = fs::read(world.backup().join(format!("{}.wlb.gz", hub(2)))).unwrap();
    refused("another hub's", &other).await;
    fs::remove_file(&file).unwrap();
    assert!(matches!(world.restore(None, true).await.unwrap_err(), BackupError::Io { .. }));
    fs::write(&file, &whole).unwrap();
    world.restore(None, true).await.unwrap();

    fs::remove_file(world.backup().join("manifest.json")).unwrap();
    assert!(matches!(world.restore(None, true).await.unwrap_err(), BackupError::NoManifest(_)));
}

/// A manifest that names a file elsewhere is not followed.
#[tokio::test]
async fn a_manifest_cannot_make_it_read_something_else() {
    let world = World::new().await;
    world.save().await;
    let manifest = world.backup().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen(&format!("{}.wlb.gz", hub(1)), "../../etc/passwd", 1)).unwrap();
    let error = world.restore(None, false).await.unwrap_err();
    assert!(error.to_string().contains("is not the name of a hub's file"), "{error}");
}
