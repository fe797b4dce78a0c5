use std::time::Duration;

use testkit::wait;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use write_service::BatchConfig;

use crate::fakes::{World, deps};

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
