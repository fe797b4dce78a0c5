use domain::measurement::StoreError;
use influxdb::{Config, prepare};

use crate::fake::{Fake, Reply};

const HEALTHY: &str = r#"{"name":"influxdb","message":"ready for queries and writes","status":"pass"}"#;
const NO_BUCKETS: &str = r#"{"links":{"self":"/api/v2/buckets"},"buckets":[]}"#;
const THE_BUCKET: &str = r#"{"buckets":[{"id":"b1","name":"wattline","orgID":"o1","retentionRules":[]}]}"#;
const THE_ROLLUP_BUCKET: &str =
    r#"{"buckets":[{"id":"b2","name":"wattline-rollups","orgID":"o1","retentionRules":[]}]}"#;
const ORGS: &str = r#"{"orgs":[{"id":"00aa","name":"wattline"}]}"#;

#[tokio::test]
async fn buckets_that_are_there_are_left_alone() {
    let fake = Fake::start([
        Reply::new(200, HEALTHY),
        Reply::new(200, THE_BUCKET),
        Reply::new(200, THE_ROLLUP_BUCKET),
    ])
    .await;
    prepare(&Config { retention_days: Some(30), ..fake.config() }).await.unwrap();
    assert_eq!(
        fake.requests(),
        [
            "GET /health",
            "GET /api/v2/buckets?name=wattline&org=wattline",
            "GET /api/v2/buckets?name=wattline-rollups&org=wattline"
        ]
    );
    assert_eq!(fake.asked()[1].authorization.as_deref(), Some("Token hush"));
}

#[tokio::test]
async fn missing_buckets_are_created_and_only_ticks_expire() {
    let fake = Fake::start([
        Reply::new(200, HEALTHY),
        Reply::new(200, NO_BUCKETS),
        Reply::new(200, ORGS),
        Reply::new(201, "{}"),
        Reply::new(200, NO_BUCKETS),
        Reply::new(200, ORGS),
        Reply::new(201, "{}"),
    ])
    .await;
    prepare(&Config { retention_days: Some(730), ..fake.config() }).await.unwrap();
    let asked = fake.asked();
    assert_eq!(fake.requests()[2..4], ["GET /api/v2/orgs?org=wattline", "POST /api/v2/buckets"]);
    assert_eq!(
        asked[3].body,
        r#"{"orgID":"00aa","name":"wattline","retentionRules":[{"type":"expire","everySeconds":63072000,"shardGroupDurationSeconds":86400}]}"#
    );
    assert_eq!(
        asked[6].body,
        r#"{"orgID":"00aa","name":"wattline-rollups","retentionRules":[{"type":"expire","everySeconds":0,"shardGroupDurationSeconds":2419200}]}"#
    );
}

#[tokio::test]
async fn two_may_create_the_bucket_at_once() {
    let exists = r#"{"code":"conflict","message":"bucket with name wattline already exists"}"#;
    let fake = Fake::start([
        Reply::new(200, HEALTHY),
        Reply::new(200, NO_BUCKETS),
        Reply::new(200, ORGS),
        Reply::new(422, exists),
        Reply::new(200, THE_ROLLUP_BUCKET),
    ])
    .await;
    prepare(&fake.config()).await.unwrap();
}

#[tokio::test]
async fn what_stands_in_the_way_is_said() {
    let unauthorised = r#"{"code":"unauthorized","message":"unauthorized access"}"#;
    let fake = Fake::start([Reply::new(200, HEALTHY), Reply::new(401, unauthorised)]).await;
    assert!(matches!(prepare(&fake.config()).await, Err(StoreError::Unauthorised { .. })));

    let ill = r#"{"name":"influxdb","message":"starting","status":"fail"}"#;
    let fake = Fake::start([Reply::new(503, ill)]).await;
    match prepare(&fake.config()).await {
        Err(StoreError::Unavailable { reason, .. }) => assert_eq!(reason, "starting"),
        other => panic!("{other:?}"),
    }

    let fake = Fake::start([
        Reply::new(200, HEALTHY),
        Reply::new(200, NO_BUCKETS),
        Reply::new(200, r#"{"orgs":[]}"#),
    ])
    .await;
    match prepare(&fake.config()).await {
        Err(StoreError::Unavailable { reason, .. }) => assert!(reason.contains("organisation"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn setting_up_does_not_hang() {
    let fake = Fake::start([Reply::Hang]).await;
    let config = Config { query_timeout_millis: 100, ..fake.config() };
    assert!(matches!(prepare(&config).await, Err(StoreError::Unavailable { .. })));
}
