use std::sync::Arc;

use agent::Compressing;
use domain::transport::ContainerPublisher;
use testkit::containers::{ContainerBuilder, hub};

use crate::support::Collector;

#[tokio::test]
async fn large_containers_leave_compressed_and_are_the_same() {
    let there = Collector::new();
    let publisher = Compressing::new(Arc::clone(&there) as _, 1_024);
    let small = ContainerBuilder::new(hub(1)).sequence(1).ticks(6).sockets(12).build();
    let large = ContainerBuilder::new(hub(1)).sequence(2).ticks(60).sockets(30).build();
    for container in [&small, &large] {
        publisher.publish(hub(1), wire::encode(container)).await.unwrap();
    }
    assert!(there.containers().into_values().eq([small.clone(), large.clone()]));
    let arrived = there.arrived.lock().unwrap();
    assert_eq!(arrived[0], wire::encode(&small), "what is small is not worth it");
    assert!(arrived[1].len() < wire::encode(&large).len());
}
