//! Tick by tick, whatever their length.

use domain::TickLength;
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};

use crate::expected;
use crate::server::{Server, always, utc};

const DAY: (&str, &str) = ("2012-01-16T00:00:00Z", "2012-01-17T00:00:00Z");

fn secs(secs: u32) -> TickLength {
    TickLength::from_secs(secs).unwrap()
}

#[tokio::test]
async fn an_answer_says_how_long_its_buckets_are() {
    let now = utc("2012-01-18T00:00:00Z");
    for length in [1, 10, 60] {
        let server = Server::start(now).await;
        let containers = [ContainerBuilder::new(hub(1)).tick_length(secs(length)).ticks(100).build()];
        server.store(&containers).await;
        let grants = [always(hub(1))];
        let token = server.token("UTC", &grants);
        let answer = server.usage(&token, DAY.0, "2012-01-16T02:00:00Z", "tick").await;
        assert_eq!(answer["bucket_s"], length);
        expected::check(&answer, &containers, &grants, now);
        let quarters = server.usage(&token, DAY.0, DAY.1, "15m").await;
        assert_eq!(quarters["bucket_s"], Value::Null);
    }
}

#[tokio::test]
async fn a_whole_day_of_short_ticks_is_answered_in_buckets_of_several() {
    let now = utc("2012-01-18T00:00:00Z");
    let server = Server::start(now).await;
    let containers = [ContainerBuilder::new(hub(1)).tick_length(secs(1)).ticks(1_000).build()];
    server.store(&containers).await;
    let grants = [always(hub(1))];
    let token = server.token("UTC", &grants);
    for (to, bucket, count) in [
        ("2012-01-16T11:00:00Z", 1, 39_600),
        ("2012-01-17T00:00:00Z", 3, 28_800),
        ("2012-01-18T00:00:00Z", 5, 34_560),
    ] {
        let answer = server.usage(&token, DAY.0, to, "tick").await;
        assert_eq!(answer["bucket_s"], bucket);
        assert_eq!(answer["starts"].as_array().unwrap().len(), count);
        expected::check(&answer, &containers, &grants, now);
    }
}

/// As after a long outage, when a full spool was thinned to ticks of a minute.
#[tokio::test]
async fn the_power_of_a_bucket_follows_from_its_energy_and_its_coverage() {
    let now = RECORDED_DAY.plus_millis(15 * 60_000 + 7_000);
    let server = Server::start(now).await;
    let containers = [
        ContainerBuilder::new(hub(1)).tick_length(secs(60)).sockets(1).ticks(10).build(),
        ContainerBuilder::new(hub(1))
            .begin(RECORDED_DAY.plus_millis(10 * 60_000))
            .tick_length(secs(1))
            .sockets(1)
            .ticks(307)
            .build(),
    ];
    server.store(&containers).await;
    let grants = [always(hub(1))];
    let token = server.token("UTC", &grants);
    let answer = server.usage(&token, DAY.0, "2012-01-16T00:20:00Z", "tick").await;
    assert_eq!(answer["bucket_s"], 60);
    expected::check(&answer, &containers, &grants, now);
    // Seven seconds of the minute under way are there, and they are 7 of 60.
    let coverage = answer["sockets"][0]["coverage"].as_array().unwrap();
    assert_eq!((&coverage[9], &coverage[14], &coverage[15]), (&json!(1.0), &json!(1.0), &json!(0.1166)));
    assert_eq!(coverage[16], 0.0);
}
