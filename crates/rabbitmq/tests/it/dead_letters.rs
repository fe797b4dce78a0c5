use std::time::Duration;

use bytes::Bytes;
use domain::transport::{ContainerPublisher, ContainerSource};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use rabbitmq::{Config, DeadLetter, DeadLetters, DeadLettersError, Publisher, Source, declare_topology};
use testkit::containers::hub;
use testkit::wait::{until, within};

use crate::broker::{Broker, Vhost};

const LONG: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_can_do_with_dead_letters() {
    let broker = Broker::start().await;
    looking_tells_all_and_takes_nothing_away(&broker.vhost()).await;
    a_replayed_letter_comes_to_a_source_as_it_came_first(&broker.vhost()).await;
    what_no_queue_takes_stays(&broker.vhost()).await;
    what_is_dropped_is_gone_and_nothing_else(&broker.vhost()).await;
    those_that_come_meanwhile_are_left_for_the_next_time(&broker.vhost()).await;
    without_a_queue_or_an_account_there_is_a_sentence(&broker.vhost()).await;
}

/// Puts letters among the dead as somebody else would: without any header.
async fn put(vhost: &Vhost, routing_key: &str, bodies: impl Iterator<Item = Vec<u8>>) {
    let connection = Connection::connect(&vhost.url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    for body in bodies {
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        let properties = BasicProperties::default().with_timestamp(1_326_672_000);
        let (exchange, key) = ("telemetry.dead".into(), routing_key.into());
        let confirm = channel.basic_publish(exchange, key, options, &body, properties).await.unwrap();
        assert_eq!(confirm.await.unwrap(), Confirmation::Ack(None));
    }
    connection.close(200, "OK".into()).await.unwrap();
}

/// When the broker has counted this many: it does so a moment after it has confirmed them.
async fn all(letters: &DeadLetters, count: u32) -> Vec<DeadLetter> {
    until(LONG, "the broker has counted them", async || {
        let browsing = letters.browse().await.unwrap();
        let counted = browsing.count();
        browsing.give_back().await.unwrap();
        (counted == count).then_some(())
    })
    .await;
    let mut browsing = letters.browse().await.unwrap();
    let mut all = Vec::new();
    while let Some(letter) = browsing.next().await.unwrap() {
        all.push(letter);
    }
    browsing.give_back().await.unwrap();
    // What was given back comes in no order.
    all.sort_by(|one, other| one.body.cmp(&other.body));
    all
}

async fn looking_tells_all_and_takes_nothing_away(vhost: &Vhost) {
    let config = Config { delivery_limit: 1, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    let source = Source::connect(config.clone()).unwrap();
    let publisher = Publisher::connect(config.clone()).unwrap();
    let letters = DeadLetters::connect(&config).await.unwrap();

    publisher.publish(hub(1), Bytes::from_static(b"no container")).await.unwrap();
    let delivery = within(LONG, "it is delivered", source.receive(1)).await.unwrap().remove(0);
    source.dead_letter(&delivery, "not a protobuf container").await.unwrap();
    assert_eq!(all(&letters, 1).await.len(), 1);

    publisher.publish(hub(2), Bytes::from_static(b"a crash for whoever reads it")).await.unwrap();
    for _ in 0..=1 {
        let deliveries = within(LONG, "it came again", source.receive(1)).await.unwrap();
        source.release(&[deliveries[0].receipt]).await.unwrap();
    }
    assert_eq!(all(&letters, 2).await.len(), 2);
    put(vhost, "hub.kitchen", std::iter::once(vec![0; 1 << 20])).await;

    let first = all(&letters, 3).await;
    assert_eq!(first.iter().map(|letter| letter.hub).collect::<Vec<_>>(), [None, Some(hub(2)), Some(hub(1))]);
    assert_eq!(first[2].reason.as_deref(), Some("not a protobuf container"));
    assert_eq!(
        (first[2].routing_key.as_str(), &first[2].body[..]),
        (&*format!("hub.{}", hub(1)), &b"no container"[..])
    );
    assert_eq!((first[1].reason.as_deref(), first[1].deaths[0].reason.as_str()), (None, "delivery_limit"));
    assert!(first[1].deaths[0].queue.starts_with("telemetry.") && first[1].at.is_some());
    assert_eq!((first[0].body.len(), first[0].at.unwrap().secs()), (1 << 20, 1_326_672_000));

    let again = all(&letters, 3).await;
    for (before, after) in first.iter().zip(&again) {
        assert_eq!((&before.routing_key, &before.body), (&after.routing_key, &after.body));
        assert!(after.returned > before.returned, "{} then {}", before.returned, after.returned);
    }
}

async fn a_replayed_letter_comes_to_a_source_as_it_came_first(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    let body = Bytes::from_static(b"to be looked at again");
    put(vhost, &format!("hub.{}", hub(5)), [body.to_vec(), b"another".to_vec()].into_iter()).await;
    let letters = DeadLetters::connect(&vhost.config()).await.unwrap();
    assert_eq!(all(&letters, 2).await.len(), 2);

    let mut browsing = letters.browse().await.unwrap();
    let letter = browsing.next().await.unwrap().unwrap();
    browsing.replay(&letter).await.unwrap();
    browsing.give_back().await.unwrap();
    assert_eq!(all(&letters, 1).await[0].body, "another");

    let source = Source::connect(vhost.config()).unwrap();
    let delivery = within(LONG, "it comes again", source.receive(1)).await.unwrap().remove(0);
    assert_eq!((delivery.hub, delivery.body), (Some(hub(5)), body));
}

async fn what_no_queue_takes_stays(vhost: &Vhost) {
    let config = Config { queues: 1, max_queue_length: 1, ..vhost.config() };
    declare_topology(&config).await.unwrap();
    put(vhost, "kitchen", std::iter::once(b"leads nowhere".to_vec())).await;
    put(vhost, &format!("hub.{}", hub(1)), (0..20).map(|n| vec![n])).await;
    let letters = DeadLetters::connect(&config).await.unwrap();
    assert_eq!(all(&letters, 21).await.len(), 21);

    let mut browsing = letters.browse().await.unwrap();
    let mut refused = Vec::new();
    while let Some(letter) = browsing.next().await.unwrap() {
        match browsing.replay(&letter).await {
            Ok(()) => {}
            Err(DeadLettersError::Refused(_)) => refused.push(letter.body),
            Err(other) => panic!("{other}"),
        }
    }
    browsing.give_back().await.unwrap();
    assert!(refused.len() > 10 && refused.iter().any(|body| body == "leads nowhere"), "{}", refused.len());
    refused.sort();
    let stayed = all(&letters, u32::try_from(refused.len()).unwrap()).await;
    assert_eq!(stayed.into_iter().map(|letter| letter.body).collect::<Vec<_>>(), refused);
}

async fn what_is_dropped_is_gone_and_nothing_else(vhost: &Vhost) {
    const COUNT: u16 = 600;
    declare_topology(&vhost.config()).await.unwrap();
    put(vhost, "hub.x", (0..COUNT).map(|n| n.to_be_bytes().to_vec())).await;
    let letters = DeadLetters::connect(&vhost.config()).await.unwrap();
    assert_eq!(all(&letters, COUNT.into()).await.len(), usize::from(COUNT));

    let number = |letter: &DeadLetter| u16::from_be_bytes([letter.body[0], letter.body[1]]);
    let mut browsing = letters.browse().await.unwrap();
    while let Some(letter) = browsing.next().await.unwrap() {
        if number(&letter).is_multiple_of(3) {
            browsing.drop(&letter).await.unwrap();
        }
    }
    browsing.give_back().await.unwrap();
    // At once, and by somebody else.
    letters.close().await;
    let letters = DeadLetters::connect(&vhost.config()).await.unwrap();
    let browsing = letters.browse().await.unwrap();
    assert_eq!(browsing.count(), u32::from(COUNT) * 2 / 3);
    browsing.give_back().await.unwrap();
    let left: Vec<u16> = all(&letters, u32::from(COUNT) * 2 / 3).await.iter().map(number).collect();
    assert_eq!(left, (0..COUNT).filter(|n| !n.is_multiple_of(3)).collect::<Vec<_>>());
}

async fn those_that_come_meanwhile_are_left_for_the_next_time(vhost: &Vhost) {
    declare_topology(&vhost.config()).await.unwrap();
    put(vhost, "hub.x", (0..3).map(|n| vec![n])).await;
    let letters = DeadLetters::connect(&vhost.config()).await.unwrap();
    assert_eq!(all(&letters, 3).await.len(), 3);
    let mut browsing = letters.browse().await.unwrap();
    put(vhost, "hub.x", (3..6).map(|n| vec![n])).await;
    let mut seen = Vec::new();
    while let Some(letter) = browsing.next().await.unwrap() {
        seen.push(letter.body[0]);
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2]);
    browsing.give_back().await.unwrap();
    assert_eq!(all(&letters, 6).await.len(), 6);
}

async fn without_a_queue_or_an_account_there_is_a_sentence(vhost: &Vhost) {
    let letters = DeadLetters::connect(&vhost.config()).await.unwrap();
    assert!(matches!(letters.browse().await, Err(DeadLettersError::NoQueue)));
    let stranger = Config { url: vhost.url.replace("guest:guest", "guest:wrong").into(), ..vhost.config() };
    let refused = DeadLetters::connect(&stranger).await;
    assert!(matches!(refused, Err(DeadLettersError::NoAccess(_))), "{refused:?}");
    let nobody = Config { url: "amqp://127.0.0.1:1/%2f".into(), ..vhost.config() };
    assert!(matches!(DeadLetters::connect(&nobody).await, Err(DeadLettersError::Broker(_))));
}
