//! Rollups in a real InfluxDB 1.x.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::measurement::{MeasurementQuery as _, MeasurementStore as _, StoreError};
use domain::rollup::{Detail, Mark, Rollups as _, UtcDay};
use domain::{TimeRange, UtcMillis};
use influxdb::{Api, Config, Reader, Rollups, Writer, prepare};
use testkit::containers::{self, random_hub};
use testkit::servers::InfluxDb;
use testkit::suites::rollups::{self, a_year, year};

async fn server() -> InfluxDb {
    tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap()
}

fn config(server: &InfluxDb) -> Config {
    Config { url: server.url(), api: Api::V1, ..Config::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_rollups_holds() {
    let server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    let (ticks, days) = (Writer::new(&config).unwrap(), Rollups::new(&config).unwrap());
    rollups::run_all(Arc::new(ticks), Arc::new(days)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_with_compressed_bodies_and_a_bucket_of_another_name() {
    let server = server().await;
    let config = Config { gzip: true, rollup_bucket: Some("kept.for-ever".to_owned()), ..config(&server) };
    prepare(&config).await.unwrap();
    let (ticks, days) = (Writer::new(&config).unwrap(), Rollups::new(&config).unwrap());
    rollups::run_all(Arc::new(ticks), Arc::new(days)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rollups_and_marks_survive_a_kill() {
    let mut server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    let store = Rollups::new(&config).unwrap();
    let hub = random_hub();
    let days = &a_year(hub, 3)[..5];
    let mark = Mark { hub, day: days[0].day, nonce: 7 };
    store.put_days(days).await.unwrap();
    store.mark(&[mark]).await.unwrap();
    server = tokio::task::spawn_blocking(move || {
        server.kill();
        server
    })
    .await
    .unwrap();
    assert!(matches!(store.mark(&[mark]).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.marks(1).await, Err(StoreError::Unavailable { .. })));
    let _server =
        tokio::task::spawn_blocking(move || server.restart().map(|()| server)).await.unwrap().unwrap();
    assert_eq!(store.days(hub, year(), Detail::Power).await.unwrap(), days);
    assert_eq!(store.marks(10).await.unwrap(), [mark]);
}

/// The recorded day was years ago.
#[tokio::test(flavor = "multi_thread")]
async fn retention_is_for_ticks_and_marks_and_not_for_rollups() {
    let server = server().await;
    let config = Config { retention_days: Some(30), ..config(&server) };
    prepare(&config).await.unwrap();
    let (store, hub) = (Rollups::new(&config).unwrap(), random_hub());
    let days = &a_year(hub, 2)[..3];
    store.put_days(days).await.unwrap();
    assert_eq!(store.days(hub, year(), Detail::Power).await.unwrap(), days);
    let ticks = [containers::container(hub, 1)];
    let refused = Writer::new(&config).unwrap().write_containers(&ticks).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
    // A mark so old is about ticks that are gone. It keeps none of the others from being set, nor settled.
    let old = Mark { hub, day: days[0].day, nonce: 1 };
    // The year 2199 is young for long.
    let young = Mark { hub, day: UtcDay(84_000), nonce: 2 };
    store.mark(&[old, young]).await.unwrap();
    assert_eq!(store.marks(10).await.unwrap(), [young]);
    store.settle(&[old, young]).await.unwrap();
    assert_eq!(store.marks(10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_nothing_is_given_up_and_nothing_is_empty() {
    let server = server().await;
    let config = config(&server);
    let (store, hub) = (Rollups::new(&config).unwrap(), random_hub());
    let days = &a_year(hub, 2)[..1];
    let mark = Mark { hub, day: days[0].day, nonce: 1 };
    let outcomes = [
        store.put_days(days).await.err(),
        store.days(hub, year(), Detail::Energy).await.err(),
        store.watermark(hub).await.err(),
        store.active_hubs(UtcMillis(0)).await.err(),
        store.first_tick(hub).await.err(),
        store.mark(&[mark]).await.err(),
        store.marks(1).await.err(),
        store.settle(&[mark]).await.err(),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Some(StoreError::Unavailable { .. })), "{outcome:?}");
    }
    prepare(&config).await.unwrap();
    store.put_days(days).await.unwrap();
    assert_eq!(store.days(hub, year(), Detail::Power).await.unwrap(), days);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_passed_over() {
    let server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    let (store, hub) = (Rollups::new(&config).unwrap(), random_hub());
    let mark = Mark { hub, day: UtcDay(20_000), nonce: 1 };
    store.mark(&[mark]).await.unwrap();
    let url = format!("{}/write?db={}&precision=ms", server.url(), config.bucket);
    let foreign =
        "stale,hub=cellar open=1i 5\nstale open=1i 6\nenergy,hub=cellar dt=10000i 7\nenergy dt=10000i 8";
    assert!(reqwest::Client::new().post(url).body(foreign).send().await.unwrap().status().is_success());
    assert_eq!(store.marks(10).await.unwrap(), [mark]);
    assert_eq!(store.active_hubs(UtcMillis(0)).await.unwrap(), []);
    // The other way round: what is kept of rollups is none of the reader's ticks.
    store.put_days(&a_year(hub, 2)[..1]).await.unwrap();
    let always = TimeRange::new(UtcMillis(i64::MIN), UtcMillis(i64::MAX));
    assert_eq!(Reader::new(&config).unwrap().ticks(hub, always).await.unwrap(), []);
}

/// Not a benchmark: an alarm for when it becomes many times as slow.
#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_30_sockets_is_read_without_delay() {
    let server = server().await;
    let config = config(&server);
    prepare(&config).await.unwrap();
    let (store, hub) = (Rollups::new(&config).unwrap(), random_hub());
    let mut year_of_30 = a_year(hub, 30);
    for hub in [random_hub(), hub, random_hub()] {
        for day in &mut year_of_30 {
            day.hub = hub;
        }
        store.put_days(&year_of_30).await.unwrap();
    }
    for (detail, limit) in [(Detail::Energy, 500), (Detail::Power, 1_500)] {
        let mut times = Vec::new();
        for _ in 0..9 {
            let began = Instant::now();
            let days = store.days(hub, year(), detail).await.unwrap();
            times.push(began.elapsed());
            assert_eq!(days.len(), 365);
        }
        times.sort_unstable();
        println!("a year of 30 sockets, {detail:?}: {times:?}");
        assert!(times[0] < Duration::from_millis(limit), "{times:?}");
    }
}
