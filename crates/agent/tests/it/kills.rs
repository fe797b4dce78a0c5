use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::transport::ContainerSource;
use domain::{Joules, SocketNumber, TickEnergy, UtcMillis};
use testkit::servers::RabbitMq;
use testkit::wait;
use tokio::process::Command;

use crate::restart::{traces, undisturbed};
use crate::support::Collector;

const KILLS: u32 = 500;
/// On a busy machine more are needed, until enough of them have interrupted something.
const MOST_KILLS: u32 = 2_000;
/// In so many lives something must have been measured, so that there was something to lose.
const FRUITFUL: u32 = 50;
const LIMIT: Duration = Duration::from_mins(2);
/// Nobody listens on the discard port.
const NOBODY: &str = "amqp://127.0.0.1:9";

type Values = BTreeMap<(SocketNumber, UtcMillis), Joules>;

fn values(ticks: impl IntoIterator<Item = TickEnergy>) -> Values {
    let mut values = Values::new();
    for tick in ticks {
        for (socket, joules) in tick.energy.iter() {
            assert_eq!(values.insert((socket, tick.start), joules), None, "one value, two containers");
        }
    }
    values
}

/// The story takes a second for an hour, so that there is something to interrupt in every life.
fn agent(folder: &Path, url: &str, speed: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command
        .env_clear()
        .env("WATTLINE__AGENT__SPOOL__PATH", folder.join("spool.db"))
        .env("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", folder.join("traces"))
        .env("WATTLINE__AGENT__SENSOR__REPLAY__SPEED", speed)
        .env("WATTLINE__RABBITMQ__URL", url)
        .env("WATTLINE__RABBITMQ__QUEUES", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Containers that the broker has.
async fn delivered(config: &rabbitmq::Config) -> u32 {
    rabbitmq::depths(config).await.unwrap().iter().map(|depth| depth.ready).sum()
}

#[tokio::test]
async fn five_hundred_kills_while_spooling_lose_nothing_and_send_nothing_under_another_identity() {
    let folder = tempfile::tempdir().unwrap();
    traces(&folder.path().join("traces"));
    let expected = values(undisturbed(&folder.path().join("traces")).await);
    let broker = RabbitMq::start().unwrap();
    let config = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
    rabbitmq::declare_topology(&config).await.unwrap();

    let (mut measured, mut fruitful, mut kills) = (0, 0, 0);
    // A life lasts at most so long. It is sought so that about every second one measures something, however busy the machine.
    let mut longest = Duration::from_millis(90);
    while kills < KILLS || fruitful < FRUITFUL || delivered(&config).await == 0 {
        assert!(
            kills < MOST_KILLS,
            "of {kills} lives only {fruitful} measured something, or none delivered it"
        );
        // Now and then there is somebody to take what waits, and time to do so.
        let is_online = kills % 10 == 9;
        let (url, most) = if is_online { (broker.url(), longest * 4) } else { (NOBODY.to_owned(), longest) };
        let mut child = agent(folder.path(), &url, "1500").spawn().unwrap();
        // From before it has opened the spool to when it has spooled for a while.
        let life = Duration::from_millis(5) + most.mul_f64(rand::random());
        match tokio::time::timeout(life, child.wait()).await {
            Ok(ended) => {
                assert!(ended.unwrap().success() && kills > 100, "it ended by itself after {kills} kills");
            }
            Err(_) => child.kill().await.unwrap(),
        }
        kills += 1;
        // A torn spool may have to be mended first, which the next life does.
        let Ok(seen) = agent::spool::report(&folder.path().join("spool.db")).await else { continue };
        let until = seen.measured_until.map_or(0, UtcMillis::secs);
        assert!(until >= measured, "the measurement never goes back");
        let is_fruitful = until > measured;
        fruitful += u32::from(is_fruitful);
        longest = longest.mul_f64(if is_fruitful { 0.97 } else { 1.03 }).min(Duration::from_secs(1));
        measured = until;
    }
    let ended = wait::within(LIMIT, "it ends", agent(folder.path(), &broker.url(), "max").status()).await;
    assert!(ended.unwrap().success());

    let source = rabbitmq::Source::connect(config).unwrap();
    let arrived = Collector::new();
    let receiving = async {
        while arrived.values() < expected.len() {
            let deliveries = source.receive(1_000).await.unwrap();
            let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
            arrived.arrived.lock().unwrap().extend(deliveries.into_iter().map(|delivery| delivery.body));
            source.accept(&receipts).await.unwrap();
        }
    };
    wait::within(LIMIT, "every value arrives", receiving).await;
    // Containers that came twice are the same, as are all values.
    assert_eq!(values(arrived.ticks()), expected);
}
