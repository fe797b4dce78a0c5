//! From a publisher's hands to a reader's eyes, through the real RabbitMQ and InfluxDB.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::measurement::MeasurementQuery;
use domain::transport::ContainerPublisher;
use domain::{Container, TimeRange, UtcMillis};
use lapin::options::BasicGetOptions;
use testkit::FakeClock;
use testkit::containers::{RECORDED_DAY, container, hub};
use testkit::servers::{InfluxDb, RabbitMq};
use testkit::wait;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use write_service::{BatchConfig, Deps, DoorConfig, Prepared};

const HUBS: u64 = 5;
const CONTAINERS: u64 = 40;
const PATIENCE: Duration = Duration::from_mins(1);

async fn servers() -> (RabbitMq, InfluxDb) {
    let rabbitmq = tokio::task::spawn_blocking(RabbitMq::start);
    let influxdb = tokio::task::spawn_blocking(InfluxDb::start);
    (rabbitmq.await.unwrap().unwrap(), influxdb.await.unwrap().unwrap())
}

struct Service {
    url: String,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn start(rabbitmq: &rabbitmq::Config, influxdb: &influxdb::Config) -> Service {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let database = influxdb.clone();
    let deps = Deps {
        metrics: service::Metrics::default(),
        source: Arc::new(rabbitmq::Source::connect(rabbitmq.clone()).unwrap()),
        store: Arc::new(Prepared::new(influxdb::Writer::new(influxdb).unwrap(), move || {
            let database = database.clone();
            async move { influxdb::prepare(&database).await }
        })),
        stale: Arc::new(influxdb::Rollups::new(influxdb).unwrap()),
        batch: BatchConfig::default(),
        door: DoorConfig::default(),
        clock: Arc::new(FakeClock::at(RECORDED_DAY.plus_millis(86_400_000))),
        stored: None,
    };
    let shutdown = CancellationToken::new();
    let until = shutdown.clone();
    let task = tokio::spawn(async move { write_service::run(deps, listener, until).await.unwrap() });
    Service { url, shutdown, task }
}

impl Service {
    async fn until_ready_answers(&self, status: u16) {
        let url = format!("{}/health/ready", self.url);
        wait::until(PATIENCE, &format!("/health/ready answers {status}"), async || {
            let answer = reqwest::get(&url).await.unwrap();
            (answer.status().as_u16() == status).then_some(())
        })
        .await;
    }

    async fn stop(self) {
        self.shutdown.cancel();
        wait::within(Duration::from_secs(15), "the service has stopped", self.task).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_a_dead_letter_and_all_else_is_stored_to_the_joule() {
    let (rabbitmq, mut influxdb) = servers().await;
    let rabbitmq_config = rabbitmq::Config { url: rabbitmq.url().into(), ..rabbitmq::Config::default() };
    let influxdb_config = influxdb::Config {
        url: influxdb.url(),
        api: influxdb::Api::V1,
        bucket: "end-to-end".to_owned(),
        ..influxdb::Config::default()
    };
    let service = start(&rabbitmq_config, &influxdb_config).await;
    service.until_ready_answers(200).await;

    let publisher = rabbitmq::Publisher::connect(rabbitmq_config.clone()).unwrap();
    let sent: Vec<Container> =
        (1..=HUBS).flat_map(|n| (1..=CONTAINERS).map(move |sequence| container(hub(n), sequence))).collect();
    for (index, container) in sent.iter().enumerate() {
        if index == 17 {
            publisher.publish(container.hub, Bytes::from_static(b"\xffno container")).await.unwrap();
        }
        publisher.publish(container.hub, wire::encode(container)).await.unwrap();
    }

    let reader = influxdb::Reader::new(&influxdb_config).unwrap();
    let all = TimeRange::new(UtcMillis(0), UtcMillis(4_000_000_000_000));
    for hub in (1..=HUBS).map(hub) {
        let expected: Vec<_> = sent
            .iter()
            .filter(|container| container.hub == hub)
            .flat_map(|container| &container.ticks)
            .map(|tick| (tick.start, tick.energy.clone()))
            .collect();
        wait::until(PATIENCE, "the hub is stored", async || {
            let found = reader.ticks(hub, all).await.unwrap();
            (found.len() == expected.len()).then(|| {
                let found: Vec<_> = found.into_iter().map(|tick| (tick.start, tick.energy)).collect();
                assert_eq!(found, expected);
            })
        })
        .await;
    }
    a_dead_letter_says_why(&rabbitmq).await;

    influxdb = tokio::task::spawn_blocking(move || {
        influxdb.kill();
        influxdb
    })
    .await
    .unwrap();
    service.until_ready_answers(503).await;
    let late = container(hub(1), CONTAINERS + 1);
    publisher.publish(late.hub, wire::encode(&late)).await.unwrap();
    let _influxdb = tokio::task::spawn_blocking(move || {
        influxdb.restart().unwrap();
        influxdb
    })
    .await
    .unwrap();
    service.until_ready_answers(200).await;
    wait::until(PATIENCE, "what came during the outage is stored", async || {
        let found = reader.ticks(hub(1), all).await.unwrap();
        (found.len() as u64 == (CONTAINERS + 1) * 3).then_some(())
    })
    .await;
    service.stop().await;
}

async fn a_dead_letter_says_why(rabbitmq: &RabbitMq) {
    let connection =
        lapin::Connection::connect(&rabbitmq.url(), lapin::ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let take =
        async || channel.basic_get("telemetry.dead".into(), BasicGetOptions { no_ack: true }).await.unwrap();
    let letter = wait::until(PATIENCE, "the dead letter is there", take).await;
    assert_eq!(letter.delivery.data, b"\xffno container");
    let headers = letter.delivery.properties.headers().clone().unwrap();
    let reason = headers.inner().get("x-wattline-reason").unwrap();
    let reason = reason.as_long_string().unwrap().to_string();
    assert!(reason.starts_with("not a protobuf container"), "{reason}");
    assert!(take().await.is_none(), "one dead letter and no more");
}

/// A database that is missing must never cost a good container.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_starts_before_its_servers_creates_the_database_when_they_come() {
    let (rabbitmq, mut influxdb) = servers().await;
    let rabbitmq_config = rabbitmq::Config { url: rabbitmq.url().into(), ..rabbitmq::Config::default() };
    let influxdb_config = influxdb::Config {
        url: influxdb.url(),
        api: influxdb::Api::V1,
        bucket: "not-there-yet".to_owned(),
        ..influxdb::Config::default()
    };
    influxdb = tokio::task::spawn_blocking(move || {
        influxdb.kill();
        influxdb
    })
    .await
    .unwrap();
    let service = start(&rabbitmq_config, &influxdb_config).await;
    service.until_ready_answers(503).await;
    rabbitmq::declare_topology(&rabbitmq_config).await.unwrap();
    let publisher = rabbitmq::Publisher::connect(rabbitmq_config).unwrap();
    let early = container(hub(1), 1);
    publisher.publish(early.hub, wire::encode(&early)).await.unwrap();

    let _influxdb = tokio::task::spawn_blocking(move || {
        influxdb.restart().unwrap();
        influxdb
    })
    .await
    .unwrap();
    let reader = influxdb::Reader::new(&influxdb_config).unwrap();
    let all = TimeRange::new(UtcMillis(0), UtcMillis(4_000_000_000_000));
    wait::until(PATIENCE, "it is stored", async || {
        // Until the database is there, the answer is an error.
        let found = reader.ticks(early.hub, all).await.unwrap_or_default();
        (found.len() == early.ticks.len()).then_some(())
    })
    .await;
    service.until_ready_answers(200).await;
    service.stop().await;
}
