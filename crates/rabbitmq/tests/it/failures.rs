use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use domain::live::{LiveFeed, News};
use domain::transport::{ContainerPublisher, ContainerSource, PublishError, SourceError};
use futures_util::StreamExt;
use rabbitmq::{Config, Error, Live, Publisher, Source, declare_topology};
use testkit::containers::{container, hub};
use testkit::servers::{RabbitMq, free_port};
use testkit::wait::{until, within};

const LONG: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_loses_nothing_that_was_confirmed() {
    let mut server = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap().unwrap();
    let config = Config { url: server.url().as_str().into(), queues: 2, prefetch: 5, ..Config::default() };
    declare_topology(&config).await.unwrap();
    let source = Arc::new(Source::connect(config.clone()).unwrap());
    let publisher = Arc::new(Publisher::connect(config.clone()).unwrap());
    let live = Live::connect(config).unwrap();
    let mut stream = until(LONG, "the live feed is there", async || live.watch(hub(1)).await.ok()).await;

    let confirmed = Arc::new(AtomicU64::new(0));
    let enough = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn({
        let (publisher, confirmed, enough) = (publisher.clone(), confirmed.clone(), enough.clone());
        async move {
            let mut sequence = 0;
            while !enough.load(Ordering::SeqCst) {
                let body = wire::encode(&container(hub(1), sequence + 1));
                if publisher.publish(hub(1), body).await.is_ok() {
                    sequence += 1;
                    confirmed.store(sequence, Ordering::SeqCst);
                }
            }
            sequence
        }
    });
    let mut stored = BTreeSet::new();
    while stored.len() < 50 {
        take_some(&source, &mut stored).await;
    }
    // A batch is in our hands while the power fails.
    let held = within(LONG, "a batch came", source.receive(5)).await.unwrap();

    let mut server = tokio::task::spawn_blocking(move || {
        server.kill();
        server
    })
    .await
    .unwrap();
    until(LONG, "the source noticed", async || source.ready().await.err()).await;
    let before = confirmed.load(Ordering::SeqCst);
    let _server = tokio::task::spawn_blocking(move || {
        server.restart().unwrap();
        server
    })
    .await
    .unwrap();

    let receipts: Vec<_> = held.iter().map(|delivery| delivery.receipt).collect();
    source.accept(&receipts).await.unwrap();
    until(LONG, "publishing goes on", async || {
        take_some(&source, &mut stored).await;
        (confirmed.load(Ordering::SeqCst) >= before + 50).then_some(())
    })
    .await;
    enough.store(true, Ordering::SeqCst);
    let last = within(LONG, "the publisher stopped", publishing).await.unwrap();
    until(LONG, "all that was confirmed is stored", async || {
        if (1..=last).all(|sequence| stored.contains(&sequence)) {
            return Some(());
        }
        take_some(&source, &mut stored).await;
        None
    })
    .await;

    // The prefetch holds on the new connection too.
    for number in 1..=40 {
        publisher.publish(hub(number), wire::encode(&container(hub(number), 1))).await.unwrap();
    }
    let mut unsettled = 0;
    while let Ok(deliveries) = tokio::time::timeout(Duration::from_secs(1), source.receive(40)).await {
        unsettled += deliveries.unwrap().len();
    }
    assert!((1..=10).contains(&unsettled), "{unsettled}");

    // So does what was being watched.
    let marker = container(hub(1), 1_000_000);
    let seen = until(LONG, "the live feed is back", async || {
        publisher.publish(hub(1), wire::encode(&marker)).await.unwrap();
        while let Ok(seen) = tokio::time::timeout(Duration::from_millis(200), stream.next()).await {
            if seen.unwrap() == News::Measured(Arc::new(marker.clone())) {
                return Some(());
            }
        }
        None
    });
    seen.await;
}

async fn take_some(source: &Source, stored: &mut BTreeSet<u64>) {
    if let Ok(Ok(deliveries)) = tokio::time::timeout(Duration::from_millis(500), source.receive(5)).await {
        let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        source.accept(&receipts).await.ok();
        stored.extend(deliveries.iter().map(|delivery| wire::decode(&delivery.body).unwrap().sequence));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_everything_starts_and_says_that_it_is_not_available() {
    let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", free_port());
    let config = Config { url: url.as_str().into(), ..Config::default() };
    let publisher = Publisher::connect(config.clone()).unwrap();
    let source = Source::connect(config.clone()).unwrap();
    let live = Live::connect(config).unwrap();
    let limit = Duration::from_secs(10);
    let publishing = publisher.publish(hub(1), wire::encode(&container(hub(1), 1)));
    let error = within(limit, "publish gave up", publishing).await.unwrap_err();
    assert!(matches!(error, PublishError::Unavailable(_)), "{error}");
    let error = source.ready().await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
    assert!(within(limit, "watch gave up", live.watch(hub(1))).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_away_is_passed_over() {
    let server = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap().unwrap();
    let (nobody, port) = (free_port(), server.port());
    let url = format!("amqp://guest:guest@127.0.0.1:{nobody},127.0.0.1:{port}/%2f");
    let config = Config { url: url.into(), queues: 1, ..Config::default() };
    // It begins with either.
    for _ in 0..8 {
        declare_topology(&config).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_refuses_the_log_in_is_passed_over_and_is_what_is_told_when_no_other_is_there() {
    let start = || async { tokio::task::spawn_blocking(RabbitMq::start).await.unwrap().unwrap() };
    let (refusing, willing) = tokio::join!(start(), start());
    refusing.ctl(&["change_password", "guest", "another"]).unwrap();
    let config = |other: u16| {
        let url = format!("amqp://guest:guest@127.0.0.1:{},127.0.0.1:{other}/%2f", refusing.port());
        Config { url: url.into(), queues: 1, ..Config::default() }
    };
    let (willing, nobody) = (config(willing.port()), config(free_port()));
    // It begins with either.
    for _ in 0..8 {
        declare_topology(&willing).await.unwrap();
        let error = declare_topology(&nobody).await.unwrap_err();
        assert!(matches!(error, Error::LoginRefused), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_comes_later_is_found() {
    let port = free_port();
    let url = format!("amqp://guest:guest@127.0.0.1:{port}/%2f");
    let config = Config { url: url.as_str().into(), queues: 1, ..Config::default() };
    let publisher = Publisher::connect(config.clone()).unwrap();
    let source = Source::connect(config).unwrap();
    let setup = testkit::servers::RabbitMqSetup { port: Some(port), ..Default::default() };
    let _server = tokio::task::spawn_blocking(move || RabbitMq::start_with(&setup)).await.unwrap().unwrap();
    until(LONG, "the source is ready", async || source.ready().await.ok()).await;
    until(LONG, "a container was taken", async || {
        publisher.publish(hub(1), wire::encode(&container(hub(1), 1))).await.ok()
    })
    .await;
    let deliveries = within(LONG, "it was delivered", source.receive(1)).await.unwrap();
    assert_eq!(deliveries[0].hub, Some(hub(1)));
}
