//! What is remembered of the rollups: never an answer unless InfluxDB says that it still has the same.

use std::sync::Arc;

use domain::HubId;
use domain::erasure::MeasurementErasure as _;
use domain::rollup::{Detail, PackedDay, Rollups as _, UtcDay};
use influxdb::{Api, Config, Eraser, Reader, Rollups, Writer, prepare};
use testkit::containers::random_hub;
use testkit::servers::InfluxDb;
use testkit::suites::rollups::{a_year, year};
use testkit::suites::{erasure, rollups};

use crate::fake::{Fake, Reply};

const HUB: HubId = HubId::from_bytes([0xab; 16]);
const DAY: UtcDay = UtcDay(20_000);

const NOTHING: &str = r#"{"results":[{"statement_id":0}]}"#;
/// Four quarter hours in one piece with the checksum 0, and then with the checksum 1.
const PAGE: &str = r#"{"results":[{"series":[{"columns":["time","e","e1","e2"],"values":[[1728000000000,"BAEAAAAAAQIDBAUG",null,null]]}]}]}"#;
const NEWER_PAGE: &str = r#"{"results":[{"series":[{"columns":["time","e","e1","e2"],"values":[[1728000000000,"BAEBAAAAAQIDBAUH",null,null]]}]}]}"#;
/// What they are called, and what an earlier release called both of them.
const LISTED: &str =
    r#"{"results":[{"series":[{"columns":["time","q"],"values":[[1728000000000,1099511627780]]}]}]}"#;
const NEWER_LISTED: &str =
    r#"{"results":[{"series":[{"columns":["time","q"],"values":[[1728000000000,1099511628036]]}]}]}"#;
const COUNTED: &str = r#"{"results":[{"series":[{"columns":["time","q"],"values":[[1728000000000,4]]}]}]}"#;

fn page(last: u8) -> PackedDay {
    PackedDay { hub: HUB, day: DAY, quarters: 4, energy: vec![1, 2, 3, 4, 5, last], power: None }
}

/// What was asked for, in order: the fields.
fn fields(fake: &Fake) -> Vec<String> {
    let asked = fake.asked();
    let questions = asked.iter().map(|asked| {
        let url = reqwest::Url::parse(&format!("http://influxdb{}", asked.uri)).unwrap();
        url.query_pairs().find(|(name, _)| name == "q").unwrap().1.into_owned()
    });
    questions.map(|question| question.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_page_is_read_again_when_it_is_called_otherwise_and_not_before() {
    let replies = [PAGE, LISTED, LISTED, NEWER_LISTED, NEWER_PAGE, NEWER_LISTED, NOTHING, NOTHING];
    let fake = Fake::start(replies.map(|body| Reply::new(200, body))).await;
    let store = Rollups::remembering(&fake.config()).unwrap();
    let days = async || store.days(HUB, DAY..UtcDay(DAY.0 + 30), Detail::Energy).await.unwrap();
    for _ in 0..3 {
        assert_eq!(days().await, [page(6)]);
    }
    assert_eq!(fields(&fake), ["e,e1,e2", "q", "q"]);
    for _ in 0..2 {
        assert_eq!(days().await, [page(7)]);
    }
    assert_eq!(fields(&fake)[3..], ["q", "e,e1,e2", "q"]);
    // Erased: neither given out nor kept.
    for _ in 0..2 {
        assert_eq!(days().await, []);
    }
    assert_eq!(fields(&fake)[6..], ["q", "e,e1,e2"]);
}

#[tokio::test]
async fn a_page_of_an_earlier_release_is_read_every_time() {
    let replies = [PAGE, COUNTED, NEWER_PAGE];
    let fake = Fake::start(replies.map(|body| Reply::new(200, body))).await;
    let store = Rollups::remembering(&fake.config()).unwrap();
    for last in [6, 7] {
        assert_eq!(store.days(HUB, DAY..DAY.next(), Detail::Energy).await.unwrap(), [page(last)]);
    }
    assert_eq!(fields(&fake), ["e,e1,e2", "q", "e,e1,e2"]);
}

#[tokio::test]
async fn without_a_memory_there_is_no_question_more() {
    let fake = Fake::start([Reply::new(200, PAGE)]).await;
    let forgetful = Config { remembered_mib: 0, ..fake.config() };
    for store in [Rollups::new(&fake.config()).unwrap(), Rollups::remembering(&forgetful).unwrap()] {
        for _ in 0..2 {
            assert_eq!(store.days(HUB, DAY..DAY.next(), Detail::Energy).await.unwrap(), [page(6)]);
        }
    }
    assert_eq!(fields(&fake), ["e,e1,e2"; 4]);
}

async fn server() -> (InfluxDb, Config) {
    let server = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
    let config = Config { url: server.url(), api: Api::V1, ..Config::default() };
    prepare(&config).await.unwrap();
    (server, config)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contracts_hold_with_a_memory() {
    let (_server, config) = server().await;
    let ticks = Arc::new(Writer::new(&config).unwrap());
    // One that holds little, so that pages are pushed out all the time.
    for remembered_mib in [64, 1] {
        let config = Config { remembered_mib, ..config.clone() };
        let days = Arc::new(Rollups::remembering(&config).unwrap());
        rollups::run_all(ticks.clone(), days.clone()).await;
        let (query, eraser) = (Reader::new(&config).unwrap(), Eraser::new(&config).unwrap());
        erasure::run_all(ticks.clone(), Arc::new(query), days, Arc::new(eraser)).await;
    }
}

/// As the rollup-worker is: it knows nothing of the memory.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_does_shows_at_once() {
    let (_server, config) = server().await;
    let store = Rollups::remembering(&config).unwrap();
    let (worker, eraser) = (Rollups::new(&config).unwrap(), Eraser::new(&config).unwrap());
    let (hub, other) = (random_hub(), random_hub());
    let mut pages = a_year(hub, 3);
    worker.put_days(&pages).await.unwrap();
    worker.put_days(&a_year(other, 2)).await.unwrap();
    let assert_shown = async |expected: &[PackedDay]| {
        for detail in [Detail::Energy, Detail::Power] {
            let shown = store.days(hub, year(), detail).await.unwrap();
            let expected: Vec<PackedDay> = expected
                .iter()
                .map(|page| match detail {
                    Detail::Energy => PackedDay { power: None, ..page.clone() },
                    Detail::Power => page.clone(),
                })
                .collect();
            assert!(shown == expected, "{detail:?}");
        }
    };
    for _ in 0..2 {
        assert_shown(&pages).await;
    }
    // Rolled up again, one in the middle and the last; in one of them only the powers are others.
    let again = |page: &PackedDay, sockets| PackedDay { day: page.day, ..a_year(hub, sockets)[7].clone() };
    let power = again(&pages[200], 3).power;
    let rolled_up = [
        (100, again(&pages[100], 5)),
        (200, PackedDay { power, ..pages[200].clone() }),
        (364, again(&pages[364], 4)),
    ];
    for (number, page) in rolled_up {
        assert!(page != pages[number]);
        worker.put_days(std::slice::from_ref(&page)).await.unwrap();
        pages[number] = page;
        assert_shown(&pages).await;
    }
    eraser.erase_days(hub, pages[50].day..pages[60].day).await.unwrap();
    pages.drain(50..60);
    assert_shown(&pages).await;
    pages[0] = again(&pages[0], 1);
    eraser.replace_day(&pages[0]).await.unwrap();
    assert_shown(&pages).await;
    eraser.erase_days(hub, UtcDay(i32::MIN)..UtcDay(i32::MAX)).await.unwrap();
    assert_shown(&[]).await;
    assert_eq!(store.watermark(hub).await.unwrap(), None);
    // It measures on, and nothing of before comes back.
    let last = &a_year(hub, 3)[364..];
    worker.put_days(last).await.unwrap();
    assert_shown(last).await;
    assert_eq!(store.watermark(hub).await.unwrap(), Some(last[0].until()));
    assert_eq!(store.days(other, year(), Detail::Power).await.unwrap(), a_year(other, 2));
}
