use domain::measurement::{MeasurementQuery as _, StoreError};
use domain::{HubId, TimeRange, UtcMillis};
use influxdb::{Config, Reader};

use crate::fake::{Fake, Reply};

const HUB: HubId = HubId::from_bytes([0xab; 16]);
const HOUR: TimeRange = TimeRange::new(UtcMillis(0), UtcMillis(3_600_000));
const TWO_TICKS: &str = r#"{"results":[{"statement_id":0,"series":[{"name":"energy","columns":["time","dt","s0","s3"],"values":[[0,10000,5,null],[10000,10000,null,-7]]}]}]}"#;

async fn outcome(reply: Reply) -> Result<usize, StoreError> {
    let fake = Fake::start([reply]).await;
    let config = Config { query_timeout_millis: 500, ..fake.config() };
    Reader::new(&config).unwrap().ticks(HUB, HOUR).await.map(|ticks| ticks.len())
}

#[tokio::test]
async fn a_server_that_knows_only_json_is_understood() {
    let fake = Fake::start([Reply::new(200, TWO_TICKS)]).await;
    let reader = Reader::new(&fake.config()).unwrap();
    let ticks = reader.ticks(HUB, HOUR).await.unwrap();
    assert_eq!(ticks.iter().map(|tick| tick.energy.mask()).collect::<Vec<_>>(), [0b1, 0b1000]);
    let sums = reader.quarter_hours(HUB, HOUR).await.unwrap();
    assert_eq!(sums.iter().map(|socket| socket.sums[0].energy.0).collect::<Vec<_>>(), [5, -7]);
    let asked = fake.asked();
    assert_eq!(asked[0].authorization.as_deref(), Some("Token hush"));
    assert!(asked[0].uri.to_string().starts_with("/query?db=wattline&epoch=ms&"), "{}", asked[0].uri);
}

#[tokio::test]
async fn a_long_range_is_asked_in_windows() {
    let fake = Fake::start([Reply::new(200, r#"{"results":[{"statement_id":0}]}"#)]).await;
    let reader = Reader::new(&fake.config()).unwrap();
    let day = TimeRange::new(UtcMillis(0), UtcMillis(86_400_000));
    assert_eq!(reader.ticks(HUB, day).await.unwrap(), []);
    assert_eq!(fake.asked().len(), 4);
    // Of a long one only the part that has data is asked for: here two questions, and no window.
    let all = TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX));
    assert_eq!(reader.ticks(HUB, all).await.unwrap(), []);
    assert_eq!(fake.asked().len(), 6);
}

#[tokio::test]
async fn no_answer_is_never_an_empty_answer() {
    for reply in [
        Reply::new(200, r#"{"results":[{"statement_id":0,"error":"query-timeout limit exceeded"}]}"#),
        Reply::new(200, r#"{"results":[{"statement_id":0,"partial":true}]}"#),
        Reply::new(200, ""),
        Reply::new(200, "<html>Welcome</html>"),
        Reply::new(400, r#"{"error":"error parsing query"}"#),
        Reply::new(503, ""),
        Reply::Hang,
    ] {
        let outcome = outcome(reply).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn refused_credentials_are_told_from_trouble() {
    let outcome =
        outcome(Reply::new(401, r#"{"code":"unauthorized","message":"unauthorized access"}"#)).await;
    assert!(matches!(outcome, Err(StoreError::Unauthorised { .. })), "{outcome:?}");
}
