//! What a source still owes when it was told to stop.

use domain::transport::{ContainerSource, Delivery};
use tokio::task::JoinHandle;

use super::{
    TIME_LIMIT, TransportFixture, finished, gives_nothing, publish_aside, receipts, receive, sequence_of,
};
use crate::containers::hub;
use crate::wait::within;

pub(super) async fn leaves_nothing_to_be_delivered_twice(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing: Vec<JoinHandle<()>> = (1..=5).map(|n| publish_aside(fixture, hub(n), n)).collect();
    let mut delivered = Vec::new();
    while delivered.len() < 5 {
        delivered.extend(receive(&*source, 10).await);
    }
    source.stop();
    assert!(drained(&*source).await.is_empty());
    source.accept(&receipts(&delivered)).await.unwrap();
    drop(source);
    for publishing in publishing {
        finished(publishing).await;
    }
    gives_nothing(&*fixture.source()).await;
}

/// Whatever is on its way from the broker while the source stops: the broker may take it back, and then it
/// counts as delivered before, but a service sees each container once.
pub(super) async fn in_the_middle_gives_each_container_once(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing: Vec<JoinHandle<()>> = (1..=5).map(|n| publish_aside(fixture, hub(n), n)).collect();
    let mut delivered = receive(&*source, 1).await;
    source.stop();
    delivered.extend(drained(&*source).await);
    source.accept(&receipts(&delivered)).await.unwrap();
    drop(source);

    let source = fixture.source();
    while delivered.len() < 5 {
        let more = receive(&*source, 10).await;
        source.accept(&receipts(&more)).await.unwrap();
        delivered.extend(more);
    }
    let mut sequences: Vec<u64> = delivered.iter().map(sequence_of).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, [1, 2, 3, 4, 5], "{delivered:?}");
    for publishing in publishing {
        finished(publishing).await;
    }
}

/// What a stopped source still had.
async fn drained(source: &dyn ContainerSource) -> Vec<Delivery> {
    let mut delivered = Vec::new();
    while let Ok(more) = within(TIME_LIMIT, "the source ends", source.receive(10)).await {
        delivered.extend(more);
    }
    delivered
}
