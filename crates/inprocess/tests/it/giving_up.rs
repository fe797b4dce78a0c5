use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::UtcMillis;
use domain::transport::{ContainerPublisher, ContainerSource, PublishError};
use inprocess::transport;
use testkit::FakeClock;
use testkit::containers::hub;
use testkit::wait::within;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(10);

fn clock() -> Arc<FakeClock> {
    Arc::new(FakeClock::at(UtcMillis(0)))
}

#[tokio::test]
async fn a_publisher_hears_that_nobody_takes_containers() {
    let folder = tempfile::tempdir().unwrap();
    let (publisher, source, _live) = transport(4, folder.path(), clock());
    let publisher = publisher.with_settle_timeout(SHORT);
    let error = publisher.publish(hub(1), Bytes::from_static(b"1")).await.unwrap_err();
    assert!(matches!(error, PublishError::Unavailable(_)), "{error}");

    // The publisher kept it, so it must not come from here as well.
    let retried = tokio::spawn(async move {
        publisher.with_settle_timeout(LONG).publish(hub(1), Bytes::from_static(b"again")).await
    });
    let deliveries = within(LONG, "it was delivered", source.receive(10)).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].body.as_ref(), b"again");
    source.accept(&[deliveries[0].receipt]).await.unwrap();
    retried.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_publisher_does_not_wait_for_ever_for_a_source_that_settles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (publisher, source, _live) = transport(4, folder.path(), clock());
    let publisher = publisher.with_settle_timeout(SHORT);
    let (outcome, received) =
        tokio::join!(publisher.publish(hub(1), Bytes::from_static(b"1")), source.receive(1));
    assert!(matches!(outcome, Err(PublishError::TimedOut(_))), "{outcome:?}");
    // Too late, and nothing to hold anything against.
    source.accept(&[received.unwrap()[0].receipt]).await.unwrap();
}

#[tokio::test]
async fn a_full_transport_takes_nothing_more_until_somebody_gives_up() {
    let folder = tempfile::tempdir().unwrap();
    let (publisher, source, _live) = transport(2, folder.path(), clock());
    let patient = publisher.clone().with_settle_timeout(LONG);
    let mut waiting = Vec::new();
    for number in 1..=2 {
        let patient = patient.clone();
        waiting.push(tokio::spawn(async move { patient.publish(hub(number), Bytes::new()).await }));
    }
    let held = within(LONG, "both were delivered", async {
        let mut held = Vec::new();
        while held.len() < 2 {
            held.extend(source.receive(2).await.unwrap());
        }
        held
    })
    .await;
    let hasty = publisher.with_settle_timeout(SHORT);
    let refused = hasty.publish(hub(3), Bytes::new()).await;
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");

    for task in &waiting {
        task.abort();
    }
    source.release(&held.iter().map(|delivery| delivery.receipt).collect::<Vec<_>>()).await.unwrap();
    for task in waiting {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    let publishing = tokio::spawn(async move { patient.publish(hub(3), Bytes::new()).await });
    let deliveries = within(LONG, "the third got a place", source.receive(5)).await.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| delivery.hub).collect::<Vec<_>>(), [Some(hub(3))]);
    source.accept(&[deliveries[0].receipt]).await.unwrap();
    publishing.await.unwrap().unwrap();
}
