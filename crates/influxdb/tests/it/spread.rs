//! Hubs spread over several real stores.

use std::sync::Arc;

use domain::erasure::MeasurementErasure as _;
use domain::measurement::{MeasurementQuery as _, MeasurementStore as _, StoreError};
use domain::rollup::{Mark, Rollups as _, UtcDay};
use domain::{Container, HubId, TimeRange};
use influxdb::{Api, Config, Eraser, Reader, Rollups, StoreConfig, Writer, prepare};
use testkit::containers::{ContainerBuilder, random_hub};
use testkit::servers::InfluxDb;
use testkit::suites::{erasure, measurements, rollups};

async fn server() -> InfluxDb {
    tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap()
}

fn store(name: &str, server: &InfluxDb, since: Option<UtcDay>, until: Option<UtcDay>) -> StoreConfig {
    let day = |day: Option<UtcDay>| day.map(|day| day.to_string());
    StoreConfig {
        name: name.to_owned(),
        url: server.url(),
        since: day(since),
        until: day(until),
        ..StoreConfig::default()
    }
}

fn config(stores: Vec<StoreConfig>) -> Config {
    Config { api: Api::V1, stores, ..Config::default() }
}

/// Only this one of the stores, whoever is to be there.
fn alone(config: &Config, place: usize) -> Reader {
    Reader::new(&config.each()[place].1).unwrap()
}

fn first_day() -> UtcDay {
    UtcDay::of(measurements::day().start)
}

fn after(days: i32) -> UtcDay {
    UtcDay(first_day().0 + days)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_that_come_and_go_keep_every_contract_of_one() {
    let (a, b, c) = tokio::join!(server(), server(), server());
    let config = config(vec![
        store("a", &a, None, None),
        store("b", &b, None, Some(after(200))),
        store("c", &c, Some(after(1)), None),
    ]);
    prepare(&config).await.unwrap();
    let writer = Arc::new(Writer::new(&config).unwrap());
    let reader = Arc::new(Reader::new(&config).unwrap());
    let pages = Arc::new(Rollups::new(&config).unwrap());
    measurements::run_all(writer.clone(), reader.clone()).await;
    rollups::run_all(writer.clone(), pages.clone()).await;
    rollups::run_all(writer.clone(), Arc::new(Rollups::remembering(&config).unwrap())).await;
    erasure::run_all(writer, reader, pages, Arc::new(Eraser::new(&config).unwrap())).await;
}

/// Ten minutes before midnight and ten after it.
fn over_midnight(hub: HubId, midnight: UtcDay) -> Vec<Container> {
    let begin = midnight.start().plus_millis(-10 * 60_000);
    (1..=20).map(|n| ContainerBuilder::new(hub).begin(begin).ticks(6).sequence(n).build()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_added_takes_its_share_from_its_day_on_and_nothing_is_moved() {
    let (a, b) = tokio::join!(server(), server());
    let change = after(30);
    let before = config(vec![store("a", &a, None, None)]);
    let now = config(vec![store("a", &a, None, None), store("b", &b, Some(change), None)]);
    prepare(&now).await.unwrap();
    let placement = now.placement().unwrap();
    let hubs: Vec<HubId> = (0..40).map(|_| random_hub()).collect();
    let all: Vec<Container> = hubs.iter().flat_map(|&hub| over_midnight(hub, change)).collect();
    let range = TimeRange::new(all[0].ticks[0].start, change.next().start());
    let (past, rest): (Vec<_>, Vec<_>) = all
        .iter()
        .cloned()
        .partition(|container| container.ticks.iter().all(|tick| tick.start < change.start()));

    // What was written before anybody knew of the new one is found by those who know.
    Writer::new(&before).unwrap().write_containers(&past).await.unwrap();
    let (writer, reader) = (Writer::new(&now).unwrap(), Reader::new(&now).unwrap());
    writer.write_containers(&rest).await.unwrap();
    writer.write_containers(&all).await.unwrap();
    let (mut moved, mut values) = (0, 0);
    for &hub in &hubs {
        let found = reader.ticks(hub, range).await.unwrap();
        let sent = all.iter().filter(|container| container.hub == hub).flat_map(|container| &container.ticks);
        let sent: Vec<_> = sent.map(|tick| (tick.start, tick.energy.clone())).collect();
        assert_eq!(found.iter().map(|tick| (tick.start, tick.energy.clone())).collect::<Vec<_>>(), sent);
        let sums = reader.quarter_hours(hub, range).await.unwrap();
        assert!(
            sums.iter().all(|socket| socket.sums.len() == 2 && socket.sums.is_sorted_by_key(|sum| sum.start))
        );

        let new = placement.of(hub, change);
        moved += new;
        for place in [0, 1] {
            let ticks = alone(&now, place).ticks(hub, range).await.unwrap();
            assert!(ticks.iter().all(|tick| placement.of(hub, UtcDay::of(tick.start)) == place));
            values += ticks.len();
        }
    }
    assert!((8..=32).contains(&moved), "{moved} of 40");
    assert_eq!(values, 40 * 120, "each once");

    let pages = Rollups::new(&now).unwrap();
    let mut active = pages.active_hubs(range.start).await.unwrap();
    let mut expected = hubs.clone();
    active.sort_unstable();
    expected.sort_unstable();
    assert_eq!(active, expected);
    let settler = hubs.iter().copied().find(|&hub| placement.of(hub, change) == 1).unwrap();
    assert_eq!(pages.first_tick(settler).await.unwrap(), Some(range.start));
    let marks = [UtcDay(change.0 - 1), change].map(|day| Mark { hub: settler, day, nonce: 5 });
    pages.mark(&marks).await.unwrap();
    let mut open = pages.marks(10).await.unwrap();
    open.sort_unstable();
    assert_eq!(open, marks);
    pages.settle(&marks[1..]).await.unwrap();
    assert_eq!(pages.marks(10).await.unwrap(), marks[..1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_away_is_named_and_the_homes_of_the_other_are_still_answered() {
    let (a, mut b) = tokio::join!(server(), server());
    let config = config(vec![store("a", &a, None, None), store("b", &b, None, None)]);
    prepare(&config).await.unwrap();
    let placement = config.placement().unwrap();
    let of = |place| {
        std::iter::repeat_with(random_hub).find(|&hub| placement.of(hub, first_day()) == place).unwrap()
    };
    let (here, there) = (of(0), of(1));
    let all: Vec<Container> =
        [here, there].map(|hub| ContainerBuilder::new(hub).begin(first_day().start()).build()).into();
    let range = first_day().range();
    let (writer, reader) = (Writer::new(&config).unwrap(), Reader::new(&config).unwrap());
    writer.ready().await.unwrap();

    b = tokio::task::spawn_blocking(move || {
        b.kill();
        b
    })
    .await
    .unwrap();
    let away = |outcome| match outcome {
        Err(StoreError::Unavailable { reason, .. }) => assert!(reason.starts_with("b: "), "{reason}"),
        other => panic!("{other:?}"),
    };
    away(writer.write_containers(&all).await);
    away(writer.ready().await);
    away(reader.ticks(there, range).await.map(|_| ()));
    away(Rollups::new(&config).unwrap().active_hubs(range.start).await.map(|_| ()));
    reader.ready().await.unwrap();
    assert_eq!(reader.ticks(here, range).await.unwrap().len(), all[0].ticks.len());
    assert_eq!(Rollups::new(&config).unwrap().watermark(here).await.unwrap(), None);

    let _b = tokio::task::spawn_blocking(move || b.restart().map(|()| b)).await.unwrap().unwrap();
    writer.write_containers(&all).await.unwrap();
    for (hub, container) in [(here, &all[0]), (there, &all[1])] {
        assert_eq!(reader.ticks(hub, range).await.unwrap().len(), container.ticks.len());
    }
}

/// Somebody who has not heard of the new store yet.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_list_put_elsewhere_is_neither_believed_nor_forgotten() {
    let (a, b) = tokio::join!(server(), server());
    let change = after(30);
    let old = config(vec![store("a", &a, None, None)]);
    let now = config(vec![store("a", &a, None, None), store("b", &b, Some(change), None)]);
    prepare(&now).await.unwrap();
    let placement = now.placement().unwrap();
    let hub = std::iter::repeat_with(random_hub).find(|&hub| placement.of(hub, change) == 1).unwrap();
    let all = over_midnight(hub, change);
    let mark = Mark { hub, day: change, nonce: 9 };
    let page = rollups::a_year(hub, 1).swap_remove(31);
    let stale = Rollups::new(&old).unwrap();
    Writer::new(&old).unwrap().write_containers(&all).await.unwrap();
    stale.put_days(&[page]).await.unwrap();
    stale.mark(&[mark]).await.unwrap();

    let pages = Rollups::new(&now).unwrap();
    assert_eq!(stale.watermark(hub).await.unwrap(), Some(after(32).start()));
    assert_eq!(pages.watermark(hub).await.unwrap(), Some(change.start()), "its days there are over");
    assert_eq!(pages.marks(10).await.unwrap(), [mark]);
    assert_eq!(stale.marks(10).await.unwrap(), [], "it is where its day is");
    // Somebody stopped after it was brought there and before it was taken away here.
    stale.mark(&[mark]).await.unwrap();
    assert_eq!(pages.marks(10).await.unwrap(), [mark], "in both, and one all the same");
    pages.settle(&[mark]).await.unwrap();
    assert_eq!(pages.marks(10).await.unwrap(), []);

    let range = TimeRange::new(all[0].ticks[0].start, change.next().start());
    Eraser::new(&now).unwrap().erase_ticks(hub, range).await.unwrap();
    assert_eq!(alone(&now, 0).ticks(hub, range).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_takes_no_ticks_now_may_be_away() {
    let (mut a, b) = tokio::join!(server(), server());
    let config = config(vec![
        store("a", &a, None, Some(first_day())),
        store("b", &b, None, None),
        StoreConfig { url: "http://127.0.0.1:9".to_owned(), ..store("c", &b, Some(after(9)), None) },
    ]);
    let today = ContainerBuilder::new(random_hub()).begin(first_day().start()).build();
    let each = config.each();
    prepare(&each[0].1).await.unwrap();
    prepare(&each[1].1).await.unwrap();
    let writer = Writer::new(&config).unwrap();
    a = tokio::task::spawn_blocking(move || {
        a.kill();
        a
    })
    .await
    .unwrap();
    writer.write_containers(std::slice::from_ref(&today)).await.unwrap();
    writer.ready().await.unwrap();
    let reader = Reader::new(&config).unwrap();
    assert_eq!(reader.ticks(today.hub, first_day().range()).await.unwrap().len(), today.ticks.len());
    drop(a);
}

#[test]
fn stores_that_leave_a_day_to_nobody_make_no_client() {
    let config = config(vec![StoreConfig {
        name: "a".to_owned(),
        url: "http://a.example".to_owned(),
        until: Some("2026-12-01".to_owned()),
        ..StoreConfig::default()
    }]);
    let error = Writer::new(&config).unwrap_err();
    let said = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(said, "no store would take ticks of 2026-12-01");
}
