use domain::TickLength;
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};

use crate::expected;
use crate::server::{Server, always, household, utc};

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn every_bucket_holds_what_was_measured_and_gaps_are_null() {
    let server = Server::start(RECORDED_DAY.plus_millis(5 * HOUR + 1_234_000)).await;
    let part = |hub, minutes: i64, ticks| {
        ContainerBuilder::new(hub).begin(RECORDED_DAY.plus_millis(minutes * 60_000)).ticks(ticks)
    };
    let containers = [
        part(hub(1), 0, 100).build(),
        part(hub(1), 40, 200).sockets(2).build(),
        part(hub(1), 300, 123).build(),
        part(hub(2), 17, 300).tick_length(TickLength::from_secs(4).unwrap()).build(),
    ];
    server.store(&containers).await;
    let grants = [always(hub(1)), always(hub(2)), always(hub(3))];
    let token = server.token("Europe/Berlin", &grants);
    for (bucket, count) in [("15m", 32), ("1h", 8), ("1d", 1), ("tick", 8 * 180)] {
        let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-16T08:00:00Z", bucket).await;
        assert_eq!(answer["household"], household().to_string());
        assert_eq!(answer["zone"], "Europe/Berlin");
        assert_eq!(answer["bucket"], bucket);
        assert_eq!(answer["starts"].as_array().unwrap().len(), count, "{bucket}");
        expected::check(&answer, &containers, &grants, domain::Clock::now(&*server.clock));
        assert!(bucket == "1d" || answer["total"]["energy_j"].as_array().unwrap().contains(&Value::Null));
    }
}

#[tokio::test]
async fn a_range_is_widened_to_whole_buckets() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let containers = [ContainerBuilder::new(hub(1)).ticks(8_640 / 2).build()];
    server.store(&containers).await;
    let grants = [always(hub(1))];
    let token = server.token("Europe/Berlin", &grants);
    for (bucket, from, to) in [
        ("15m", "2012-01-16T04:15:00Z", "2012-01-16T05:30:00Z"),
        ("1h", "2012-01-16T04:00:00Z", "2012-01-16T06:00:00Z"),
        ("1d", "2012-01-15T23:00:00Z", "2012-01-16T23:00:00Z"),
        ("tick", "2012-01-16T04:17:30Z", "2012-01-16T05:16:10Z"),
    ] {
        // In the household's own offset, which is one hour.
        let answer =
            server.usage(&token, "2012-01-16T05:17:33+01:00", "2012-01-16T06:16:02+01:00", bucket).await;
        assert_eq!((&answer["from"], &answer["to"]), (&json!(from), &json!(to)), "{bucket}");
        assert!(answer["total"]["energy_j"][0].is_i64(), "{bucket}");
        expected::check(&answer, &containers, &grants, utc("2012-01-17T00:00:00Z"));
    }
}

#[tokio::test]
async fn one_hub_or_one_socket_can_be_asked_for() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    server.store(&[ContainerBuilder::new(hub(1)).build(), ContainerBuilder::new(hub(2)).build()]).await;
    let token = server.token("UTC", &[always(hub(1)), always(hub(2))]);
    let hub_2 = hub(2).to_string();
    for bucket in ["15m", "tick"] {
        let range = [("from", "2012-01-16T00:00:00Z"), ("to", "2012-01-16T00:15:00Z"), ("bucket", bucket)];
        let sockets = async |more: &[(&str, &str)]| {
            let answer = server.ask(&token, &[&range, more].concat()).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            let sockets = answer.body["sockets"].as_array().unwrap().clone();
            sockets
                .iter()
                .map(|s| (s["hub"].as_str().unwrap().to_owned(), s["socket"].as_u64().unwrap()))
                .collect::<Vec<_>>()
        };
        let hub_1 = hub(1).to_string();
        assert_eq!(sockets(&[("socket", "1")]).await, [(hub_1, 1), (hub_2.clone(), 1)]);
        assert_eq!(sockets(&[("hub", &hub_2), ("socket", "2")]).await, [(hub_2.clone(), 2)]);
    }
}

#[tokio::test]
async fn the_peak_is_the_highest_mean_power_of_a_tick() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let container = ContainerBuilder::new(hub(1)).sockets(1).build();
    server.store(std::slice::from_ref(&container)).await;
    let highest = container.ticks.iter().map(|tick| tick.energy.total().0).max().unwrap();
    let token = server.token("UTC", &[always(hub(1))]);
    let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-16T01:00:00Z", "1h").await;
    #[expect(clippy::cast_precision_loss, reason = "a few joules")]
    let watts = highest as f64 / 10.0;
    assert!((answer["sockets"][0]["peak_w"].as_f64().unwrap() - watts).abs() < 1e-9);
}

#[tokio::test]
async fn a_household_without_hubs_has_an_empty_answer() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let token = server.token("UTC", &[]);
    let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-16T01:00:00Z", "15m").await;
    assert_eq!(answer["sockets"], json!([]));
    assert_eq!(answer["total"]["energy_j"], json!([null, null, null, null]));
    assert_eq!(answer["total"]["total_j"], 0);
}
