use domain::access::HubGrant;
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
async fn a_hub_that_is_not_granted_is_not_shown_even_when_it_is_named() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    server.store(&[ContainerBuilder::new(hub(9)).build()]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let hub = hub(9).to_string();
    let query = [("from", "2012-01-16T00:00:00Z"), ("to", "2012-01-16T01:00:00Z"), ("hub", hub.as_str())];
    let answer = server.ask(&token, &query).await;
    assert_eq!(answer.body["total"]["total_j"], 0);
    assert_eq!(answer.body["sockets"].as_array().unwrap().len(), 0);
}
