//! Rollups against what 2.x is documented to ask for and to answer.

use std::time::{Duration, Instant};

use domain::measurement::StoreError;
use domain::rollup::{Detail, Mark, PackedDay, Rollups as _, UtcDay};
use domain::{HubId, UtcMillis};
use influxdb::{Config, Rollups};

use crate::fake::{Fake, Reply};

const HUB: HubId = HubId::from_bytes([0xab; 16]);
const DAY: UtcDay = UtcDay(20_000);
const MARK: Mark = Mark { hub: HUB, day: DAY, nonce: 7 };
const NOTHING: &str = r#"{"results":[{"statement_id":0}]}"#;

fn packed(quarters: u8) -> PackedDay {
    PackedDay { hub: HUB, day: DAY, quarters, energy: vec![1, 2, 3], power: Some(vec![4, 5]) }
}

/// The question of a request.
fn question(uri: &axum::http::Uri) -> String {
    let url = reqwest::Url::parse(&format!("http://influxdb{uri}")).unwrap();
    url.query_pairs().find(|(name, _)| name == "q").unwrap().1.into_owned()
}

#[tokio::test]
async fn days_and_marks_go_into_buckets_of_their_own() {
    let fake = Fake::start([Reply::new(204, "")]).await;
    let store = Rollups::new(&fake.config()).unwrap();
    store.put_days(&[packed(96), packed(97)]).await.unwrap();
    store.mark(&[MARK, Mark { nonce: 8, ..MARK }]).await.unwrap();
    store.settle(&[MARK]).await.unwrap();
    let asked = fake.asked();
    let uris: Vec<String> = asked.iter().map(|asked| asked.uri.to_string()).collect();
    let days = "/api/v2/write?org=wattline&bucket=wattline-rollups&precision=ms";
    let marks = "/api/v2/write?org=wattline&bucket=wattline&precision=ms";
    // The first of a day is written again.
    assert_eq!(uris, [days, days, marks, marks, marks]);
    assert!(asked[0].body == asked[1].body && asked[2].body == asked[3].body);
    assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some("Token hush")));
    let lines: Vec<&str> = asked[0].body.lines().collect();
    assert_eq!(lines.len(), 2);
    let head = "day,hub=abababab-abab-abab-abab-abababababab q=";
    assert!(lines[0].starts_with(head) && lines[0].ends_with("\" 1728000000000"), "{}", lines[0]);
    assert_eq!(
        asked[2].body,
        "stale,hub=abababab-abab-abab-abab-abababababab open=1i 1728000000007\n\
         stale,hub=abababab-abab-abab-abab-abababababab open=1i 1728000000008\n"
    );
    assert_eq!(asked[4].body, "stale,hub=abababab-abab-abab-abab-abababababab open=0i 1728000000007\n");
}

#[tokio::test]
async fn days_are_asked_for_by_what_is_wanted_of_them() {
    let fake = Fake::start([Reply::new(200, NOTHING)]).await;
    let store = Rollups::new(&fake.config()).unwrap();
    let days = DAY..UtcDay(DAY.0 + 365);
    assert_eq!(store.days(HUB, days.clone(), Detail::Energy).await.unwrap(), []);
    assert_eq!(store.days(HUB, days, Detail::Power).await.unwrap(), []);
    let asked = fake.asked();
    let end = "FROM day WHERE hub='abababab-abab-abab-abab-abababababab' AND time>=1728000000000ms AND time<1759536000000ms";
    assert_eq!(question(&asked[0].uri), format!("SELECT e,e1,e2 {end}"));
    assert_eq!(question(&asked[1].uri), format!("SELECT e,e1,e2,p,p1,p2 {end}"));
    assert_eq!(asked.len(), 2, "a year is one question");
    assert!(asked[0].uri.to_string().starts_with("/query?db=wattline-rollups&epoch=ms&"));
}

#[tokio::test]
async fn answers_in_json_are_understood() {
    let fake = Fake::start([
        // Twelve bytes in base64: the head of four quarter hours in one piece, and six bytes of the part.
        Reply::new(
            200,
            r#"{"results":[{"statement_id":0,"series":[{"name":"day","columns":["time","e","e1","e2"],"values":[[1728000000000,"BAEAAAAAAQIDBAUG",null,null]]}]}]}"#,
        ),
        Reply::new(
            200,
            r#"{"results":[{"statement_id":0,"series":[{"name":"day","columns":["time","last"],"values":[[1728000000000,8]]}]}]}"#,
        ),
        Reply::new(
            200,
            r#"{"results":[{"statement_id":0,"series":[{"name":"stale","tags":{"hub":"abababab-abab-abab-abab-abababababab"},"columns":["time","open"],"values":[[1728000000007,1],[1728086399999,1]]},{"name":"stale","tags":{"hub":""},"columns":["time","open"],"values":[[5,1]]}]}]}"#,
        ),
        Reply::new(
            200,
            r#"{"results":[{"statement_id":0,"series":[{"name":"energy","tags":{"hub":"abababab-abab-abab-abab-abababababab"},"columns":["time","last"],"values":[[1728000000000,10000]]}]}]}"#,
        ),
        Reply::new(
            200,
            r#"{"results":[{"statement_id":0,"series":[{"name":"energy","columns":["time","first"],"values":[[-5000,1000]]}]}]}"#,
        ),
    ])
    .await;
    let store = Rollups::new(&fake.config()).unwrap();
    let days = store.days(HUB, DAY..DAY.next(), Detail::Energy).await.unwrap();
    let expected = PackedDay { hub: HUB, day: DAY, quarters: 4, energy: vec![1, 2, 3, 4, 5, 6], power: None };
    assert_eq!(days, [expected]);
    assert_eq!(store.watermark(HUB).await.unwrap(), Some(UtcMillis(1_728_007_200_000)));
    let last_of_day = Mark { nonce: Mark::NONCES - 1, ..MARK };
    assert_eq!(store.marks(5).await.unwrap(), [MARK, last_of_day]);
    assert_eq!(store.active_hubs(UtcMillis(0)).await.unwrap(), [HUB]);
    assert_eq!(store.first_tick(HUB).await.unwrap(), Some(UtcMillis(-5_000)));
}

#[tokio::test]
async fn a_rollup_that_stays_torn_or_is_damaged_is_not_shown() {
    let torn = r#"{"results":[{"series":[{"columns":["time","e","e1","e2"],"values":[[1728000000000,"BAIAAAAAAQIDBAUG",null,null]]}]}]}"#;
    let damaged = r#"{"results":[{"series":[{"columns":["time","e","e1","e2"],"values":[[1728000000000,"?",null,null]]}]}]}"#;
    for (body, questions) in [(torn, 4), (damaged, 1)] {
        let fake = Fake::start([Reply::new(200, body)]).await;
        let read = Rollups::new(&fake.config()).unwrap().days(HUB, DAY..DAY.next(), Detail::Energy).await;
        assert!(matches!(read, Err(StoreError::Unavailable { .. })), "{read:?}");
        assert_eq!(fake.asked().len(), questions);
    }
    // While it is being written, the next answer has it.
    let fake = Fake::start([Reply::new(200, torn), Reply::new(200, NOTHING)]).await;
    let read = Rollups::new(&fake.config()).unwrap().days(HUB, DAY..DAY.next(), Detail::Energy).await;
    assert_eq!(read.unwrap(), []);
}

#[tokio::test]
async fn what_is_too_old_for_the_retention_is_no_trouble_with_marks_and_is_with_rollups() {
    let old = r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: dropped 1 points outside retention policy of duration 24h0m0s - oldest point stale,hub=abababab-abab-abab-abab-abababababab at 1970-01-01T00:00:00.01Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z, newest point stale,hub=abababab-abab-abab-abab-abababababab at 1970-01-01T00:00:00.01Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z dropped=1 for database: 9f282d63c7d3a5c0 for retention policy: autogen"}"#;
    let fake = Fake::start([Reply::new(422, old)]).await;
    let store = Rollups::new(&fake.config()).unwrap();
    store.mark(&[MARK]).await.unwrap();
    store.settle(&[MARK]).await.unwrap();
    let refused = store.put_days(&[packed(96)]).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
    let conflict = r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"open\" on measurement \"stale\" is type integer, already exists as type float dropped=1"}"#;
    let fake = Fake::start([Reply::new(422, conflict)]).await;
    let refused = Rollups::new(&fake.config()).unwrap().mark(&[MARK]).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
}

#[tokio::test]
async fn lines_that_are_too_many_go_in_halves_and_one_alone_is_refused() {
    let fake = Fake::start([Reply::SayTooLargeAbove(250)]).await;
    let store = Rollups::new(&fake.config()).unwrap();
    let marks: Vec<Mark> = (0..10).map(|nonce| Mark { nonce, ..MARK }).collect();
    store.mark(&marks).await.unwrap();
    let taken = fake.asked().into_iter().filter(|asked| asked.body.len() <= 250);
    let written: Vec<String> = taken
        .flat_map(|asked| {
            asked.body.lines().map(|line| line[line.len() - 1..].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    // All of them again, as the first of their day.
    assert_eq!(written.concat(), "01234567890123456789");

    let fake = Fake::start([Reply::SayTooLargeAbove(10)]).await;
    let refused = Rollups::new(&fake.config()).unwrap().put_days(&[packed(96)]).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
}

#[tokio::test]
async fn trouble_is_trouble_and_never_an_answer() {
    let unauthorised = r#"{"code":"unauthorized","message":"unauthorized access"}"#;
    let fake = Fake::start([Reply::new(401, unauthorised)]).await;
    let store = Rollups::new(&fake.config()).unwrap();
    assert!(matches!(store.mark(&[MARK]).await, Err(StoreError::Unauthorised { .. })));
    assert!(matches!(store.marks(1).await, Err(StoreError::Unauthorised { .. })));

    for body in ["", r#"{"results":[{"error":"timeout"}]}"#, r#"{"results":[{"partial":true}]}"#] {
        let fake = Fake::start([Reply::new(200, body)]).await;
        let store = Rollups::new(&fake.config()).unwrap();
        assert!(matches!(
            store.days(HUB, DAY..DAY.next(), Detail::Energy).await,
            Err(StoreError::Unavailable { .. })
        ));
        assert!(matches!(store.watermark(HUB).await, Err(StoreError::Unavailable { .. })));
        assert!(matches!(store.active_hubs(UtcMillis(0)).await, Err(StoreError::Unavailable { .. })));
    }

    let busy = Reply::Say { status: 503, headers: &[("retry-after", "17")], body: "" };
    let fake = Fake::start([busy]).await;
    match Rollups::new(&fake.config()).unwrap().put_days(&[packed(96)]).await {
        Err(StoreError::Unavailable { retry_after, .. }) => {
            assert_eq!(retry_after, Some(Duration::from_secs(17)));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() {
    let fake = Fake::start([Reply::Hang]).await;
    let config = Config { write_timeout_millis: 100, query_timeout_millis: 100, ..fake.config() };
    let store = Rollups::new(&config).unwrap();
    let began = Instant::now();
    assert!(matches!(store.put_days(&[packed(96)]).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.settle(&[MARK]).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.marks(1).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.first_tick(HUB).await, Err(StoreError::Unavailable { .. })));
    assert!(began.elapsed() < Duration::from_secs(10));
}
