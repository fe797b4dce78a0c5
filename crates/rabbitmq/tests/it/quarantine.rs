use std::time::Duration;

use bytes::Bytes;
use domain::transport::{ContainerPublisher, ContainerSource};
use rabbitmq::{Config, Publisher, Source, declare_topology};
use testkit::containers::hub;
use testkit::wait::{until, within};

use crate::broker::Broker;

const LONG: Duration = Duration::from_secs(30);

/// A dead letter finds no room. Whatever the reason, the container is neither lost nor in the way of others.
#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_that_cannot_be_published_are_kept_and_hold_up_nobody() {
    let broker = Broker::start().await;
    // How soon the broker tries again by itself; three minutes otherwise.
    let soon = "application:set_env(rabbit, dead_letter_worker_publisher_confirm_timeout, 1000).";
    broker.server.ctl(&["eval", soon]).unwrap();

    let vhost = broker.vhost();
    let config = Config { max_dead_letters: 1, queues: 1, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let source = Source::connect(config.clone()).unwrap();
    let publisher = Publisher::connect(config.clone()).unwrap();
    let bodies: Vec<Bytes> = (0..4).map(|n| Bytes::from(format!("no container {n}"))).collect();
    let refuse = async |body: &Bytes| {
        publisher.publish(hub(1), body.clone()).await.unwrap();
        let deliveries = within(LONG, "it is delivered", source.receive(1)).await.unwrap();
        assert_eq!(&deliveries[0].body, body);
        within(LONG, "it is settled", source.dead_letter(&deliveries[0], "why")).await.unwrap();
    };

    // One has room, the others have not.
    for body in &bodies[..3] {
        refuse(body).await;
    }
    let mut letters = Vec::new();
    until(LONG, "an operator who makes room finds them all", async || {
        letters.extend(vhost.dead_letters().await.into_iter().map(|letter| letter.body));
        (letters.len() == 3).then_some(())
    })
    .await;
    letters.sort();
    assert_eq!(letters, bodies[..3]);

    // Their queue is gone: it is made again, and the letter is in it with our reason.
    vhost.delete_queue("telemetry.dead").await;
    refuse(&bodies[3]).await;
    let letters = vhost.dead_letters().await;
    assert_eq!((letters.len(), &letters[0].body), (1, &bodies[3]));
    assert_eq!(letters[0].reason, "why");
}

/// A few hundred bytes or a mebibyte: the broker counts both as one.
#[tokio::test(flavor = "multi_thread")]
async fn large_containers_are_taken_in_small_numbers() {
    const BODY: usize = 1 << 20;
    const COUNT: usize = 40;
    const BOUND: usize = 8 << 20;
    let broker = Broker::start().await;
    let vhost = broker.vhost();
    let config = Config { queues: 1, prefetch: 2_000, max_unsettled_bytes: BOUND as u64, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let publisher = Publisher::connect(config.clone()).unwrap();
    for n in 0..COUNT {
        publisher.publish(hub(1), vec![u8::try_from(n).unwrap(); BODY].into()).await.unwrap();
    }

    let source = Source::connect(config).unwrap();
    let mut seen = [false; COUNT];
    while seen.iter().any(|seen| !seen) {
        let deliveries = within(LONG, "more comes", source.receive(1)).await.unwrap();
        seen[usize::from(deliveries[0].body[0])] = true;
        source.accept(&[deliveries[0].receipt]).await.unwrap();
    }
    let channels = broker.server.ctl(&["list_consumers", "-p", &vhost.name, "prefetch_count"]).unwrap();
    let prefetch: usize = channels.lines().last().unwrap().trim().parse().unwrap();
    assert!(prefetch * BODY <= BOUND, "{prefetch} at a time");
}
