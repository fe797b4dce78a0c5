use std::time::{Duration, Instant};

use domain::access::HubGrant;
use domain::presence::{About, Presence};
use domain::{Clock as _, Container};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, hub};
use testkit::wait;

use crate::keys::Key;
use crate::server::{Server, always, utc};

const SOON: Duration = Duration::from_secs(5);

/// Server-sent events, one by one.
struct Events {
    answer: reqwest::Response,
    text: String,
}

#[derive(Debug, Default)]
struct Event {
    kind: String,
    data: Value,
}

impl Events {
    async fn of(server: &Server, token: &str) -> Self {
        let answer = server.watch(token).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        assert!(!answer.headers().contains_key("content-encoding"), "compression would hold events back");
        let mut events = Self { answer, text: String::new() };
        let welcome = events.block().await.unwrap();
        assert!(welcome.contains("retry: 500"), "{welcome}");
        events
    }

    /// `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = wait::within(SOON, "an event comes", self.answer.chunk()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn next(&mut self) -> Option<Event> {
        let mut block = self.block().await?;
        while block.starts_with(':') {
            block = self.block().await?;
        }
        let mut event = Event::default();
        for line in block.lines() {
            match line.split_once(':').unwrap() {
                ("event", kind) => kind.trim().clone_into(&mut event.kind),
                ("data", data) => event.data = serde_json::from_str(data.trim()).unwrap_or_default(),
                _ => {}
            }
        }
        Some(event)
    }

    async fn tick(&mut self) -> Value {
        let event = self.next().await.unwrap();
        assert_eq!(event.kind, "tick");
        event.data
    }

    async fn ends(mut self) {
        assert_eq!(self.next().await.unwrap().kind, "end");
        assert!(self.next().await.is_none());
    }
}

fn news(server: &Server, hub_number: u64, seconds_ago: i64, ticks: u32) -> Container {
    let begin = server.clock.now().plus_millis(-seconds_ago * 1_000);
    ContainerBuilder::new(hub(hub_number)).begin(begin).ticks(ticks).sockets(2).build()
}

async fn server() -> Server {
    Server::start(utc("2026-11-21T12:00:00Z")).await
}

#[tokio::test]
async fn what_is_published_is_seen_at_once() {
    let server = server().await;
    let token = server.token("UTC", &[always(hub(1))]);
    let mut events = Events::of(&server, &token).await;
    let container = news(&server, 1, 20, 2);
    let published = Instant::now();
    server.publish(&container);
    for tick in &container.ticks {
        let values = tick.energy.values();
        assert_eq!(
            events.tick().await,
            json!({
                "hub": hub(1).to_string(),
                "at": tick.start.secs(),
                "tick_s": 10,
                "energy_j": { "0": values[0], "1": values[1] },
            })
        );
    }
    let latency = published.elapsed();
    println!("seen after {latency:?}");
    assert!(latency < Duration::from_secs(1), "{latency:?}");
}

#[tokio::test]
async fn a_hub_that_comes_or_goes_is_seen_by_its_household_only() {
    let server = server().await;
    let now = server.clock.now();
    let gone = HubGrant { hub: hub(3), since: utc("2026-01-01T00:00:00Z"), until: Some(now) };
    let token = server.token("UTC", &[always(hub(1)), gone]);
    let mut events = Events::of(&server, &token).await;
    let about = About {
        version: "1.2.3".to_owned(),
        running_secs: 90,
        waiting: 7,
        oldest_waiting: Some(now.plus_millis(-70_000)),
        clock_synchronised: None,
    };
    let present = Presence { hub: hub(1), online: true, about: Some(about) };
    for stranger in [hub(2), hub(3)] {
        server.announce(&Presence { hub: stranger, ..present.clone() }).await;
    }
    server.announce(&present).await;
    server.announce(&Presence::gone(hub(1))).await;
    let came = events.next().await.unwrap();
    assert_eq!(came.kind, "hub");
    assert_eq!(
        came.data,
        json!({
            "hub": hub(1).to_string(),
            "at": now.secs(),
            "online": true,
            "version": "1.2.3",
            "started": now.secs() - 90,
            "waiting": 7,
            "oldest_waiting": now.secs() - 70,
        })
    );
    let went = events.next().await.unwrap();
    assert_eq!(went.data, json!({ "hub": hub(1).to_string(), "at": now.secs(), "online": false }));
}

#[tokio::test]
async fn history_that_is_caught_up_on_is_no_news() {
    let server = server().await;
    let token = server.token("UTC", &[always(hub(1))]);
    let mut events = Events::of(&server, &token).await;
    server.publish(&news(&server, 1, 3_600, 50));
    // The first 30 of these are older than five minutes.
    server.publish(&news(&server, 1, 600, 60));
    for second in (0..300).step_by(10) {
        assert_eq!(events.tick().await["at"], server.clock.now().secs() - 300 + second);
    }
}

#[tokio::test]
async fn two_hubs_are_one_stream_and_strangers_are_not_in_it() {
    let server = server().await;
    let token = server.token("UTC", &[always(hub(1)), always(hub(2))]);
    let mut events = Events::of(&server, &token).await;
    for n in [3, 1, 2, 3, 2, 1] {
        server.publish(&news(&server, n, 10, 1));
    }
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(events.tick().await["hub"].as_str().unwrap().to_owned());
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 1, 2, 2].map(|n| hub(n).to_string()));
}

#[tokio::test]
async fn a_hub_shows_only_its_time_in_the_household() {
    let server = server().await;
    let now = server.clock.now();
    let gone = HubGrant { hub: hub(1), since: utc("2026-01-01T00:00:00Z"), until: Some(now) };
    let new = HubGrant { hub: hub(2), since: now.plus_millis(-20_000), until: None };
    let going =
        HubGrant { hub: hub(3), since: now.plus_millis(-100_000), until: Some(now.plus_millis(5_000)) };
    let token = server.token("UTC", &[gone, new, going]);
    let mut events = Events::of(&server, &token).await;
    server.publish(&news(&server, 1, 60, 6));
    server.publish(&news(&server, 2, 60, 6));
    for second in [20, 10] {
        assert_eq!(events.tick().await["at"], now.secs() - second);
    }
    server.publish(&news(&server, 3, 20, 6));
    for second in [20, 10, 0] {
        assert_eq!(events.tick().await["at"], now.secs() - second);
    }
    server.publish(&news(&server, 2, 0, 1));
    assert_eq!(events.tick().await["hub"], hub(2).to_string());
}

#[tokio::test]
async fn the_stream_ends_with_the_token() {
    let server = server().await;
    let mut claims = server.claims("UTC", &[always(hub(1))]);
    claims.exp = claims.iat + 1;
    let events = Events::of(&server, &server.key.sign(&claims)).await;
    let began = Instant::now();
    events.ends().await;
    let took = began.elapsed();
    assert!(took > Duration::from_millis(500) && took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn the_stream_ends_when_the_key_of_its_token_is_withdrawn() {
    let server = server().await;
    let other = Key::new(2, "other");
    server.keys.serve(&[&server.key, &other]);
    let claims = server.claims("UTC", &[always(hub(1))]);
    let ends = Events::of(&server, &server.key.sign(&claims)).await;
    let mut stays = Events::of(&server, &other.sign(&claims)).await;

    server.keys.serve(&[&other]);
    // That long they may be kept.
    server.clock.advance_millis(5 * 60_000);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    ends.ends().await;
    server.publish(&news(&server, 1, 0, 1));
    stays.tick().await;
}

#[tokio::test]
async fn the_stream_ends_when_the_service_stops_and_does_not_hold_it_up() {
    let server = server().await;
    let with_hub = Events::of(&server, &server.token("UTC", &[always(hub(1))])).await;
    let without = Events::of(&server, &server.token("UTC", &[])).await;
    let began = Instant::now();
    server.shutdown.cancel();
    with_hub.ends().await;
    without.ends().await;
    wait::within(SOON, "the service has stopped", server.task).await.unwrap();
    let took = began.elapsed();
    println!("stopped after {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn who_leaves_is_no_longer_watched_for() {
    let server = server().await;
    let events = Events::of(&server, &server.token("UTC", &[always(hub(1)), always(hub(2))])).await;
    assert_eq!(server.live.watched(), 2);
    drop(events);
    wait::until(SOON, "nobody watches", async || (server.live.watched() == 0).then_some(())).await;
}

#[tokio::test]
async fn nobody_watches_without_a_token() {
    let server = server().await;
    assert_eq!(server.watch("garbage").await.status(), StatusCode::UNAUTHORIZED);
}
