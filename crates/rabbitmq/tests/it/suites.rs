use std::sync::Arc;

use async_trait::async_trait;
use domain::Container;
use domain::live::LiveFeed;
use domain::presence::Presence;
use domain::transport::{ContainerPublisher, ContainerSource, PublishError};
use rabbitmq::{Live, Publisher, Source, declare_topology};
use testkit::suites::live::{self, LiveFixture};
use testkit::suites::transport::{self as suite, DeadLetter, TransportFixture};

use crate::broker::{Broker, Vhost};

pub(crate) struct Fixture {
    broker: Arc<Broker>,
    vhost: Vhost,
    publisher: Arc<dyn ContainerPublisher>,
    live: Arc<Live>,
}

impl Fixture {
    pub(crate) async fn new(broker: &Arc<Broker>) -> Self {
        Self::publishing(broker, |vhost| Arc::new(Publisher::connect(vhost.config()).unwrap())).await
    }

    /// With hubs that publish in another way.
    pub(crate) async fn publishing(
        broker: &Arc<Broker>,
        publisher: impl FnOnce(&Vhost) -> Arc<dyn ContainerPublisher>,
    ) -> Self {
        let vhost = broker.vhost();
        declare_topology(&vhost.config()).await.unwrap();
        Self {
            broker: Arc::clone(broker),
            publisher: publisher(&vhost),
            live: Arc::new(Live::connect(vhost.config()).unwrap()),
            vhost,
        }
    }
}

#[async_trait]
impl TransportFixture for Fixture {
    fn publisher(&self) -> Arc<dyn ContainerPublisher> {
        Arc::clone(&self.publisher)
    }

    fn source(&self) -> Arc<dyn ContainerSource> {
        Arc::new(Source::connect(self.vhost.config()).unwrap())
    }

    fn most_unsettled(&self) -> usize {
        10
    }

    async fn dead_letters(&self) -> Vec<DeadLetter> {
        self.vhost.dead_letters().await
    }
}

#[async_trait]
impl LiveFixture for Fixture {
    fn feed(&self) -> Arc<dyn LiveFeed> {
        Arc::clone(&self.live) as _
    }

    async fn publish(&self, container: &Container) {
        self.publisher.publish(container.hub, wire::encode(container)).await.unwrap();
    }

    async fn announce(&self, presence: &Presence) -> Result<(), PublishError> {
        self.publisher.announce(presence).await
    }

    async fn subscriptions(&self) -> usize {
        subscriptions(&self.broker, &self.vhost)
    }
}

/// Hubs that somebody watches.
fn subscriptions(broker: &Broker, vhost: &Vhost) -> usize {
    let bindings =
        broker.server.ctl(&["list_bindings", "-p", &vhost.name, "source_name", "routing_key"]).unwrap();
    let count = |kind: &str| {
        let is_one = |line: &&str| line.starts_with(&format!("telemetry\t{kind}.")) && !line.ends_with('*');
        bindings.lines().filter(is_one).count()
    };
    // What is measured and how the hub is, each by a binding. In between there is one of the two.
    count("hub").max(count("presence"))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_a_transport() {
    let broker = Broker::start().await;
    suite::run(async || Fixture::new(&broker).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_a_live_feed() {
    let broker = Broker::start().await;
    live::run(async || Fixture::new(&broker).await).await;
}
