use std::time::{Duration, Instant};

use domain::HubId;
use domain::measurement::{MeasurementStore as _, StoreError};
use influxdb::{Config, Writer};

use crate::container;
use crate::fake::{Fake, Reply};

fn hub(number: u8) -> HubId {
    HubId::from_bytes([number; 16])
}

/// What the writer makes of this reply.
async fn outcome(reply: Reply) -> Result<(), StoreError> {
    let fake = Fake::start([reply]).await;
    Writer::new(&fake.config()).unwrap().write_containers(&[container(hub(1), 5)]).await
}

#[tokio::test]
async fn a_write_is_one_request_with_the_token_and_the_first_of_a_day_is_made_twice() {
    let fake = Fake::start([Reply::new(204, "")]).await;
    let config = Config { org: "home & co".to_owned(), ..fake.config() };
    let writer = Writer::new(&config).unwrap();
    writer.write_containers(&[container(hub(1), 118), container(hub(2), -3)]).await.unwrap();

    let asked = fake.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!((&asked[0].uri, &asked[0].body), (&asked[1].uri, &asked[1].body));
    assert_eq!(asked[0].uri.to_string(), "/api/v2/write?org=home+%26+co&bucket=wattline&precision=ms");
    assert_eq!(asked[0].authorization.as_deref(), Some("Token hush"));
    assert_eq!(
        asked[0].body,
        "energy,hub=01010101-0101-0101-0101-010101010101 s0=118i,dt=10000i 1795219200000\n\
         energy,hub=02020202-0202-0202-0202-020202020202 s0=-3i,dt=10000i 1795219200000\n"
    );
    // The next one uses the buffer again: nothing of this one is in it.
    writer.write_containers(&[container(hub(3), 1)]).await.unwrap();
    assert_eq!(
        fake.asked()[2].body,
        "energy,hub=03030303-0303-0303-0303-030303030303 s0=1i,dt=10000i 1795219200000\n"
    );
}

#[tokio::test]
async fn after_a_store_that_was_away_a_day_is_written_into_as_at_first() {
    // The third request finds it busy, the fifth away, and so does the ninth, a ping.
    let replies = [204, 204, 500, 204, 503, 204, 204, 204, 502, 204];
    let fake = Fake::start(replies.map(|status| Reply::new(status, ""))).await;
    let writer = Writer::new(&fake.config()).unwrap();
    let write = async |asked: usize| {
        let before = fake.asked().len();
        let outcome = writer.write_containers(&[container(hub(1), 5)]).await;
        assert_eq!(fake.asked().len() - before, asked);
        outcome
    };
    write(2).await.unwrap();
    write(1).await.unwrap_err();
    write(1).await.unwrap();
    write(1).await.unwrap_err();
    write(2).await.unwrap();
    write(1).await.unwrap();
    writer.ready().await.unwrap_err();
    write(2).await.unwrap();
    write(1).await.unwrap();
}

#[tokio::test]
async fn nothing_to_write_is_not_asked() {
    let fake = Fake::start([Reply::new(500, "")]).await;
    Writer::new(&fake.config()).unwrap().write_containers(&[]).await.unwrap();
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn what_the_body_says_about_the_data_is_a_rejection_in_influxdbs_words() {
    let replies = [
        (400, r#"{"code":"invalid","message":"unable to parse 'x': missing fields"}"#, "unable to parse"),
        (
            422,
            r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: points beyond retention policy dropped=1"}"#,
            "partial write",
        ),
        (
            500,
            r#"{"code":"internal error","message":"partial write: field type conflict"}"#,
            "field type conflict",
        ),
    ];
    for (status, body, words) in replies {
        match outcome(Reply::new(status, body)).await {
            Err(StoreError::Rejected { reason, .. }) => assert!(reason.contains(words), "{reason}"),
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn refused_credentials_drop_nothing() {
    for status in [401, 403] {
        let body = r#"{"code":"unauthorized","message":"unauthorized access"}"#;
        match outcome(Reply::new(status, body)).await {
            Err(StoreError::Unauthorised { reason, .. }) => assert!(reason.contains("unauthorized access")),
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn busy_passes_on_when_to_come_back() {
    for status in [429, 503] {
        let reply = Reply::Say { status, headers: &[("retry-after", "17")], body: "" };
        match outcome(reply).await {
            Err(StoreError::Unavailable { retry_after, .. }) => {
                assert_eq!(retry_after, Some(Duration::from_secs(17)));
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    let date =
        Reply::Say { status: 503, headers: &[("retry-after", "Fri, 31 Dec 2027 23:59:59 GMT")], body: "" };
    assert!(matches!(outcome(date).await, Err(StoreError::Unavailable { retry_after: None, .. })));
}

#[tokio::test]
async fn a_missing_bucket_or_somebody_elses_answer_gives_nothing_up() {
    for reply in [
        Reply::new(404, r#"{"code":"not found","message":"bucket \"wattline\" not found"}"#),
        Reply::new(400, "<html>Bad Request</html>"),
        Reply::new(200, "<html>Welcome</html>"),
        Reply::Say { status: 301, headers: &[("location", "/elsewhere")], body: "" },
    ] {
        let outcome = outcome(reply).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_batch_that_is_too_large_goes_in_halves() {
    let fake = Fake::start([Reply::SayTooLargeAbove(200)]).await;
    let containers: Vec<_> = (1..=5).map(|n| container(hub(n), n.into())).collect();
    Writer::new(&fake.config()).unwrap().write_containers(&containers).await.unwrap();

    // In their order, so that later containers still win.
    let stored: String =
        fake.asked().iter().filter(|asked| asked.body.len() <= 200).map(|asked| asked.body.clone()).collect();
    let starts: Vec<&str> = stored.lines().map(|line| &line[11..13]).collect();
    // The first of a day is written again, before anything else is.
    assert_eq!(starts, ["01", "02", "01", "02", "03", "04", "05"]);
}

#[tokio::test]
async fn a_container_that_is_too_large_by_itself_is_rejected() {
    let outcome = outcome(Reply::SayTooLargeAbove(10)).await;
    assert!(matches!(outcome, Err(StoreError::Rejected { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() {
    let fake = Fake::start([Reply::Hang]).await;
    let config = Config { write_timeout_millis: 100, ..fake.config() };
    let began = Instant::now();
    let outcome = Writer::new(&config).unwrap().write_containers(&[container(hub(1), 5)]).await;
    match outcome {
        Err(StoreError::Unavailable { reason, .. }) => {
            assert!(reason.contains("no answer in time"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let fake = Fake::start([Reply::Hang]).await;
    let config =
        Config { url: format!("http://127.0.0.1:{}", testkit::servers::free_port()), ..fake.config() };
    let writer = Writer::new(&config).unwrap();
    let outcome = writer.write_containers(&[container(hub(1), 5)]).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    assert!(matches!(writer.ready().await, Err(StoreError::Unavailable { .. })));
}
