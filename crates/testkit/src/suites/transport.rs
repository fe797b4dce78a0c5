//! The contract of a transport, out and in. A publisher's `Ok` may come only once the container is safe, so the
//! cases publish on the side while they receive: an in-process transport confirms when the source has settled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::HubId;
use domain::trace::TraceContext;
use domain::transport::{ContainerPublisher, ContainerSource, Delivery, Receipt};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use crate::containers::{container, hub};
use crate::wait::{until, within};

mod stopping;
mod traced;

const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How long nothing must happen to believe that nothing will.
const QUIET: Duration = Duration::from_millis(300);

const RETRY: Duration = Duration::from_millis(20);

/// One transport with nothing in it.
#[async_trait]
pub trait TransportFixture: Send + Sync {
    fn publisher(&self) -> Arc<dyn ContainerPublisher>;

    /// The only source, once those before are dropped.
    fn source(&self) -> Arc<dyn ContainerSource>;

    /// At most so many containers are delivered and not settled; small, 10 or so.
    fn most_unsettled(&self) -> usize;

    /// All that lie there now, as an operator would find them.
    async fn dead_letters(&self) -> Vec<DeadLetter>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub hub: Option<HubId>,
    pub body: Bytes,
    pub reason: String,
    pub trace: Option<TraceContext>,
}

/// Runs every case, each with a fixture of its own.
pub async fn run<F: TransportFixture>(mut fixture: impl AsyncFnMut() -> F) {
    gives_exactly_the_bytes_and_the_hub(&fixture().await).await;
    keeps_the_order_of_a_hub(&fixture().await).await;
    released_containers_come_again(&fixture().await).await;
    unsettled_containers_come_again_to_the_next_source(&fixture().await).await;
    stale_receipts_settle_nothing(&fixture().await).await;
    settling_twice_is_harmless(&fixture().await).await;
    dead_letters_lie_where_the_operator_finds_them(&fixture().await).await;
    what_is_confirmed_is_never_lost(&fixture().await).await;
    a_dropped_receive_loses_nothing(&fixture().await).await;
    receive_gives_no_more_than_asked(&fixture().await).await;
    a_source_that_settles_nothing_gets_a_bounded_number(&fixture().await).await;
    many_hubs_publish_at_once(&fixture().await).await;
    traced::a_trace_goes_with_its_container(&fixture().await).await;
    traced::a_dead_letter_keeps_its_trace(&fixture().await).await;
    stopping::leaves_nothing_to_be_delivered_twice(&fixture().await).await;
    stopping::in_the_middle_gives_each_container_once(&fixture().await).await;
}

fn body(hub: HubId, sequence: u64) -> Bytes {
    wire::encode(&container(hub, sequence))
}

fn sequence_of(delivery: &Delivery) -> u64 {
    wire::decode(&delivery.body).unwrap().sequence
}

fn receipts(deliveries: &[Delivery]) -> Vec<Receipt> {
    deliveries.iter().map(|delivery| delivery.receipt).collect()
}

/// As a hub does: tries again until it is confirmed.
async fn publish(publisher: &dyn ContainerPublisher, hub: HubId, body: Bytes) {
    let begin = Instant::now();
    while let Err(error) = publisher.publish(hub, body.clone()).await {
        assert!(begin.elapsed() < TIME_LIMIT, "a container was never taken: {error}");
        sleep(RETRY).await;
    }
}

fn publish_aside(fixture: &impl TransportFixture, hub: HubId, sequence: u64) -> JoinHandle<()> {
    let publisher = fixture.publisher();
    tokio::spawn(async move { publish(&*publisher, hub, body(hub, sequence)).await })
}

async fn receive(source: &dyn ContainerSource, max: usize) -> Vec<Delivery> {
    until(TIME_LIMIT, "a container was delivered", async || {
        timeout(TIME_LIMIT, source.receive(max)).await.ok()?.ok()
    })
    .await
}

async fn receive_one(source: &dyn ContainerSource) -> Delivery {
    let mut deliveries = receive(source, 1).await;
    assert_eq!(deliveries.len(), 1, "receive(1) gives one");
    deliveries.remove(0)
}

async fn gives_nothing(source: &dyn ContainerSource) {
    if let Ok(deliveries) = timeout(QUIET, source.receive(10)).await {
        panic!("nothing should be left, but there came {deliveries:?}");
    }
}

async fn finished(publishing: JoinHandle<()>) {
    within(TIME_LIMIT, "publishing was confirmed", publishing).await.unwrap();
}

async fn gives_exactly_the_bytes_and_the_hub(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publisher = fixture.publisher();
    // Not a container: the transport must not care.
    let odd = Bytes::from_static(b"\x00\xff anything");
    let publishing = tokio::spawn({
        let odd = odd.clone();
        async move { publish(&*publisher, hub(1), odd).await }
    });
    let delivery = receive_one(&*source).await;
    assert_eq!(delivery.body, odd);
    assert_eq!(delivery.hub, Some(hub(1)));
    assert!(!delivery.redelivered);
    source.accept(&[delivery.receipt]).await.unwrap();
    finished(publishing).await;
    gives_nothing(&*source).await;
    source.ready().await.unwrap();
}

async fn keeps_the_order_of_a_hub(fixture: &impl TransportFixture) {
    const EACH: u64 = 20;
    let source = fixture.source();
    let mut publishing = JoinSet::new();
    for number in 1..=3 {
        let publisher = fixture.publisher();
        publishing.spawn(async move {
            for sequence in 1..=EACH {
                publish(&*publisher, hub(number), body(hub(number), sequence)).await;
            }
        });
    }
    let mut seen: BTreeMap<HubId, Vec<u64>> = BTreeMap::new();
    while seen.values().map(Vec::len).sum::<usize>() < 3 * usize::try_from(EACH).unwrap() {
        let deliveries = receive(&*source, 7).await;
        source.accept(&receipts(&deliveries)).await.unwrap();
        for delivery in &deliveries {
            seen.entry(delivery.hub.unwrap()).or_default().push(sequence_of(delivery));
        }
    }
    within(TIME_LIMIT, "all was confirmed", publishing.join_all()).await;
    let expected: Vec<u64> = (1..=EACH).collect();
    for number in 1..=3 {
        assert_eq!(seen[&hub(number)], expected);
    }
}

async fn released_containers_come_again(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing = publish_aside(fixture, hub(1), 5);
    let first = receive_one(&*source).await;
    source.release(&[first.receipt]).await.unwrap();
    let again = receive_one(&*source).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.hub, first.hub);
    assert!(again.redelivered);
    assert_ne!(again.receipt, first.receipt);
    source.accept(&[again.receipt]).await.unwrap();
    finished(publishing).await;
    gives_nothing(&*source).await;
}

async fn unsettled_containers_come_again_to_the_next_source(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing: Vec<_> = (1..=3).map(|sequence| publish_aside(fixture, hub(1), sequence)).collect();
    let mut lost = BTreeSet::new();
    while lost.len() < 3 {
        lost.extend(receive(&*source, 3).await.iter().map(sequence_of));
    }
    drop(source);

    let source = fixture.source();
    let mut found = BTreeSet::new();
    while found.len() < 3 {
        let deliveries = receive(&*source, 3).await;
        assert!(deliveries.iter().all(|delivery| delivery.redelivered));
        source.accept(&receipts(&deliveries)).await.unwrap();
        found.extend(deliveries.iter().map(sequence_of));
    }
    assert_eq!(found, lost);
    for one in publishing {
        finished(one).await;
    }
    gives_nothing(&*source).await;
}

async fn stale_receipts_settle_nothing(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing = publish_aside(fixture, hub(1), 1);
    let old = receive_one(&*source).await;
    drop(source);

    let source = fixture.source();
    let fresh = receive_one(&*source).await;
    assert_ne!(fresh.receipt, old.receipt, "a receipt is bound to its connection");
    source.accept(&[old.receipt]).await.unwrap();
    source.release(&[old.receipt]).await.unwrap();
    // Had one of these settled it, it would be gone or delivered to this source again.
    gives_nothing(&*source).await;
    drop(source);

    let source = fixture.source();
    let last = receive_one(&*source).await;
    assert_eq!(last.body, old.body);
    source.accept(&[last.receipt]).await.unwrap();
    finished(publishing).await;
}

async fn settling_twice_is_harmless(fixture: &impl TransportFixture) {
    let source = fixture.source();
    for sequence in 1..=3 {
        let publishing = publish_aside(fixture, hub(1), sequence);
        let delivery = receive_one(&*source).await;
        assert_eq!(sequence_of(&delivery), sequence);
        source.accept(&[delivery.receipt]).await.unwrap();
        source.accept(&[delivery.receipt]).await.unwrap();
        source.release(&[delivery.receipt]).await.unwrap();
        finished(publishing).await;
    }
    gives_nothing(&*source).await;
    source.ready().await.unwrap();
}

async fn dead_letters_lie_where_the_operator_finds_them(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing = publish_aside(fixture, hub(7), 1);
    let delivery = receive_one(&*source).await;
    source.dead_letter(&delivery, "tick 3 lies beyond the year 9999").await.unwrap();
    finished(publishing).await;
    let found = until(TIME_LIMIT, "there was a dead letter", async || {
        Some(fixture.dead_letters().await).filter(|letters| !letters.is_empty())
    })
    .await;
    let reason = "tick 3 lies beyond the year 9999".to_owned();
    let body = delivery.body.clone();
    assert_eq!(found, [DeadLetter { hub: Some(hub(7)), body, reason, trace: None }]);
    gives_nothing(&*source).await;
}

async fn what_is_confirmed_is_never_lost(fixture: &impl TransportFixture) {
    const COUNT: u64 = 40;
    let publishing: Vec<_> = (1..=COUNT).map(|sequence| publish_aside(fixture, hub(1), sequence)).collect();
    let mut stored = BTreeSet::new();
    let mut source = fixture.source();
    let mut round = 0;
    while stored.len() < usize::try_from(COUNT).unwrap() {
        let deliveries = receive(&*source, 5).await;
        round += 1;
        if round % 4 == 0 {
            // It dies with a batch in its hands.
            drop(source);
            source = fixture.source();
            continue;
        }
        source.accept(&receipts(&deliveries)).await.unwrap();
        stored.extend(deliveries.iter().map(sequence_of));
    }
    // Retried containers may arrive twice, and somebody has to take them.
    let taker = tokio::spawn(async move {
        while let Ok(deliveries) = source.receive(10).await {
            source.accept(&receipts(&deliveries)).await.ok();
        }
    });
    for one in publishing {
        finished(one).await;
    }
    taker.abort();
}

async fn a_dropped_receive_loses_nothing(fixture: &impl TransportFixture) {
    const COUNT: u64 = 60;
    let source = fixture.source();
    let publishing: Vec<_> = (1..=COUNT).map(|sequence| publish_aside(fixture, hub(1), sequence)).collect();
    let mut seen = Vec::new();
    let mut pause = 0;
    within(TIME_LIMIT, "all were received", async {
        while seen.len() < usize::try_from(COUNT).unwrap() {
            // From dropped at once to long enough.
            pause = (pause + 137) % 3_000;
            if let Ok(received) = timeout(Duration::from_micros(pause), source.receive(3)).await {
                let deliveries = received.unwrap();
                source.accept(&receipts(&deliveries)).await.unwrap();
                seen.extend(deliveries.iter().map(sequence_of));
            }
        }
    })
    .await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=COUNT).collect::<Vec<u64>>());
    for one in publishing {
        finished(one).await;
    }
}

async fn receive_gives_no_more_than_asked(fixture: &impl TransportFixture) {
    let source = fixture.source();
    let publishing: Vec<_> = (1..=9).map(|sequence| publish_aside(fixture, hub(1), sequence)).collect();
    let mut count = 0;
    while count < 9 {
        let deliveries = receive(&*source, 2).await;
        assert!((1..=2).contains(&deliveries.len()), "{}", deliveries.len());
        count += deliveries.len();
        source.accept(&receipts(&deliveries)).await.unwrap();
    }
    for one in publishing {
        finished(one).await;
    }
}

async fn a_source_that_settles_nothing_gets_a_bounded_number(fixture: &impl TransportFixture) {
    let bound = fixture.most_unsettled();
    let source = fixture.source();
    let count = u64::try_from(bound).unwrap() * 3;
    // From many hubs, so that every shard has some.
    let publishing: Vec<_> = (1..=count).map(|number| publish_aside(fixture, hub(number), 1)).collect();
    let mut held = Vec::new();
    while let Ok(deliveries) = timeout(QUIET * 3, source.receive(bound * 3)).await {
        held.extend(deliveries.unwrap());
    }
    assert!((1..=bound).contains(&held.len()), "{} delivered at once, at most {bound} expected", held.len());

    let mut hubs: BTreeSet<_> = held.iter().map(|delivery| delivery.hub.unwrap()).collect();
    source.accept(&receipts(&held)).await.unwrap();
    while hubs.len() < bound * 3 {
        let deliveries = receive(&*source, bound).await;
        source.accept(&receipts(&deliveries)).await.unwrap();
        hubs.extend(deliveries.iter().map(|delivery| delivery.hub.unwrap()));
    }
    for one in publishing {
        finished(one).await;
    }
}

async fn many_hubs_publish_at_once(fixture: &impl TransportFixture) {
    const HUBS: u64 = 50;
    const EACH: u64 = 10;
    let source = fixture.source();
    let mut publishing = JoinSet::new();
    for number in 1..=HUBS {
        for sequence in 1..=EACH {
            let publisher = fixture.publisher();
            publishing.spawn(async move {
                publish(&*publisher, hub(number), body(hub(number), sequence)).await;
            });
        }
    }
    let mut seen = BTreeSet::new();
    while seen.len() < usize::try_from(HUBS * EACH).unwrap() {
        let deliveries = receive(&*source, 100).await;
        source.accept(&receipts(&deliveries)).await.unwrap();
        for delivery in &deliveries {
            let container = wire::decode(&delivery.body).unwrap();
            assert_eq!(delivery.hub, Some(container.hub));
            seen.insert((container.hub, container.sequence));
        }
    }
    within(TIME_LIMIT, "all was confirmed", publishing.join_all()).await;
}
