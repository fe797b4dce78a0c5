use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use testkit::client::Client;
use testkit::system::{EMAIL, System, SystemSetup, test_binaries};
use testkit::wait;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_socket_uses_is_seen_in_the_browser_as_it_happens() {
    let setup = SystemSetup {
        binaries: test_binaries(),
        folder: None,
        port: None,
        agent: "tick_secs = 1\n[agent.sensor.simulated]\nseed = 7\nsockets = 12\n".to_owned(),
        sockets: Vec::new(),
    };
    let system = tokio::task::spawn_blocking(move || System::start(&setup))
        .await
        .expect("starting does not panic")
        .unwrap_or_else(|error| panic!("{error}"));
    let client = Client::log_in(&system.url, EMAIL, &system.password).await.expect("the person can log in");

    let mut stream = client.live().await;
    assert_eq!(stream.status(), 200);
    let mut text = String::new();
    let mut delays = Vec::new();
    let began = Instant::now();
    while delays.len() < 10 {
        let part = wait::within(Duration::from_secs(30), "the next event comes", stream.chunk()).await;
        let part = part.expect("the stream goes on").expect("the stream does not end");
        text.push_str(&String::from_utf8_lossy(&part));
        while let Some((event, rest)) = text.split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())) {
            text = rest;
            if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: "))
                && event.contains("event: tick")
            {
                let tick: Value = serde_json::from_str(data).expect("the data are JSON");
                assert!(!tick["energy_j"].as_object().expect("joules per socket").is_empty(), "{tick}");
                let end =
                    tick["at"].as_i64().expect("an instant") + tick["tick_s"].as_i64().expect("a length");
                delays.push(now_millis() - end * 1_000);
            }
        }
    }
    drop(stream);
    fifty_viewers_cost_the_broker_one_subscription(&system, &client).await;

    delays.sort_unstable();
    println!(
        "from the end of a tick to the browser, {} ticks in {:.1} s: median {} ms, longest {} ms",
        delays.len(),
        began.elapsed().as_secs_f64(),
        delays[delays.len() / 2],
        delays[delays.len() - 1]
    );
}

async fn fifty_viewers_cost_the_broker_one_subscription(system: &System, client: &Client) {
    let mut viewers = Vec::new();
    for _ in 0..50 {
        viewers.push(client.live().await);
    }
    for viewer in &mut viewers {
        assert_eq!(viewer.status(), 200);
        let mut text = String::new();
        while !text.contains("event: tick") {
            let part = wait::within(Duration::from_secs(30), "each viewer sees a tick", viewer.chunk()).await;
            let part = part.expect("the stream goes on").expect("the stream does not end");
            text.push_str(&String::from_utf8_lossy(&part));
        }
    }
    let bindings = ["list_bindings", "source_name", "destination_name", "routing_key"];
    let bindings = system.rabbitmq.ctl(&bindings).expect("RabbitMQ answers");
    let watching = bindings.lines().filter(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        matches!(fields[..], ["telemetry", _, key] if key.starts_with("hub.") && key != "hub.*")
    });
    assert_eq!(watching.count(), 1, "{bindings}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the delay is measured by the wall clock that the agent stamps with"
)]
fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_millis()).expect("it is before the year 292,000,000")
}
