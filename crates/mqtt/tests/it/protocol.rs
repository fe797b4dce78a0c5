use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::transport::{ContainerPublisher, PublishError};
use mqtt::{Config, Error, Publisher};
use rumqttc::v5::mqttbytes::v5::{Packet, PingResp, PubAck, PubAckReason, Publish};
use testkit::containers::hub;
use testkit::servers::free_port;
use testkit::wait::within;
use tokio::task::JoinHandle;

use crate::fake::{FakeBroker, Guest};

const LONG: Duration = Duration::from_secs(20);

fn config(broker: &FakeBroker) -> Config {
    Config { url: broker.url(), ..Config::default() }
}

fn publish(publisher: &Arc<Publisher>, number: u8) -> JoinHandle<Result<(), PublishError>> {
    let publisher = Arc::clone(publisher);
    tokio::spawn(async move { publisher.publish(hub(1), Bytes::copy_from_slice(&[number])).await })
}

async fn publication(guest: &mut Guest) -> Publish {
    match within(LONG, "something is published", guest.hear()).await.unwrap() {
        Packet::Publish(publish) => publish,
        other => panic!("no publication: {other:?}"),
    }
}

async fn acknowledge(guest: &mut Guest, id: u16, reason: PubAckReason) {
    guest.say(&Packet::PubAck(PubAck { pkid: id, reason, properties: None })).await;
}

#[tokio::test]
async fn a_container_is_confirmed_by_its_own_acknowledgement_only() {
    let broker = FakeBroker::start().await;
    let publisher = Arc::new(Publisher::connect(config(&broker), hub(1)).unwrap());
    let mut guest = broker.welcome(10).await;
    let first = publish(&publisher, 1);
    let one = publication(&mut guest).await;
    let second = publish(&publisher, 2);
    let two = publication(&mut guest).await;
    assert_eq!(one.topic, format!("hub/{}", hub(1)));
    assert_ne!(one.pkid, two.pkid);
    acknowledge(&mut guest, two.pkid, PubAckReason::QuotaExceeded).await;
    let refused = within(LONG, "the second is answered", second).await.unwrap();
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    assert!(!first.is_finished());
    acknowledge(&mut guest, one.pkid, PubAckReason::Success).await;
    within(LONG, "the first is answered", first).await.unwrap().unwrap();
}

#[tokio::test]
async fn no_more_is_in_flight_than_the_broker_takes() {
    let broker = FakeBroker::start().await;
    let publisher = Arc::new(Publisher::connect(config(&broker), hub(1)).unwrap());
    let mut guest = broker.welcome(2).await;
    let publishing: Vec<_> = (1..=5).map(|number| publish(&publisher, number)).collect();
    let mut open = vec![publication(&mut guest).await.pkid, publication(&mut guest).await.pkid];
    for _ in 0..3 {
        // Had it sent a third, that would come before the one that this makes room for.
        guest.say(&Packet::PingResp(PingResp)).await;
        acknowledge(&mut guest, open.remove(0), PubAckReason::Success).await;
        open.push(publication(&mut guest).await.pkid);
        assert_ne!(open[0], open[1]);
    }
    for id in open {
        acknowledge(&mut guest, id, PubAckReason::Success).await;
    }
    for one in publishing {
        within(LONG, "all are confirmed", one).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_is_too_large_for_the_broker_is_refused_and_not_sent() {
    let broker = FakeBroker::start().await;
    let publisher = Arc::new(Publisher::connect(config(&broker), hub(1)).unwrap());
    let mut guest = broker.welcome(10).await;
    let refused = publisher.publish(hub(1), Bytes::from(vec![0; 2_000])).await;
    assert!(matches!(&refused, Err(PublishError::Refused(reason)) if reason.contains("2000")), "{refused:?}");
    let next = publish(&publisher, 7);
    let sent = publication(&mut guest).await;
    assert_eq!(sent.payload.as_ref(), [7]);
    acknowledge(&mut guest, sent.pkid, PubAckReason::Success).await;
    next.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_broker_that_acknowledges_nothing_is_left_and_tried_again() {
    let broker = FakeBroker::start().await;
    let config = Config { acknowledge_timeout_millis: 500, ..config(&broker) };
    let publisher = Arc::new(Publisher::connect(config, hub(1)).unwrap());
    let mut silent = broker.welcome(10).await;
    let waiting = publish(&publisher, 1);
    publication(&mut silent).await;
    let failed = within(LONG, "it gives up", waiting).await.unwrap();
    let expected = matches!(failed, Err(PublishError::TimedOut(_) | PublishError::Unavailable(_)));
    assert!(expected, "{failed:?}");
    let mut guest = within(LONG, "it comes again", broker.welcome(10)).await;
    let again = publish(&publisher, 2);
    let sent = publication(&mut guest).await;
    assert_eq!(sent.payload.as_ref(), [2], "nothing of before is sent again: the spool does that");
    acknowledge(&mut guest, sent.pkid, PubAckReason::Success).await;
    again.await.unwrap().unwrap();
}

#[tokio::test]
async fn nonsense_ends_the_connection_and_not_the_publisher() {
    let broker = FakeBroker::start().await;
    let publisher = Arc::new(Publisher::connect(config(&broker), hub(1)).unwrap());
    for nonsense in
        [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[0x20, 2, 0, 1], &[0x40, 2, 0, 9], &[0xff; 64]]
    {
        let mut guest = within(LONG, "it comes again", broker.guest()).await;
        assert!(matches!(guest.hear().await, Some(Packet::Connect(..))));
        guest.say_bytes(nonsense).await;
        assert_eq!(within(LONG, "it leaves", guest.hear()).await, None);
    }
    // An acknowledgement of what was never sent.
    let mut guest = within(LONG, "it comes again", broker.welcome(10)).await;
    acknowledge(&mut guest, 9, PubAckReason::Success).await;
    assert_eq!(within(LONG, "it leaves", guest.hear()).await, None);
    let mut guest = within(LONG, "it comes again", broker.welcome(10)).await;
    let publishing = publish(&publisher, 1);
    let sent = publication(&mut guest).await;
    acknowledge(&mut guest, sent.pkid, PubAckReason::Success).await;
    publishing.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_broker_that_is_silent_is_asked_and_then_left() {
    let broker = FakeBroker::start().await;
    let config = Config { keep_alive_secs: 4, ..config(&broker) };
    let _publisher = Publisher::connect(config, hub(1)).unwrap();
    let mut guest = broker.welcome(10).await;
    assert!(matches!(within(LONG, "it asks", guest.hear()).await, Some(Packet::PingReq(_))));
    assert_eq!(within(LONG, "it leaves", guest.hear()).await, None);
    within(LONG, "it comes again", broker.welcome(10)).await;
}

#[tokio::test]
async fn without_a_broker_it_starts_and_says_that_there_is_none() {
    let config = Config { url: format!("mqtt://127.0.0.1:{}", free_port()), ..Config::default() };
    let publisher = Publisher::connect(config, hub(1)).unwrap();
    let publishing = publisher.publish(hub(1), Bytes::from_static(b"1"));
    let failed = within(LONG, "it gives up", publishing).await;
    assert!(matches!(failed, Err(PublishError::Unavailable(_))), "{failed:?}");
    let none = Config { url: "localhost".to_owned(), ..Config::default() };
    assert!(matches!(Publisher::connect(none, hub(1)), Err(Error::Url(_))));
}
