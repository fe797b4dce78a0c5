use domain::access::HubGrant;
use domain::{TimeRange, UtcMillis};
use reqwest::StatusCode;
use testkit::containers::{ContainerBuilder, hub};

use crate::expected;
use crate::server::{Server, always, utc};

#[tokio::test]
async fn a_hub_that_moved_shows_nothing_from_before_or_after_to_the_tick() {
    let now = utc("2012-01-17T00:00:00Z");
    let server = Server::start(now).await;
    let containers =
        [ContainerBuilder::new(hub(1)).ticks(2_000).build(), ContainerBuilder::new(hub(2)).ticks(50).build()];
    server.store(&containers).await;
    let moments = [
        ("2012-01-16T01:07:30Z", "2012-01-16T03:22:40Z"),
        ("2012-01-16T01:15:00Z", "2012-01-16T03:30:00Z"),
        ("2012-01-16T01:01:10Z", "2012-01-16T01:07:20Z"),
        ("2012-01-16T01:07:33.500Z", "2012-01-16T03:22:41Z"),
    ];
    for (since, until) in moments {
        let grants = [HubGrant { hub: hub(1), since: utc(since), until: Some(utc(until)) }, always(hub(2))];
        let token = server.token("Europe/Berlin", &grants);
        for bucket in ["tick", "15m", "1h", "1d"] {
            let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-16T06:00:00Z", bucket).await;
            expected::check(&answer, &containers, &grants, now);
        }
    }
}

#[tokio::test]
async fn a_hub_that_came_back_shows_both_times() {
    let now = utc("2012-01-17T00:00:00Z");
    let server = Server::start(now).await;
    let containers = [ContainerBuilder::new(hub(1)).ticks(2_000).build()];
    server.store(&containers).await;
    let grants = [
        HubGrant {
            hub: hub(1),
            since: utc("2012-01-15T00:00:00Z"),
            until: Some(utc("2012-01-16T01:02:00Z")),
        },
        HubGrant { hub: hub(1), since: utc("2012-01-16T01:09:50Z"), until: None },
    ];
    let token = server.token("UTC", &grants);
    for bucket in ["tick", "15m", "1h", "1d"] {
        let answer = server.usage(&token, "2012-01-16T00:00:00Z", "2012-01-16T06:00:00Z", bucket).await;
        expected::check(&answer, &containers, &grants, now);
        assert_eq!(answer["sockets"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_hub_of_somebody_else_is_refused_with_the_same_words_as_one_that_does_not_exist() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    server.store(&[ContainerBuilder::new(hub(9)).build()]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    for bucket in ["tick", "15m"] {
        let ask = async |number| {
            let hub = hub(number).to_string();
            let range =
                [("from", "2012-01-16T00:00:00Z"), ("to", "2012-01-16T01:00:00Z"), ("bucket", bucket)];
            server.ask(&token, &[&range[..], &[("hub", hub.as_str())]].concat()).await
        };
        let (foreign, unknown) = (ask(9).await, ask(8).await);
        assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(foreign.body["field"], "hub");
        assert_eq!(foreign.body, unknown.body);
        assert_eq!(ask(1).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_socket_is_known_once_it_was_measured_or_has_a_label() {
    let now = utc("2015-01-17T00:00:00Z");
    let server = Server::start(now).await;
    server
        .store(&[ContainerBuilder::new(hub(1)).build(), ContainerBuilder::new(hub(9)).sockets(9).build()])
        .await;
    server.label(hub(1), &[(7, "Not plugged in yet", None)]).await;
    let left = HubGrant { hub: hub(2), since: UtcMillis(0), until: Some(utc("2012-01-15T00:00:00Z")) };
    let token = server.token("UTC", &[always(hub(1)), left]);
    let ask = async |more: &[(&str, &str)]| {
        let range = [("from", "2015-01-16T00:00:00Z"), ("to", "2015-01-17T00:00:00Z")];
        server.ask(&token, &[&range[..], more].concat()).await
    };
    for rolled_up in [false, true] {
        if rolled_up {
            let day = utc("2012-01-16T00:00:00Z");
            server.roll_up(hub(1), TimeRange::new(day, day.plus_millis(86_400_000))).await;
        }
        let (one, two) = (hub(1).to_string(), hub(2).to_string());
        // Measured three years ago, and what is only called something.
        for known in [&[("socket", "2")][..], &[("socket", "7")], &[("hub", &one), ("socket", "0")]] {
            let answer = ask(known).await;
            assert_eq!(answer.status, StatusCode::OK, "{known:?} {}", answer.body);
            assert_eq!(answer.body["total"]["total_j"], 0);
        }
        for unknown in
            [&[("socket", "5")][..], &[("hub", &two), ("socket", "0")], &[("hub", &one), ("socket", "5")]]
        {
            let answer = ask(unknown).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{unknown:?} {}", answer.body);
            assert_eq!(answer.body["field"], "socket");
        }
        // A hub that has left is known.
        assert_eq!(ask(&[("hub", &two)]).await.status, StatusCode::OK);
    }
}
