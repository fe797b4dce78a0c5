//! How long ticks are kept: of a real InfluxDB 1.x, and by what 2.x is documented to take and to answer.

use std::time::Duration;

use domain::measurement::{MeasurementStore as _, StoreError};
use domain::rollup::{Mark, PackedDay, Roller, Rollups as _, UtcDay};
use domain::{HubId, UtcMillis};
use influxdb::{Api, Config, Held, Retention, Rollups, Writer, prepare};
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};
use testkit::servers::InfluxDb;

use crate::fake::{Fake, Reply};

const DAY: Duration = Duration::from_hours(24);
const QUARTERS: u8 = 96;

async fn rolled_up(rollups: &Rollups, hub: HubId, day: UtcDay, quarters: u8) {
    let until = day.start().plus_millis(i64::from(quarters) * 900_000);
    rollups.put_days(&[PackedDay::pack(&Roller::new(hub, day).finish(until))]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_shown_and_set_and_the_rollups_stay_for_ever() {
    let server = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
    let config = Config {
        url: server.url(),
        api: Api::V1,
        bucket: "ticks-1.day".to_owned(),
        retention_days: Some(24_000),
        ..Config::default()
    };
    let retention = Retention::new(&config).unwrap();
    match retention.of_ticks().await {
        Err(StoreError::Unavailable { reason, .. }) => assert!(reason.contains("ticks-1.day"), "{reason}"),
        other => panic!("{other:?}"),
    }
    prepare(&config).await.unwrap();
    assert_eq!(retention.held().await.unwrap().oldest, None);
    let ticks = ContainerBuilder::new(hub(1)).ticks(30).sockets(30).build();
    Writer::new(&config).unwrap().write_containers(&[ticks]).await.unwrap();

    let policy = retention.of_ticks().await.unwrap();
    assert_eq!((policy.keeps, policy.shard), (Some(24_000 * DAY), DAY));
    let Held { oldest, disk_bytes } = retention.held().await.unwrap();
    assert_eq!(oldest, Some(RECORDED_DAY));
    assert!(disk_bytes.unwrap() > 0, "{disk_bytes:?}");
    let longer = retention.set(&policy, None).await.unwrap();
    assert_eq!((longer.keeps, longer.shard), (None, DAY));
    let shorter = retention.set(&longer, Some(20_000)).await.unwrap();
    assert_eq!((shorter.keeps, shorter.shard), (Some(20_000 * DAY), DAY));
    assert_eq!(retention.held().await.unwrap().oldest, Some(RECORDED_DAY));
    assert_eq!(retention.of_rollups().await.unwrap().keeps, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_rollup_tells_of_is_known_of_every_hub() {
    let server = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
    let config = Config { url: server.url(), api: Api::V1, ..Config::default() };
    prepare(&config).await.unwrap();
    let (retention, rollups) = (Retention::new(&config).unwrap(), Rollups::new(&config).unwrap());
    let from = async || retention.not_rolled_up_from(UtcMillis(0)).await.unwrap();
    assert_eq!(from().await, None);
    let writer = Writer::new(&config).unwrap();
    for number in 1..=2 {
        writer.write_containers(&[ContainerBuilder::new(hub(number)).ticks(30).build()]).await.unwrap();
    }
    assert_eq!(from().await, Some(RECORDED_DAY));
    let day = UtcDay::of(RECORDED_DAY);
    rolled_up(&rollups, hub(1), day, QUARTERS).await;
    assert_eq!(from().await, Some(RECORDED_DAY));
    // The ticks end after the page of this hub.
    rolled_up(&rollups, hub(2), UtcDay(day.0 - 1), QUARTERS).await;
    assert_eq!(from().await, Some(day.start()));
    // Nothing more came of them since: they are all told of, however long ago that was.
    rolled_up(&rollups, hub(2), day, QUARTERS).await;
    assert_eq!(from().await, None);

    let mark = Mark { hub: hub(1), day: UtcDay(day.0 - 3), nonce: 7 };
    rollups.mark(&[mark]).await.unwrap();
    assert_eq!(from().await, Some(mark.day.start()));
    assert_eq!(retention.not_rolled_up_from(day.start()).await.unwrap(), None);
    rollups.settle(&[mark]).await.unwrap();
    assert_eq!(from().await, None);
}

const BUCKET: &str = r#"{"buckets":[{"id":"0a1b","name":"wattline","orgID":"o1","retentionRules":[{"type":"expire","everySeconds":2592000,"shardGroupDurationSeconds":86400}]}]}"#;
const FOREVER: &str = r#"{"buckets":[{"id":"0a1b","name":"wattline","orgID":"o1","retentionRules":[]}]}"#;
const PATCHED: &str = r#"{"id":"0a1b","name":"wattline","orgID":"o1","retentionRules":[]}"#;

#[tokio::test]
async fn the_second_version_is_asked_for_its_bucket_and_told_a_rule() {
    let fake =
        Fake::start([Reply::new(200, BUCKET), Reply::new(200, PATCHED), Reply::new(200, FOREVER)]).await;
    let retention = Retention::new(&fake.config()).unwrap();
    let policy = retention.of_ticks().await.unwrap();
    assert_eq!((policy.keeps, policy.shard), (Some(30 * DAY), DAY));
    assert_eq!(retention.set(&policy, None).await.unwrap().keeps, None);
    let find = "GET /api/v2/buckets?name=wattline&org=wattline";
    assert_eq!(fake.requests(), [find, "PATCH /api/v2/buckets/0a1b", find]);
    let asked = fake.asked();
    assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some("Token hush")));
    let told: serde_json::Value = serde_json::from_str(&asked[1].body).unwrap();
    let rule = serde_json::json!({"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": 86_400});
    assert_eq!(told, serde_json::json!({ "retentionRules": [rule] }));
}

#[tokio::test]
async fn whatever_is_answered_but_yes_is_an_error() {
    let nobody = r#"{"buckets":[]}"#;
    for (status, body) in [
        (200, nobody),
        (200, "welcome"),
        (401, r#"{"code":"unauthorized","message":"unauthorized access"}"#),
        (404, r#"{"code":"not found","message":"bucket \"wattline\" not found"}"#),
        (500, ""),
    ] {
        let fake = Fake::start([Reply::new(status, body)]).await;
        match Retention::new(&fake.config()).unwrap().of_ticks().await {
            Err(StoreError::Unauthorised { .. }) if status == 401 => {}
            Err(StoreError::Unavailable { .. }) if status != 401 => {}
            other => panic!("{status}: {other:?}"),
        }
    }
    let refused = r#"{"code":"unprocessable entity","message":"expiration seconds must be greater than or equal to one hour"}"#;
    let fake = Fake::start([Reply::new(200, BUCKET), Reply::new(422, refused)]).await;
    let retention = Retention::new(&fake.config()).unwrap();
    let policy = retention.of_ticks().await.unwrap();
    let error = retention.set(&policy, Some(1)).await.unwrap_err().to_string();
    assert!(error.contains("one hour"), "{error}");
    let fake = Fake::start([Reply::Hang]).await;
    let config = Config { query_timeout_millis: 50, ..fake.config() };
    assert!(Retention::new(&config).unwrap().of_ticks().await.is_err());
}
