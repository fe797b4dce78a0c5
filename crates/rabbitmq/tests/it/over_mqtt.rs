//! RabbitMQ 4, to which hubs publish over MQTT 5 and over AMQP: the same exchange, the same queues, the same bytes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::HubId;
use domain::live::{LiveFeed, News};
use domain::presence::Presence;
use domain::transport::{ContainerPublisher, ContainerSource, PublishError};
use futures_util::StreamExt;
use rabbitmq::{Config, Live, Source, declare_topology};
use testkit::containers::{container, hub, random_hub};
use testkit::suites::live::{self, presence};
use testkit::suites::transport as suite;
use testkit::wait::{until, within};

use crate::broker::{Broker, Vhost};
use crate::suites::Fixture;

const LONG: Duration = Duration::from_secs(30);

/// Hubs publish over MQTT; all else is as it is.
async fn over_mqtt(broker: &Arc<Broker>) -> Fixture {
    Fixture::publishing(broker, |vhost| Arc::new(publisher(vhost, random_hub()))).await
}

fn publisher(vhost: &Vhost, hub: HubId) -> mqtt::Publisher {
    mqtt::Publisher::connect(vhost.mqtt(), hub).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_4_keeps_the_contracts_over_mqtt_and_over_amqp() {
    let broker = Broker::start_4().await;
    suite::run(async || over_mqtt(&broker).await).await;
    live::run(async || over_mqtt(&broker).await).await;
    suite::run(async || Fixture::new(&broker).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rabbitmq_4_does_over_mqtt_at_its_limits() {
    let broker = Broker::start_4().await;
    a_full_queue_refuses(&broker.vhost()).await;
    without_queues_a_container_is_refused(&broker.vhost()).await;
    the_broker_tells_of_a_hub_that_left_without_a_word(&broker.vhost()).await;
    a_hub_that_has_said_goodbye_is_not_told_of_again(&broker.vhost()).await;
    a_wrong_secret_is_a_refused_log_in(&broker.vhost()).await;
}

async fn a_full_queue_refuses(vhost: &Vhost) {
    let config = Config { queues: 1, max_queue_length: 10, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let publisher = publisher(vhost, hub(1));
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
}

async fn without_queues_a_container_is_refused(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let publisher = publisher(vhost, hub(1));
    publisher.publish(hub(1), Bytes::from_static(b"1")).await.unwrap();
    vhost.delete_exchange("telemetry.shards").await;
    let refused = publisher.publish(hub(1), Bytes::from_static(b"2")).await;
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    declare_topology(&vhost.config()).await.unwrap();
    publisher.publish(hub(1), Bytes::from_static(b"3")).await.unwrap();
}

async fn the_broker_tells_of_a_hub_that_left_without_a_word(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let live = Live::connect(vhost.config()).unwrap();
    let mut news = until(LONG, "the live feed is there", async || live.watch(hub(1)).await.ok()).await;
    let publisher = publisher(vhost, hub(1));
    publisher.announce(&presence(hub(1), 5)).await.unwrap();
    let mut next = async || within(LONG, "the hub was heard of", news.next()).await.unwrap();
    assert_eq!(next().await, News::Presence(Arc::new(presence(hub(1), 5))));
    drop(publisher);
    let mut last = next().await;
    // It may have been said again after the first connection.
    while last == News::Presence(Arc::new(presence(hub(1), 5))) {
        last = next().await;
    }
    assert_eq!(last, News::Presence(Arc::new(Presence::gone(hub(1)))));
}

async fn a_hub_that_has_said_goodbye_is_not_told_of_again(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let live = Live::connect(vhost.config()).unwrap();
    let mut news = until(LONG, "the live feed is there", async || live.watch(hub(1)).await.ok()).await;
    let goodbye = Presence { online: false, ..presence(hub(1), 5) };
    let first = publisher(vhost, hub(1));
    first.announce(&goodbye).await.unwrap();
    drop(first);
    let back = publisher(vhost, hub(1));
    back.announce(&presence(hub(1), 6)).await.unwrap();
    let mut heard = BTreeSet::new();
    while heard.len() < 2 {
        match within(LONG, "the hub was heard of", news.next()).await.unwrap() {
            News::Presence(said) => heard.insert(said.about.as_ref().map(|about| about.running_secs)),
            News::Measured(container) => panic!("nobody published {container:?}"),
        };
    }
    assert_eq!(heard, BTreeSet::from([Some(5), Some(6)]));
}

async fn a_wrong_secret_is_a_refused_log_in(vhost: &Vhost) {
    let config = mqtt::Config { password: Some("wrong".into()), ..vhost.mqtt() };
    let publisher = mqtt::Publisher::connect(config, hub(1)).unwrap();
    // The broker takes its time with a refusal, and before it there is no connection.
    until(LONG, "the log-in is refused", async || {
        let refused = publisher.publish(hub(1), Bytes::from_static(b"1")).await;
        matches!(refused, Err(PublishError::LoginRefused)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rabbitmq_4_loses_nothing_that_was_confirmed_over_mqtt() {
    let broker = Broker::start_4().await;
    let vhost = broker.vhost();
    declare_topology(&vhost.config()).await.unwrap();
    let publisher = publisher(&vhost, hub(1));
    let mut confirmed = BTreeSet::new();
    for sequence in 1..=50 {
        publisher.publish(hub(1), wire::encode(&container(hub(1), sequence))).await.unwrap();
        confirmed.insert(sequence);
    }
    let mut broker = Arc::into_inner(broker).unwrap();
    let broker = tokio::task::spawn_blocking(move || {
        broker.server.kill();
        broker
    });
    let mut broker = broker.await.unwrap();
    let lost = publisher.publish(hub(1), wire::encode(&container(hub(1), 51))).await;
    assert!(matches!(lost, Err(PublishError::Unavailable(_))), "{lost:?}");
    let _broker = tokio::task::spawn_blocking(move || {
        broker.server.restart().unwrap();
        broker
    })
    .await
    .unwrap();
    until(LONG, "publishing goes on", async || {
        publisher.publish(hub(1), wire::encode(&container(hub(1), 52))).await.ok()
    })
    .await;
    confirmed.insert(52);
    let source = Source::connect(vhost.config()).unwrap();
    let mut stored = BTreeSet::new();
    until(LONG, "all that was confirmed has come", async || {
        if let Ok(Ok(deliveries)) = tokio::time::timeout(LONG, source.receive(10)).await {
            let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
            source.accept(&receipts).await.ok();
            stored.extend(deliveries.iter().map(|delivery| wire::decode(&delivery.body).unwrap().sequence));
        }
        confirmed.is_subset(&stored).then_some(())
    })
    .await;
}
