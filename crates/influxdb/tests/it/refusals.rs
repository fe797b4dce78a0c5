//! What InfluxDB refuses, in the words its versions are documented to use: which ticks it is about.

use domain::measurement::{MeasurementStore as _, StoreError};
use domain::{HubId, TickBatch, TickLength, UtcMillis};
use influxdb::Writer;

use crate::fake::{Fake, Reply};

/// A tick of one socket at each of these seconds, of a hub each.
fn batch(seconds: &[i64]) -> TickBatch {
    let mut batch = TickBatch::default();
    for (number, second) in (1..).zip(seconds) {
        let mut draft = batch.begin(HubId::from_bytes([number; 16]), 1, TickLength::DEFAULT);
        draft.joules().push(number.into());
        assert!(draft.tick(UtcMillis(second * 1_000), 1));
        draft.finish();
    }
    batch
}

/// The places that are named when a batch of these times is answered so.
async fn named(seconds: &[i64], status: u16, body: &'static str) -> Vec<(usize, String)> {
    let fake = Fake::start([Reply::new(status, body)]).await;
    match Writer::new(&fake.config()).unwrap().write(batch(seconds).all()).await {
        Err(StoreError::Rejected { ticks, .. }) => ticks,
        other => panic!("{other:?}"),
    }
}

fn places(named: &[(usize, String)]) -> Vec<usize> {
    named.iter().map(|(place, _)| *place).collect()
}

#[tokio::test]
async fn what_1_x_could_not_parse() {
    let body = r#"{"error":"partial write: unable to parse 'energy,hub=02020202-0202-0202-0202-020202020202 s0=2i,dt=10000i 20000': time outside range -9223372036854775806 - 9223372036854775806 dropped=0"}"#;
    let named = named(&[10, 20, 30], 400, body).await;
    let reason = "unable to parse: time outside range -9223372036854775806 - 9223372036854775806";
    assert_eq!(named, [(1, reason.to_owned())]);
}

#[tokio::test]
async fn what_1_x_keeps_no_longer() {
    let some = r#"{"error":"partial write: points beyond retention policy dropped=2"}"#;
    assert_eq!(places(&named(&[30, 10, 40, 20], 400, some).await), [1, 3]);
    assert_eq!(places(&named(&[30, 10], 400, some).await), [0, 1]);
    // Three are equally old: it could be any two of them.
    assert_eq!(named(&[10, 10, 10, 20], 400, some).await, []);
}

#[tokio::test]
async fn a_field_of_another_type_is_not_said_where() {
    let body = r#"{"error":"partial write: field type conflict: input field \"s0\" on measurement \"energy\" is type integer, already exists as type float dropped=1"}"#;
    assert_eq!(named(&[10, 20], 400, body).await, []);
    assert_eq!(places(&named(&[10], 400, body).await), [0]);
}

#[tokio::test]
async fn what_2_x_could_not_parse_or_keeps_no_longer() {
    let unparsed = r#"{"code":"invalid","message":"unable to parse 'energy,hub=01010101-0101-0101-0101-010101010101 s0=1i,dt=10000i 10000': bad timestamp\nunable to parse 'energy,hub=03030303-0303-0303-0303-030303030303 s0=3i,dt=10000i 30000': bad timestamp"}"#;
    assert_eq!(places(&named(&[10, 20, 30], 400, unparsed).await), [0, 2]);
    let old = r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: dropped 2 points outside retention policy of duration 24h0m0s - oldest point energy,hub=01010101-0101-0101-0101-010101010101 at 1970-01-01T00:00:10Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z, newest point energy,hub=03030303-0303-0303-0303-030303030303 at 1970-01-01T00:00:30Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z dropped=2 for database: 9f282d63c7d3a5c0 for retention policy: autogen"}"#;
    assert_eq!(places(&named(&[10, 70, 30], 422, old).await), [0, 2]);
}

#[tokio::test]
async fn what_3_x_names_by_number() {
    let partial = r#"{"error":"partial write of line protocol occurred","data":[{"original_line":"energy,hub=02020202-0202-0202-0202-020202020202 s0=2i,dt=10000i 20000","line_number":2,"error_message":"invalid column type for column 's0', expected iox::column_type::field::float, got iox::column_type::field::integer"}]}"#;
    let named_ones = named(&[10, 20, 30], 400, partial).await;
    assert_eq!(places(&named_ones), [1]);
    assert!(named_ones[0].1.starts_with("invalid column type for column 's0'"));
    // The same number, but it is not what stands there.
    assert_eq!(named(&[10, 21, 30], 400, partial).await, []);
    let whole = r#"{"error":"parsing failed for write_lp endpoint","data":{"original_line":"energy,hub=01010101-0101-0101-0101-010101010101 s0=1i,dt=10000i 10000","line_number":1,"error_message":"No fields were provided"}}"#;
    assert_eq!(named(&[10, 20, 30], 400, whole).await, [(0, "No fields were provided".to_owned())]);
}

#[tokio::test]
async fn places_are_those_of_the_whole_call_when_it_was_too_large() {
    // All, its first half, the same again as the first of its day, its second half.
    let replies = [
        Reply::new(413, ""),
        Reply::new(204, ""),
        Reply::new(204, ""),
        Reply::new(400, r#"{"error":"partial write: points beyond retention policy dropped=1"}"#),
    ];
    let fake = Fake::start(replies).await;
    let outcome = Writer::new(&fake.config()).unwrap().write(batch(&[40, 30, 20, 10]).all()).await;
    assert!(matches!(outcome, Err(StoreError::Rejected { ticks, .. }) if places(&ticks) == [3]));
    assert_eq!(fake.asked().iter().map(|asked| asked.body.lines().count()).collect::<Vec<_>>(), [4, 2, 2, 2]);
}

#[tokio::test]
async fn one_tick_that_is_too_large_is_named() {
    let fake = Fake::start([Reply::SayTooLargeAbove(70)]).await;
    let outcome = Writer::new(&fake.config()).unwrap().write(batch(&[1, 2, 1_000_000, 4]).all()).await;
    match outcome {
        Err(StoreError::Rejected { ticks, .. }) => assert_eq!(places(&ticks), [2]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn compressed_lines_are_named_too() {
    let body = r#"{"error":"unable to parse 'energy,hub=02020202-0202-0202-0202-020202020202 s0=2i,dt=10000i 20000': bad timestamp"}"#;
    let fake = Fake::start([Reply::new(400, body)]).await;
    let config = influxdb::Config { gzip: true, ..fake.config() };
    let outcome = Writer::new(&config).unwrap().write(batch(&[10, 20]).all()).await;
    assert!(matches!(outcome, Err(StoreError::Rejected { ticks, .. }) if places(&ticks) == [1]));
}

#[tokio::test]
async fn somebody_elses_words_give_nothing_up() {
    for body in [
        r#"{"message":"Bad Request"}"#,
        r#"{"error":"unexpected EOF"}"#,
        r#"{"code":"invalid","message":"some later sentence"}"#,
    ] {
        let fake = Fake::start([Reply::new(400, body)]).await;
        let outcome = Writer::new(&fake.config()).unwrap().write(batch(&[10]).all()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    }
}
