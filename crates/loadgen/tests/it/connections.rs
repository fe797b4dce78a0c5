//! A connection per hub, over everything that hubs speak.

use std::time::Duration;

use loadgen::connections::StageName::{Idle, Opened, Published, Settled};
use loadgen::connections::{ConnectionsSummary, Plan, StageName, run};
use rabbitmq::declare_topology;
use service::clock::SystemClock;
use testkit::certificates::Authority;
use testkit::servers::{RabbitMq, RabbitMqSetup, free_port};
use testkit::wait::until;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(30);

struct World {
    authority: Authority,
    broker: RabbitMq,
    amqps: String,
    mqtt: u16,
    mqtts: u16,
}

/// RabbitMQ 4, which speaks all of it.
fn start() -> World {
    let authority = Authority::new().unwrap();
    let (setup, amqps) = RabbitMqSetup::with_tls(&authority.issue("rabbitmq", &["127.0.0.1"]).unwrap());
    let (mqtt, mqtts) = (free_port(), free_port());
    let broker = RabbitMq::start_with(&setup.and_mqtt(mqtt).unwrap().and_mqtts(mqtts)).unwrap();
    World { authority, broker, amqps, mqtt, mqtts }
}

async fn connect(url: &str, authority: &Authority) -> (ConnectionsSummary, Vec<(StageName, u64)>) {
    let plan = Plan {
        url: url.to_owned(),
        ca: Some(authority.ca()),
        steps: vec![5, 20],
        at_once: 8,
        settle: Duration::ZERO,
        // Some keep-alives are said, and a machine that is busy for a moment loses none of them.
        idle: Duration::from_secs(5),
        publish: Duration::from_secs(2),
        every: Duration::from_secs(1),
        keep_alive_secs: Some(4),
        source_addresses: 3,
        sockets: 30,
    };
    let mut stages = Vec::new();
    let mut told = |stage: &loadgen::connections::Stage| stages.push((stage.stage, stage.connections));
    let summary = run(&plan, &SystemClock, CancellationToken::new(), &mut told).await.unwrap();
    (summary, stages)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_per_connection_is_silent_and_then_publishes_and_nothing_is_lost() {
    let world = tokio::task::spawn_blocking(start).await.unwrap();
    let World { authority, broker, amqps, mqtt, mqtts } = &world;
    let config = rabbitmq::Config { url: broker.url().into(), ..rabbitmq::Config::default() };
    declare_topology(&config).await.unwrap();
    // The other ports open a moment after the one that is waited for.
    until(LONG, "the broker listens for MQTT", async || TcpStream::connect(("127.0.0.1", *mqtts)).await.ok())
        .await;
    let over_mqtt = |scheme: &str, port: &u16| format!("{scheme}://guest:guest@127.0.0.1:{port}");
    for url in [broker.url(), amqps.clone(), over_mqtt("mqtt", mqtt), over_mqtt("mqtts", mqtts)] {
        let (summary, stages) = connect(&url, authority).await;
        assert!(summary.is_whole(), "{url}: {summary}");
        assert_eq!((summary.opened, summary.published, summary.confirmed), (20, 40, 40), "{url}");
        let expected =
            [(Opened, 5), (Settled, 5), (Idle, 5), (Opened, 20), (Settled, 20), (Idle, 20), (Published, 20)];
        assert_eq!(stages, expected, "{url}");
    }

    let (strangers, _) = connect(&amqps.replace("guest:guest", "guest:wrong"), authority).await;
    assert_eq!((strangers.opened, strangers.failed), (0, 20), "{strangers}");
    assert!(strangers.trouble.unwrap().contains("ACCESS_REFUSED"));
    let (strangers, _) = connect(amqps, &Authority::new().unwrap()).await;
    assert_eq!((strangers.opened, strangers.failed), (0, 20), "{strangers}");
    tokio::task::spawn_blocking(move || drop(world)).await.unwrap();
}
