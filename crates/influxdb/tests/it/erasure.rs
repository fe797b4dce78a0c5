//! Erasing in a real InfluxDB 1.x, and against what 2.x is documented to take and to answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::erasure::MeasurementErasure as _;
use domain::measurement::StoreError;
use domain::rollup::{PackedDay, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use influxdb::{Api, Config, Eraser, Reader, Rollups, Writer, prepare};
use serde_json::{Value, json};
use testkit::servers::InfluxDb;
use testkit::suites::erasure;

use crate::fake::{Fake, Reply};

const HUB: HubId = HubId::from_bytes([0xab; 16]);
const ID: &str = "abababab-abab-abab-abab-abababababab";

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_erasing_holds() {
    let server = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
    let config = Config { url: server.url(), api: Api::V1, ..Config::default() };
    prepare(&config).await.unwrap();
    erasure::run_all(
        Arc::new(Writer::new(&config).unwrap()),
        Arc::new(Reader::new(&config).unwrap()),
        Arc::new(Rollups::new(&config).unwrap()),
        Arc::new(Eraser::new(&config).unwrap()),
    )
    .await;
}

#[tokio::test]
async fn the_second_version_is_asked_by_measurement_hub_and_time() {
    let fake = Fake::start([Reply::new(204, "")]).await;
    let eraser = Eraser::new(&fake.config()).unwrap();
    let range = TimeRange::new(UtcMillis(1_728_000_000_000), UtcMillis(1_728_086_400_000));
    eraser.erase_ticks(HUB, range).await.unwrap();
    eraser.erase_days(HUB, UtcDay(20_000)..UtcDay(20_002)).await.unwrap();
    let asked = fake.asked();
    let (ticks, days) = ("bucket=wattline", "bucket=wattline-rollups");
    let requests = [ticks, days, ticks].map(|bucket| format!("POST /api/v2/delete?org=wattline&{bucket}"));
    assert_eq!(fake.requests(), requests);
    assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some("Token hush")));
    let bodies: Vec<Value> = asked.iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    let body = |measurement: &str, stop: &str| {
        json!({
            "start": "2024-10-04T00:00:00.000000000Z",
            "stop": stop,
            "predicate": format!("_measurement=\"{measurement}\" AND hub=\"{ID}\""),
        })
    };
    let (one, two) = ("2024-10-04T23:59:59.999999999Z", "2024-10-05T23:59:59.999999999Z");
    assert_eq!(bodies, [body("energy", one), body("day", two), body("stale", two)]);
}

#[tokio::test]
async fn a_day_is_replaced_with_all_of_its_pieces() {
    let fake = Fake::start([Reply::new(204, "")]).await;
    let (energy, power) = (vec![1, 2, 3], Some(vec![4, 5]));
    let day = PackedDay { hub: HUB, day: UtcDay(20_000), quarters: 96, energy, power };
    Eraser::new(&fake.config()).unwrap().replace_day(&day).await.unwrap();
    let line = &fake.asked()[0].body;
    for field in ["e1=\"\"", "e2=\"\"", "p1=\"\"", "p2=\"\""] {
        assert!(line.contains(field), "{line}");
    }
}

#[tokio::test]
async fn whatever_is_answered_but_yes_is_tried_again() {
    let range = TimeRange::new(UtcMillis(0), UtcMillis(10_000));
    let refusals = [
        (401, r#"{"code":"unauthorized","message":"unauthorized access"}"#),
        (400, r#"{"code":"invalid","message":"invalid request; error parsing request json"}"#),
        (404, r#"{"code":"not found","message":"bucket \"wattline\" not found"}"#),
        (500, r#"{"code":"internal error","message":"an internal error has occurred"}"#),
        // Somebody who says yes to everything, and is no InfluxDB.
        (200, "welcome"),
    ];
    for (status, body) in refusals {
        let fake = Fake::start([Reply::new(status, body)]).await;
        let outcome = Eraser::new(&fake.config()).unwrap().erase_ticks(HUB, range).await;
        match outcome {
            Err(StoreError::Unauthorised { .. }) if status == 401 => {}
            Err(StoreError::Unavailable { .. }) if status != 401 => {}
            other => panic!("{status}: {other:?}"),
        }
    }
    let busy = Reply::Say { status: 503, headers: &[("retry-after", "17")], body: "" };
    let fake = Fake::start([busy]).await;
    match Eraser::new(&fake.config()).unwrap().erase_ticks(HUB, range).await {
        Err(StoreError::Unavailable { retry_after, .. }) => {
            assert_eq!(retry_after, Some(Duration::from_secs(17)));
        }
        other => panic!("{other:?}"),
    }
    let fake = Fake::start([Reply::Hang]).await;
    let config = Config { query_timeout_millis: 50, ..fake.config() };
    let began = Instant::now();
    let outcome = Eraser::new(&config).unwrap().erase_ticks(HUB, range).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
}
