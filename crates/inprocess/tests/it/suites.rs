use std::fs;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::live::LiveFeed;
use domain::presence::Presence;
use domain::trace::TraceContext;
use domain::transport::{ContainerPublisher, ContainerSource, PublishError};
use domain::{Container, UtcMillis};
use inprocess::{Live, Publisher, Source, transport};
use serde_json::Value;
use tempfile::TempDir;
use testkit::FakeClock;
use testkit::suites::live::{self, LiveFixture};
use testkit::suites::transport::{self as suite, DeadLetter, TransportFixture};

struct Fixture {
    folder: TempDir,
    publisher: Publisher,
    origin: Source,
    live: Live,
}

impl Fixture {
    fn new(capacity: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(UtcMillis(1_326_672_000_000)));
        let (publisher, origin, live) = transport(capacity, folder.path(), clock);
        Self { folder, publisher, origin, live }
    }
}

#[async_trait]
impl TransportFixture for Fixture {
    fn publisher(&self) -> Arc<dyn ContainerPublisher> {
        Arc::new(self.publisher.clone())
    }

    fn source(&self) -> Arc<dyn ContainerSource> {
        Arc::new(self.origin.another())
    }

    fn most_unsettled(&self) -> usize {
        10
    }

    async fn dead_letters(&self) -> Vec<DeadLetter> {
        let lines = fs::read_to_string(self.folder.path().join("dead-letters.jsonl")).unwrap_or_default();
        let letter = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            DeadLetter {
                hub: line["hub"].as_str().map(|hub| hub.parse().unwrap()),
                body: STANDARD.decode(line["body"].as_str().unwrap()).unwrap().into(),
                reason: line["reason"].as_str().unwrap().to_owned(),
                trace: line["traceparent"].as_str().map(|header| TraceContext::parse(header).unwrap()),
            }
        };
        lines.lines().map(letter).collect()
    }
}

#[async_trait]
impl LiveFixture for Fixture {
    fn feed(&self) -> Arc<dyn LiveFeed> {
        Arc::new(self.live.clone())
    }

    async fn publish(&self, container: &Container) {
        let store = async {
            let deliveries = self.origin.receive(1).await.unwrap();
            self.origin.accept(&[deliveries[0].receipt]).await.unwrap();
        };
        let (published, ()) =
            tokio::join!(self.publisher.publish(container.hub, wire::encode(container)), store);
        published.unwrap();
    }

    async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
        self.publisher.announce(presence).await
    }

    async fn subscriptions(&self) -> usize {
        self.live.watched()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_a_transport() {
    suite::run(async || Fixture::new(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_a_live_feed() {
    live::run(async || Fixture::new(10)).await;
}
