//! Hubs announce themselves to a real RabbitMQ, and operators ask.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;
use std::time::Duration;

use domain::UtcMillis;
use domain::presence::Presence;
use domain::transport::ContainerPublisher;
use fleet_service::{Deps, FleetConfig};
use rabbitmq::{Publisher, declare_topology};
use serde_json::Value;
use service::Metrics;
use testkit::containers::hub;
use testkit::servers::RabbitMq;
use testkit::suites::live::presence;
use testkit::{FakeClock, wait};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_mins(1);
const NOW: UtcMillis = UtcMillis::from_secs(1_800_000_000);

struct World {
    url: String,
    broker: RabbitMq,
    publisher: Publisher,
    clock: Arc<FakeClock>,
    shutdown: CancellationToken,
}

impl World {
    async fn new() -> Self {
        let broker = RabbitMq::start().unwrap();
        let config = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
        declare_topology(&config).await.unwrap();
        let publisher = Publisher::connect(config.clone()).unwrap();
        let clock = Arc::new(FakeClock::at(NOW));
        let deps = Deps {
            presences: rabbitmq::presences(config).unwrap(),
            clock: clock.clone(),
            metrics: Metrics::default(),
            fleet: FleetConfig::default(),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        tokio::spawn(fleet_service::run(deps, listener, shutdown.clone()));
        Self { url, broker, publisher, clock, shutdown }
    }

    async fn text(&self, path: &str) -> String {
        reqwest::get(format!("{}{path}", self.url)).await.unwrap().text().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }

    /// Announces it until it is known: before the queue is bound it reaches nobody, as with a hub that starts first.
    async fn known(&self, presence: &Presence, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        wait::until(LIMIT, what, async || {
            self.publisher.announce(presence).await.ok();
            let fleet = self.json("/fleet").await;
            holds(&fleet).then_some(fleet)
        })
        .await
    }
}

fn holding(number: u64, version: &str, waiting: u64) -> Presence {
    let mut presence = presence(hub(number), 60);
    let about = presence.about.as_mut().unwrap();
    version.clone_into(&mut about.version);
    about.waiting = waiting;
    about.oldest_waiting = (waiting > 0).then_some(NOW.plus_millis(-3_600_000));
    presence
}

#[tokio::test]
async fn the_fleet_is_what_hubs_say_and_survives_the_broker() {
    let mut world = World::new().await;
    assert_eq!(world.json("/fleet").await["hubs"], 0);
    world.known(&holding(1, "1.0.0", 0), "the first is there", |fleet| fleet["hubs"] == 1).await;
    world.known(&holding(2, "1.1.0", 7), "the second is there", |fleet| fleet["hubs"] == 2).await;
    let gone = Presence::gone(hub(1));
    let fleet = world.known(&gone, "the first is gone", |fleet| fleet["states"]["offline"] == 1).await;
    assert_eq!(fleet["states"]["online"], 1);
    assert_eq!(fleet["versions"]["1.1.0"], 1);
    assert_eq!(fleet["versions"].get("1.0.0"), None);
    assert_eq!((&fleet["holding"], &fleet["waiting"]), (&1.into(), &7.into()));
    assert_eq!(fleet["oldest_waiting"], NOW.secs() - 3_600);

    let page = world.json("/fleet/hubs?waiting=1").await;
    assert_eq!(page["hubs"].as_array().unwrap().len(), 1);
    assert_eq!(page["hubs"][0]["hub"], hub(2).to_string());
    assert_eq!(page["hubs"][0]["started"], NOW.secs() - 60);
    let first = world.json("/fleet/hubs?limit=1").await;
    let rest = world.json(&format!("/fleet/hubs?after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(rest["hubs"].as_array().unwrap().len(), 1);
    assert_eq!(rest.get("next"), None);
    let problem = world.json("/fleet/hubs?state=asleep").await;
    assert_eq!(problem["status"], 400);

    world.broker.kill();
    world.broker.restart().unwrap();
    let back = holding(3, "1.1.0", 0);
    world.known(&back, "a third is heard after the broker was away", |fleet| fleet["hubs"] == 3).await;

    world.clock.set(NOW.plus_millis(6 * 60_000));
    let fleet = world.json("/fleet").await;
    assert_eq!(fleet["states"]["silent"], 2);
    // Counted every fifteen seconds, at first when it starts.
    wait::until(LIMIT, "it is counted", async || {
        let page = world.text("/metrics").await;
        ["wattline_fleet_hubs{state=\"silent\"} 2", "wattline_fleet_waiting_containers 7"]
            .iter()
            .all(|line| page.contains(line))
            .then_some(())
    })
    .await;
    world.shutdown.cancel();
}
