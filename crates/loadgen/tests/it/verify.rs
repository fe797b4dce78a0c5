use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::measurement::MeasurementStore;
use domain::{Container, Joules, SocketNumber, TickLength, UtcMillis};
use influxdb::{Api, Config, Writer};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use loadgen::ledger::{Entry, LedgerWriter, Outcome};
use loadgen::poison::Poison;
use loadgen::verify::{Question, Verdict, verify};
use loadgen::{Item, Kind, Population};
use tempfile::TempDir;
use testkit::servers::InfluxDb;

const HUBS: u32 = 20;
const TICKS: u32 = 30;

struct World {
    server: Arc<InfluxDb>,
    folder: TempDir,
}

/// One bucket, and a ledger of twenty hubs that sent thirty ticks each.
struct Case {
    config: Config,
    population: Population,
    ledger: PathBuf,
}

impl World {
    async fn start() -> Self {
        let server = tokio::task::spawn_blocking(InfluxDb::start).await.unwrap().unwrap();
        Self { server: Arc::new(server), folder: tempfile::tempdir().unwrap() }
    }

    async fn case(&self, name: &'static str) -> Case {
        let server = Arc::clone(&self.server);
        let bucket = tokio::task::spawn_blocking(move || server.database(name).unwrap()).await.unwrap();
        let population = Population {
            seed: 5,
            hubs: HUBS,
            sockets: 11,
            tick_length: TickLength::DEFAULT,
            start: UtcMillis(1_795_219_200_000),
        };
        let config = Config { url: self.server.url(), api: Api::V1, bucket, ..Config::default() };
        Case { config, population, ledger: self.folder.path().join(name) }
    }
}

impl Case {
    fn containers(&self) -> Vec<Container> {
        (0..TICKS)
            .flat_map(|tick| (0..HUBS).map(move |hub| (hub, tick)))
            .map(|(hub, tick)| self.population.container(hub, tick.into()))
            .collect()
    }

    fn write_ledger(&self, unknown: impl Fn(u32, u32) -> bool) {
        let mut ledger = LedgerWriter::create(&self.ledger, &self.population).unwrap();
        for tick in 0..TICKS {
            for hub in 0..HUBS {
                let item = Item { hub, number: tick, kind: Kind::Fresh };
                let outcome = if unknown(hub, tick) { Outcome::Unknown } else { Outcome::Confirmed };
                ledger.add(Entry { item, outcome }).unwrap();
            }
        }
        ledger.close().unwrap();
    }

    async fn store(&self, containers: &[Container]) {
        Writer::new(&self.config).unwrap().write_containers(containers).await.unwrap();
    }

    /// A line of somebody else's.
    async fn store_line(&self, line: String) {
        let url = format!("{}/write?db={}&precision=ms", self.config.url, self.config.bucket);
        let answer = reqwest::Client::new().post(url).body(line).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn verdict(&self) -> Verdict {
        let question = Question {
            ledger: self.ledger.clone(),
            influxdb: self.config.clone(),
            rabbitmq_url: None,
            wait: Duration::ZERO,
        };
        verify(&question).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_store_is_found_and_no_other() {
    let world = World::start().await;

    let case = world.case("whole").await;
    case.write_ledger(|_, _| false);
    case.store(&case.containers()).await;
    // The same again, as after a redelivery.
    case.store(&case.containers()[..100]).await;
    let verdict = case.verdict().await;
    assert!(verdict.ok, "{verdict:?}");
    assert_eq!((verdict.containers, verdict.ticks_expected, verdict.findings.ticks_stored), (600, 600, 600));

    let case = world.case("missing").await;
    case.write_ledger(|hub, tick| hub == 3 && tick > 27);
    let mut containers = case.containers();
    // Two that nobody vouched for, and two that were confirmed.
    containers.retain(|container| {
        let hub = case.population.index_of(container.hub).unwrap();
        !(hub == 3 && container.sequence > 28
            || hub == 7 && container.sequence == 1
            || hub == 9 && container.sequence == 15)
    });
    case.store(&containers).await;
    let verdict = case.verdict().await;
    assert_eq!((verdict.ticks_expected, verdict.findings.missing, verdict.ok), (598, 2, false));
    assert_eq!(verdict.findings.unexpected + verdict.findings.wrong + verdict.findings.duplicated, 0);

    let case = world.case("wrong").await;
    case.write_ledger(|_, _| false);
    let mut containers = case.containers();
    containers[5].ticks[0].energy.set(SocketNumber::new(3).unwrap(), Joules(123_456));
    case.store(&containers).await;
    let verdict = case.verdict().await;
    assert_eq!((verdict.findings.wrong, verdict.findings.missing, verdict.ok), (1, 0, false));

    let case = world.case("unexpected").await;
    case.write_ledger(|_, _| false);
    case.store(&case.containers()).await;
    // Poison that slipped through, and a tick that was never sent.
    for kind in [Poison::OtherHub, Poison::FarFuture] {
        let poison = wire::decode(&kind.body(&case.population, 4, 1)).unwrap();
        case.store(&[poison]).await;
    }
    case.store(&[case.population.container(2, i64::from(TICKS) + 5)]).await;
    let verdict = case.verdict().await;
    assert_eq!((verdict.findings.unexpected, verdict.findings.missing, verdict.ok), (3, 0, false));

    let case = world.case("duplicated").await;
    case.write_ledger(|_, _| false);
    case.store(&case.containers()).await;
    // The same point in another series, as a writer with tags of its own would store it.
    let (hub, at) = (case.population.hub(6), case.population.tick_start(4).0);
    case.store_line(format!("energy,hub={hub},node=b s0=1i,dt=10000i {at}")).await;
    let verdict = case.verdict().await;
    assert_eq!((verdict.findings.duplicated, verdict.findings.missing, verdict.ok), (1, 0, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_what_is_on_its_way() {
    let world = World::start().await;
    let case = world.case("late").await;
    case.write_ledger(|_, _| false);
    let containers = case.containers();
    case.store(&containers[..300]).await;
    let question = Question {
        ledger: case.ledger.clone(),
        influxdb: case.config.clone(),
        rabbitmq_url: None,
        wait: Duration::from_mins(1),
    };
    let (verdict, ()) = tokio::join!(verify(&question), case.store(&containers[300..]));
    assert!(verdict.unwrap().ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_that_is_not_among_the_dead_letters_is_an_error() {
    let (world, broker) = tokio::join!(World::start(), crate::broker());
    let case = world.case("poison").await;
    let mut ledger = LedgerWriter::create(&case.ledger, &case.population).unwrap();
    let item = Item { hub: 1, number: 0, kind: Kind::Poison };
    ledger.add(Entry { item, outcome: Outcome::Confirmed }).unwrap();
    ledger.close().unwrap();
    let broker_config = rabbitmq::Config { url: broker.url().into(), ..rabbitmq::Config::default() };
    rabbitmq::declare_topology(&broker_config).await.unwrap();
    let question = Question {
        ledger: case.ledger.clone(),
        influxdb: case.config.clone(),
        rabbitmq_url: Some(broker.url()),
        wait: Duration::ZERO,
    };
    let verdict = verify(&question).await.unwrap();
    assert_eq!((verdict.dead_letters, verdict.dead_expected, verdict.ok), (Some(0), 1, false));

    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    // More than one is at-least-once, and well.
    for _ in 0..2 {
        let options = BasicPublishOptions::default();
        let properties = BasicProperties::default();
        let confirm = channel
            .basic_publish("".into(), "telemetry.dead".into(), options, b"x", properties)
            .await
            .unwrap();
        assert_eq!(confirm.await.unwrap(), Confirmation::Ack(None));
        // The queue may count it a moment after its confirm.
        let question = Question { wait: Duration::from_secs(10), ..question.clone() };
        let verdict = verify(&question).await.unwrap();
        assert!(verdict.ok && verdict.dead_letters >= Some(1), "{verdict:?}");
    }
}
