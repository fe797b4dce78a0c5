use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::HubId;
use domain::live::LiveFeed;
use domain::presence::Presence;
use domain::transport::{ContainerPublisher, ContainerSource, PublishError};
use rabbitmq::{Config, Error, Live, Publisher, Source, declare_topology};
use testkit::containers::{container, hub};
use testkit::suites::transport::DeadLetter;
use testkit::wait::{until, within};
use tokio::task::JoinSet;

use crate::broker::{Broker, Vhost};

const LONG: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_does_at_its_limits() {
    let broker = Broker::start().await;
    what_is_no_container_lies_with_the_dead_letters_and_its_reason(&broker.vhost()).await;
    odd_routing_keys_are_kept_for_the_operator(&broker.vhost()).await;
    a_full_queue_refuses_publishers(&broker.vhost()).await;
    a_queue_is_full_by_bytes_too(&broker.vhost()).await;
    what_is_too_large_for_a_container_can_still_be_a_dead_letter(&broker.vhost()).await;
    nobody_is_cut_off_for_waiting_on_a_store(&broker);
    what_keeps_coming_back_ends_with_the_dead_letters(&broker.vhost()).await;
    without_queues_a_container_is_refused(&broker.vhost()).await;
    no_container_is_confirmed_in_place_of_a_returned_one(&broker.vhost()).await;
    a_queue_with_other_limits_is_named(&broker.vhost()).await;
    who_may_not_say_how_it_is_publishes_all_the_same(&broker, &broker.vhost()).await;
    the_live_feed_waits_for_the_topology(&broker.vhost()).await;
    a_broker_without_memory_holds_nobody_for_ever(&broker, &broker.vhost()).await;
}

async fn what_is_no_container_lies_with_the_dead_letters_and_its_reason(vhost: &Vhost) {
    let source = Source::connect(vhost.config()).unwrap();
    declare_topology(&vhost.config()).await.unwrap();
    let publisher = Publisher::connect(vhost.config()).unwrap();
    let body = Bytes::from_static(b"no protobuf at all");
    publisher.publish(hub(3), body.clone()).await.unwrap();
    let deliveries = within(LONG, "it was delivered", source.receive(1)).await.unwrap();
    let reason = wire::decode(&deliveries[0].body).unwrap_err().to_string();
    source.dead_letter(&deliveries[0], &reason).await.unwrap();
    assert_eq!(vhost.dead_letters().await, [DeadLetter { hub: Some(hub(3)), body, reason, trace: None }]);

    // A reason that fits in no frame is cut, between two letters.
    publisher.publish(hub(3), Bytes::from_static(b"more")).await.unwrap();
    let deliveries = within(LONG, "it was delivered", source.receive(1)).await.unwrap();
    source.dead_letter(&deliveries[0], &"é".repeat(200_000)).await.unwrap();
    assert_eq!(vhost.dead_letters().await[0].reason, "é".repeat(1_000));
}

async fn odd_routing_keys_are_kept_for_the_operator(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let source = Source::connect(vhost.config()).unwrap();
    vhost.publish_as("hub.kitchen", b"from somebody").await;
    let deliveries = within(LONG, "it was delivered", source.receive(1)).await.unwrap();
    assert_eq!(deliveries[0].hub, None);
    source.dead_letter(&deliveries[0], "the routing key names no hub").await.unwrap();
    assert_eq!(vhost.dead_letter_keys().await, ["hub.kitchen"]);
}

async fn a_full_queue_refuses_publishers(vhost: &Vhost) {
    let config = Config { queues: 1, max_queue_length: 10, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let publisher = Publisher::connect(config.clone()).unwrap();
    let mut taken = 0;
    let refusal = until(LONG, "the queue was full", async || {
        match publisher.publish(hub(1), wire::encode(&container(hub(1), taken + 1))).await {
            Ok(()) => taken += 1,
            Err(error) => return Some(error),
        }
        None
    })
    .await;
    assert!(matches!(refusal, PublishError::Refused(_)), "{refusal}");
    assert!((10..30).contains(&taken), "{taken}");

    let source = Source::connect(config).unwrap();
    let mut count = 0;
    while count < taken {
        let deliveries = within(LONG, "all that was taken comes", source.receive(10)).await.unwrap();
        let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        source.accept(&receipts).await.unwrap();
        count += u64::try_from(deliveries.len()).unwrap();
    }
    until(LONG, "there was room again", async || publisher.publish(hub(1), Bytes::new()).await.ok()).await;
}

async fn a_queue_is_full_by_bytes_too(vhost: &Vhost) {
    const BODY: usize = 10_000;
    let config = Config { queues: 1, max_queue_bytes: 10 * BODY as u64, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let publisher = Publisher::connect(config).unwrap();
    let mut taken = 0;
    let refusal = until(LONG, "the queue was full", async || {
        match publisher.publish(hub(1), vec![0; BODY].into()).await {
            Ok(()) => taken += 1,
            Err(error) => return Some(error),
        }
        None
    })
    .await;
    assert!(matches!(refusal, PublishError::Refused(_)), "{refusal}");
    assert!((10..30).contains(&taken), "{taken}");
}

async fn what_is_too_large_for_a_container_can_still_be_a_dead_letter(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let source = Source::connect(vhost.config()).unwrap();
    let publisher = Publisher::connect(vhost.config()).unwrap();
    let body = Bytes::from(vec![0; wire::MAX_BYTES + 1]);
    publisher.publish(hub(1), body.clone()).await.unwrap();
    let deliveries = within(LONG, "it was delivered", source.receive(1)).await.unwrap();
    let reason = wire::decode(&deliveries[0].body).unwrap_err().to_string();
    source.dead_letter(&deliveries[0], &reason).await.unwrap();
    assert_eq!(vhost.dead_letters().await, [DeadLetter { hub: Some(hub(1)), body, reason, trace: None }]);

    let refused = publisher.publish(hub(1), vec![0; 2 * wire::MAX_BYTES + 1].into()).await;
    assert!(refused.is_err(), "{refused:?}");
    until(LONG, "others are heard again", async || publisher.publish(hub(1), Bytes::new()).await.ok()).await;
}

fn nobody_is_cut_off_for_waiting_on_a_store(broker: &Broker) {
    let timeout = broker.server.ctl(&["eval", "application:get_env(rabbit, consumer_timeout)."]).unwrap();
    assert_eq!(timeout.trim(), "{ok,86400000}");
}

async fn what_keeps_coming_back_ends_with_the_dead_letters(vhost: &Vhost) {
    let config = Config { delivery_limit: 3, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let publisher = Publisher::connect(config.clone()).unwrap();
    let source = Source::connect(config).unwrap();
    let body = wire::encode(&container(hub(1), 1));
    publisher.publish(hub(1), body.clone()).await.unwrap();
    for _ in 0..=3 {
        let deliveries = within(LONG, "it came again", source.receive(1)).await.unwrap();
        source.release(&[deliveries[0].receipt]).await.unwrap();
    }
    let letters = until(LONG, "it was given up", async || {
        Some(vhost.dead_letters().await).filter(|letters| !letters.is_empty())
    })
    .await;
    assert_eq!(letters, [DeadLetter { hub: Some(hub(1)), body, reason: String::new(), trace: None }]);
}

async fn without_queues_a_container_is_refused(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let publisher = Publisher::connect(vhost.config()).unwrap();
    publisher.publish(hub(1), Bytes::from_static(b"1")).await.unwrap();
    vhost.delete_exchange("telemetry.shards").await;
    let refused = publisher.publish(hub(1), Bytes::from_static(b"2")).await;
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    declare_topology(&vhost.config()).await.unwrap();
    publisher.publish(hub(1), Bytes::from_static(b"3")).await.unwrap();
}

async fn no_container_is_confirmed_in_place_of_a_returned_one(vhost: &Vhost) {
    const PUBLISHERS: u64 = 200;
    let config = Config { prefetch: 2_000, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let publisher = Arc::new(Publisher::connect(config.clone()).unwrap());
    let count = Arc::new(AtomicU64::new(0));
    let mut publishing = JoinSet::new();
    for first in 0..PUBLISHERS {
        let (publisher, count) = (Arc::clone(&publisher), Arc::clone(&count));
        // Each until it is refused, so that confirms and returns mix.
        publishing.spawn(async move {
            let mut confirmed = Vec::new();
            for hub in (first..).step_by(usize::try_from(PUBLISHERS).unwrap()).map(hub) {
                if publisher.publish(hub, wire::encode(&container(hub, 1))).await.is_err() {
                    break;
                }
                count.fetch_add(1, Ordering::SeqCst);
                confirmed.push(hub);
            }
            confirmed
        });
    }
    until(LONG, "publishing is under way", async || (count.load(Ordering::SeqCst) > 500).then_some(())).await;
    vhost.delete_exchange("telemetry.shards").await;
    let confirmed = within(LONG, "all were refused", publishing.join_all()).await;
    let mut confirmed: BTreeSet<HubId> = confirmed.into_iter().flatten().collect();
    let source = Source::connect(config).unwrap();
    while !confirmed.is_empty() {
        let deliveries = within(LONG, "all that was confirmed comes", source.receive(500)).await.unwrap();
        let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        source.accept(&receipts).await.unwrap();
        for delivery in deliveries {
            confirmed.remove(&delivery.hub.unwrap());
        }
    }
}

async fn a_queue_with_other_limits_is_named(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    declare_topology(&vhost.config()).await.unwrap();
    let other = Config { max_queue_length: 7, ..vhost.config() };
    let error = declare_topology(&other).await.unwrap_err();
    assert!(matches!(error, Error::Declare { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("telemetry.0") && text.contains("x-max-length"), "{text}");

    let wider = Config { max_queue_bytes: 7, ..vhost.config() };
    let text = declare_topology(&wider).await.unwrap_err().to_string();
    assert!(text.contains("telemetry.0") && text.contains("x-max-length-bytes"), "{text}");

    let source = Source::connect(other).unwrap();
    until(LONG, "the source says why", async || {
        source.ready().await.err().filter(|error| error.to_string().contains("x-max-length"))
    })
    .await;
}

/// As a hub does whose broker has an auth-service of before there was presence.
async fn who_may_not_say_how_it_is_publishes_all_the_same(broker: &Broker, vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let only_containers =
        ["set_topic_permissions", "-p", &vhost.name, "guest", "telemetry", "^hub\\..*", ".*"];
    broker.server.ctl(&only_containers).unwrap();
    let publisher = Publisher::connect(vhost.config()).unwrap();
    publisher.publish(hub(1), wire::encode(&container(hub(1), 1))).await.unwrap();
    for sequence in 2..=4 {
        let refused = publisher.announce(&Presence::gone(hub(1))).await.unwrap_err();
        assert!(refused.to_string().contains("ACCESS_REFUSED"), "{refused}");
        // Not even in need of another try.
        publisher.publish(hub(1), wire::encode(&container(hub(1), sequence))).await.unwrap();
    }
}

async fn the_live_feed_waits_for_the_topology(vhost: &Vhost) {
    let live = Live::connect(vhost.config()).unwrap();
    assert!(live.watch(hub(1)).await.is_err());
    declare_topology(&vhost.config()).await.unwrap();
    let watched = until(LONG, "the live feed is there", async || live.watch(hub(1)).await.ok()).await;
    drop(watched);
}

async fn a_broker_without_memory_holds_nobody_for_ever(broker: &Broker, vhost: &Vhost) {
    let config = Config { confirm_timeout_millis: 2_000, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let publisher = Publisher::connect(config.clone()).unwrap();
    let source = Source::connect(config).unwrap();
    publisher.publish(hub(1), Bytes::from_static(b"before")).await.unwrap();

    broker.server.ctl(&["set_vm_memory_high_watermark", "0.00001"]).unwrap();
    let first = until(LONG, "publishing is refused", async || {
        publisher.publish(hub(1), Bytes::from_static(b"during")).await.err()
    })
    .await;
    assert!(matches!(first, PublishError::TimedOut(_) | PublishError::Unavailable(_)), "{first}");
    // The broker has said by now that it is blocked, so that this one does not even wait for a confirm.
    let second = publisher.publish(hub(1), Bytes::from_static(b"during")).await.unwrap_err();
    assert!(matches!(second, PublishError::Unavailable(_)), "{second}");
    // Consuming goes on, or the memory would never become free.
    let deliveries = within(LONG, "consuming goes on", source.receive(1)).await.unwrap();
    source.accept(&[deliveries[0].receipt]).await.unwrap();

    broker.server.ctl(&["set_vm_memory_high_watermark", "0.6"]).unwrap();
    until(LONG, "publishing goes on", async || {
        publisher.publish(hub(1), Bytes::from_static(b"after")).await.ok()
    })
    .await;
}
