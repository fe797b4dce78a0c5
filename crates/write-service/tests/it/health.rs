use std::time::Duration;

use testkit::wait;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use write_service::BatchConfig;

use crate::fakes::{StoreMood, World, deps};

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_is_not_available_is_named_and_the_cause_is_not_told() {
    let world = World::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/health/ready", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let service = write_service::run(deps(&world, BatchConfig::default()), listener, shutdown.clone());
    let service = tokio::spawn(service);
    for (what, sentence) in
        [("source ready", "The transport is not available."), ("store ready", "The store is not available.")]
    {
        world.fails(what, u32::MAX);
        let answer = reqwest::get(&url).await.unwrap();
        assert_eq!(answer.status(), 503);
        let body = answer.text().await.unwrap();
        assert!(body.contains(sentence) && !body.contains("the fake"), "{body}");
        world.fails(what, 0);
    }
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    shutdown.cancel();
    wait::within(Duration::from_secs(15), "the service has stopped", service).await.unwrap().unwrap();
}

/// A store that has no room, or whose token was revoked, still answers that it is there.
#[tokio::test]
async fn a_store_that_is_there_and_takes_nothing_makes_it_not_ready() {
    let world = World::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    world.store_is(StoreMood::Unauthorised);
    world.deliver([1]);
    let service = write_service::run(deps(&world, BatchConfig::default()), listener, shutdown.clone());
    let service = tokio::spawn(service);
    let answers = async |wanted: u16| {
        let what = format!("readiness is {wanted}");
        let ask = async || {
            let answer = reqwest::get(format!("{url}/health/ready")).await.unwrap();
            if answer.status() == wanted { answer.text().await.ok() } else { None }
        };
        wait::until(LIMIT, &what, ask).await
    };
    let problem = answers(503).await;
    assert!(problem.contains("The store does not take writes."), "{problem}");
    let metrics = async || reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    let page = metrics().await;
    assert!(page.contains("wattline_store_available 0\n"), "{page}");
    assert!(page.contains("wattline_containers_unsettled 1\n"), "{page}");

    world.store_is(StoreMood::Takes);
    answers(200).await;
    let page = metrics().await;
    for line in [
        "wattline_store_available 1",
        "wattline_containers_received_total 1",
        "wattline_containers_stored_total 1",
        "wattline_values_stored_total 9",
        "wattline_containers_unsettled 0",
        "wattline_store_writes_in_flight 0",
        "wattline_end_to_end_lag_seconds_count 1",
        // The fake clock is a week after what was measured.
        "wattline_end_to_end_lag_seconds_bucket{le=\"86400.0\"} 0",
        "wattline_end_to_end_lag_seconds_bucket{le=\"604800.0\"} 1",
    ] {
        assert!(page.lines().any(|has| has == line), "{line} is not in {page}");
    }
    shutdown.cancel();
    wait::within(Duration::from_secs(15), "the service has stopped", service).await.unwrap().unwrap();
}
