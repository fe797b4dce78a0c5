#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::measurement::{MeasurementQuery as _, MeasurementStore as _};
use domain::rollup::{Detail, Mark, Rollups as _, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use sqlite::Measurements;
use tempfile::TempDir;
use testkit::containers::{ContainerBuilder, RECORDED_DAY, random_hub};
use testkit::suites::{measurements, rollups};

async fn open(folder: &TempDir) -> Measurements {
    Measurements::open(folder.path().join("measurements.db")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_rollups_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder).await);
    rollups::run_all(store.clone(), store).await;
}

#[tokio::test]
async fn rollups_and_marks_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let hub = random_hub();
    let days = &rollups::a_year(hub, 3)[..5];
    let mark = Mark { hub, day: days[0].day, nonce: 7 };
    let store = open(&folder).await;
    store.put_days(days).await.unwrap();
    store.mark(&[mark]).await.unwrap();
    store.close().await;
    let store = open(&folder).await;
    assert_eq!(store.days(hub, rollups::year(), Detail::Power).await.unwrap(), days);
    assert_eq!(store.marks(10).await.unwrap(), [mark]);
}

async fn starts(store: &Measurements, hub: HubId) -> Vec<UtcMillis> {
    let always = TimeRange::new(UtcMillis(i64::MIN), UtcMillis(i64::MAX));
    store.ticks(hub, always).await.unwrap().iter().map(|tick| tick.start).collect()
}

#[tokio::test]
async fn whole_days_of_ticks_are_forgotten_with_their_marks_and_rollups_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let today = UtcDay::of(RECORDED_DAY);
    let yesterday = UtcDay(today.0 - 1);
    let hubs = [random_hub(), random_hub(), random_hub()];
    for &hub in &hubs[..2] {
        // A quarter of the ticks is yesterday's.
        let ticks = ContainerBuilder::new(hub).begin(yesterday.start().plus_millis(64_800_000));
        store.write_containers(&[ticks.ticks(8_640).sockets(1).build()]).await.unwrap();
    }
    store.write_containers(&[ContainerBuilder::new(hubs[2]).ticks(5).build()]).await.unwrap();
    let marks = [yesterday, today].map(|day| Mark { hub: hubs[0], day, nonce: 3 });
    store.mark(&marks).await.unwrap();
    let year = rollups::a_year(hubs[0], 2);
    store.put_days(&year[..1]).await.unwrap();

    assert_eq!(store.forget_ticks(UtcMillis(0)).await.unwrap(), 0);
    // A part of today is not forgotten: the rest of it could not be rolled up.
    assert_eq!(store.forget_ticks(today.start().plus_millis(86_399_999)).await.unwrap(), 2 * 2_160);
    for hub in &hubs[..2] {
        let left = starts(&store, *hub).await;
        assert_eq!((left.len(), left[0]), (6_480, today.start()));
    }
    assert_eq!(starts(&store, hubs[2]).await.len(), 5);
    assert_eq!(store.marks(10).await.unwrap(), [marks[1]]);
    assert_eq!(store.days(hubs[0], rollups::year(), Detail::Power).await.unwrap(), year[..1]);
    assert_eq!(store.forget_ticks(today.next().start()).await.unwrap(), 2 * 6_480 + 5);
    assert_eq!(store.active_hubs(UtcMillis(0)).await.unwrap(), []);
}

/// Whoever writes gets a turn in between.
#[tokio::test(flavor = "multi_thread")]
async fn forgetting_much_does_not_keep_a_write_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let (old, new) = (random_hub(), random_hub());
    for sequence in 1..=10 {
        let ticks = ContainerBuilder::new(old).sequence(sequence).ticks(8_640).sockets(8);
        store.write_containers(&[ticks.build()]).await.unwrap();
    }
    let far = RECORDED_DAY.plus_millis(1_000 * 86_400_000);
    let forgetting = {
        let store = store.clone();
        tokio::spawn(async move { store.forget_ticks(far).await.unwrap() })
    };
    let mut written = 0;
    while !forgetting.is_finished() {
        written += 1;
        let tick = ContainerBuilder::new(new).begin(far).sequence(written).ticks(1).build();
        store.write_containers(&[tick]).await.unwrap();
    }
    assert_eq!(forgetting.await.unwrap(), 86_400);
    // 44 transactions take turns with the writes.
    assert!(written > 10, "{written}");
    assert_eq!(starts(&store, new).await.len() as u64, written);
}

/// Not a benchmark: an alarm for when it becomes many times as slow.
#[tokio::test]
async fn a_year_of_30_sockets_is_read_without_delay() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let hub = random_hub();
    store.put_days(&rollups::a_year(hub, 30)).await.unwrap();
    for (detail, limit) in [(Detail::Energy, 300), (Detail::Power, 1_000)] {
        let mut times = Vec::new();
        for _ in 0..7 {
            let began = Instant::now();
            let days = store.days(hub, rollups::year(), detail).await.unwrap();
            times.push(began.elapsed());
            assert_eq!(days.len(), 365);
        }
        times.sort_unstable();
        println!("a year of 30 sockets, {detail:?}: {times:?}");
        assert!(times[0] < Duration::from_millis(limit), "{times:?}");
    }
}

/// Not a benchmark either. With a scan of the ticks this would take seconds.
#[tokio::test]
async fn who_is_active_does_not_depend_on_how_much_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for _ in 0..3 {
        store.write_containers(&measurements::a_day(random_hub(), 30)).await.unwrap();
    }
    let few: Vec<_> = (0..500).map(|_| ContainerBuilder::new(random_hub()).ticks(1).build()).collect();
    store.write_containers(&few).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let active = store.active_hubs(RECORDED_DAY.plus_millis(86_390_000)).await.unwrap();
        times.push(began.elapsed());
        assert_eq!(active.len(), 3);
    }
    times.sort_unstable();
    println!("active hubs: {times:?}");
    assert!(times[0] < Duration::from_millis(500), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_erasing_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder).await);
    testkit::suites::erasure::run_all(store.clone(), store.clone(), store.clone(), store).await;
}

/// Not even somebody who has the file.
#[tokio::test]
async fn nothing_of_what_was_erased_is_in_the_file() {
    use domain::erasure::MeasurementErasure as _;

    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let (gone, kept) = (HubId::from_bytes(*b"GoneGoneGoneGone"), HubId::from_bytes(*b"KeptKeptKeptKept"));
    for hub in [gone, kept] {
        store.write_containers(&[ContainerBuilder::new(hub).ticks(5_000).build()]).await.unwrap();
        store.put_days(&rollups::a_year(hub, 2)[..50]).await.unwrap();
    }
    let always = TimeRange::new(UtcMillis(i64::MIN), UtcMillis(i64::MAX));
    store.erase_ticks(gone, always).await.unwrap();
    store.erase_days(gone, UtcDay(i32::MIN)..UtcDay(i32::MAX)).await.unwrap();
    let (mut found, mut others) = (0, 0);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let count = |hub: HubId| bytes.windows(16).filter(|window| *window == hub.as_bytes()).count();
        found += count(gone);
        others += count(kept);
    }
    assert_eq!(found, 0);
    assert!(others >= 5_000, "{others}");
    store.close().await;
}
