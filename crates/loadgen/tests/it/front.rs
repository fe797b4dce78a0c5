//! Hubs and `deploy/haproxy/haproxy.cfg` in front of two brokers.

use std::time::Duration;

use domain::transport::ContainerPublisher;
use rabbitmq::declare_topology;
use testkit::certificates::{Authority, Issued};
use testkit::containers::{container, hub};
use testkit::servers::{Haproxy, RabbitMq, RabbitMqSetup, free_port};
use testkit::wait::until;

const DEPLOYED: &str = include_str!("../../../../deploy/haproxy/haproxy.cfg");
const LONG: Duration = Duration::from_secs(40);
const HUBS: u64 = 6;

struct Broker {
    server: RabbitMq,
    amqps: u16,
    mqtts: u16,
}

impl Broker {
    fn start(issued: &Issued) -> Self {
        let (setup, url) = RabbitMqSetup::with_tls(issued);
        let mqtts = free_port();
        let setup = setup.and_mqtt(free_port()).unwrap().and_mqtts(mqtts);
        let amqps = url.rsplit(':').next().unwrap().trim_end_matches("/%2f").parse().unwrap();
        Self { server: RabbitMq::start_with(&setup).unwrap(), amqps, mqtts }
    }
}

/// `HAProxy` as it is deployed, but for names, ports and users.
struct Front {
    _haproxy: Haproxy,
    amqps: u16,
    mqtts: u16,
    operations: u16,
}

impl Front {
    fn start(brokers: [&Broker; 2]) -> Self {
        let [amqps, mqtts, operations] = std::array::from_fn(|_| free_port());
        let mut config = DEPLOYED.to_owned();
        let mut put = |from: &str, to: &str| {
            assert!(config.contains(from), "{from} is not in the deployed file");
            config = config.replace(from, to);
        };
        for (number, broker) in (1..).zip(brokers) {
            put(&format!("broker-{number}.example:5671"), &format!("127.0.0.1:{}", broker.amqps));
            put(&format!("broker-{number}.example:8883"), &format!("127.0.0.1:{}", broker.mqtts));
        }
        put("bind :5671", &format!("bind 127.0.0.1:{amqps}"));
        put("bind :8883", &format!("bind 127.0.0.1:{mqtts}"));
        put("127.0.0.1:8405", &format!("127.0.0.1:{operations}"));
        put("maxconn 200000", "maxconn 1000");
        let ours = |line: &&str| {
            let word = line.trim_start();
            !["user ", "group ", "chroot ", "server broker-3 "].iter().any(|other| word.starts_with(other))
        };
        let config: Vec<&str> = config.lines().filter(ours).collect();
        let haproxy = Haproxy::start_with(&(config.join("\n") + "\n"), operations).unwrap();
        Self { _haproxy: haproxy, amqps, mqtts, operations }
    }

    /// Connections of each broker that is up, by what it says to operators.
    async fn shares(&self, backend: &str) -> Option<Vec<u64>> {
        let url = format!("http://127.0.0.1:{}/;csv", self.operations);
        let csv = reqwest::get(url).await.ok()?.text().await.ok()?;
        let names: Vec<&str> = csv.lines().next()?.trim_start_matches("# ").split(',').collect();
        let place = |name| names.iter().position(|one| *one == name);
        let (current, status) = (place("scur")?, place("status")?);
        let shares = csv.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter_map(|cells| {
            let is_server = cells.first() == Some(&backend) && cells.get(1)?.starts_with("broker-");
            (is_server && cells.get(status)?.starts_with("UP")).then(|| cells.get(current)?.parse().ok())?
        });
        Some(shares.collect())
    }
}

/// Three over AMQP, three over MQTT.
fn hubs(front: &Front, authority: &Authority) -> Vec<Box<dyn ContainerPublisher>> {
    let ca = std::fs::read_to_string(authority.ca()).unwrap();
    let publisher = |number: u64| -> Box<dyn ContainerPublisher> {
        if number.is_multiple_of(2) {
            let url = format!("amqps://guest:guest@127.0.0.1:{}/%2f", front.amqps);
            let config =
                rabbitmq::Config { url: url.into(), ca: Some(ca.clone()), ..rabbitmq::Config::default() };
            return Box::new(rabbitmq::Publisher::connect(config).unwrap());
        }
        let config = mqtt::Config {
            url: format!("mqtts://127.0.0.1:{}", front.mqtts),
            user: Some("guest".to_owned()),
            password: Some("guest".into()),
            ca: Some(ca.clone()),
            ..mqtt::Config::default()
        };
        Box::new(mqtt::Publisher::connect(config, hub(number)).unwrap())
    };
    (0..HUBS).map(publisher).collect()
}

/// As the agent: again until it is confirmed.
async fn publish(hubs: &[Box<dyn ContainerPublisher>], sequence: u64) {
    for (number, publisher) in (0..).zip(hubs) {
        let body = wire::encode(&container(hub(number), sequence));
        until(LONG, "a hub's container is confirmed", async || {
            publisher.publish(hub(number), body.clone()).await.ok()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hubs_go_through_the_front_and_on_to_the_other_broker_when_theirs_dies() {
    let authority = Authority::new().unwrap();
    let issued = authority.issue("rabbitmq", &["127.0.0.1"]).unwrap();
    let start = || {
        let issued = issued.clone();
        tokio::task::spawn_blocking(move || Broker::start(&issued))
    };
    let (first, second) = tokio::join!(start(), start());
    let (mut first, second) = (first.unwrap(), second.unwrap());
    for broker in [&first, &second] {
        let config = rabbitmq::Config { url: broker.server.url().into(), ..rabbitmq::Config::default() };
        declare_topology(&config).await.unwrap();
    }
    let front = Front::start([&first, &second]);
    let shares = async |backend: &str, wanted: &[u64]| {
        until(LONG, &format!("{backend} has the shares {wanted:?}"), async || {
            front.shares(backend).await.filter(|shares| shares == wanted)
        })
        .await;
    };
    for backend in ["brokers-amqps", "brokers-mqtts"] {
        shares(backend, &[0, 0]).await;
    }

    let hubs = hubs(&front, &authority);
    publish(&hubs, 1).await;
    for backend in ["brokers-amqps", "brokers-mqtts"] {
        // A first try that was too slow is among them until it is closed.
        until(LONG, &format!("{backend} shares its hubs out"), async || {
            front.shares(backend).await.filter(|shares| *shares == [1, 2] || *shares == [2, 1])
        })
        .await;
    }
    let metrics = reqwest::get(format!("http://127.0.0.1:{}/metrics", front.operations)).await.unwrap();
    assert!(metrics.text().await.unwrap().contains("haproxy_backend_current_sessions"));

    let first = tokio::task::spawn_blocking(move || {
        first.server.kill();
        first
    })
    .await
    .unwrap();
    publish(&hubs, 2).await;
    for backend in ["brokers-amqps", "brokers-mqtts"] {
        shares(backend, &[3]).await;
    }

    // Back again it is found, and whoever is connected stays where he is.
    let first = tokio::task::spawn_blocking(move || {
        let mut first = first;
        first.server.restart().unwrap();
        first
    })
    .await
    .unwrap();
    for backend in ["brokers-amqps", "brokers-mqtts"] {
        shares(backend, &[0, 3]).await;
    }
    publish(&hubs, 3).await;
    tokio::task::spawn_blocking(move || drop((first, second))).await.unwrap();
}
