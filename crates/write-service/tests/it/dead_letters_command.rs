//! `write-service dead-letters` as a process, on the real RabbitMQ.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use bytes::Bytes;
use domain::transport::{ContainerPublisher, ContainerSource};
use rabbitmq::{Config, Publisher, Source};
use serde_json::Value;
use testkit::containers::{container, hub};
use testkit::servers::RabbitMq;
use testkit::wait::{until, within};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const LONG: Duration = Duration::from_mins(1);

struct Quarantine {
    broker: RabbitMq,
    config: Config,
    source: Source,
    publisher: Publisher,
}

impl Quarantine {
    async fn new() -> Self {
        let broker = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap().unwrap();
        let config = Config { url: broker.url().into(), queues: 1, ..Config::default() };
        rabbitmq::declare_topology(&config).await.unwrap();
        let source = Source::connect(config.clone()).unwrap();
        let publisher = Publisher::connect(config.clone()).unwrap();
        Self { broker, config, source, publisher }
    }

    /// What a hub publishes and a write-service refuses.
    async fn refuse(&self, from: u64, body: Bytes, reason: &str) {
        self.publisher.publish(hub(from), body).await.unwrap();
        let deliveries = within(LONG, "it is delivered", self.source.receive(1)).await.unwrap();
        self.source.dead_letter(&deliveries[0], reason).await.unwrap();
    }

    fn command(&self, line: &[&str]) -> Command {
        use secrecy::ExposeSecret as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_write-service"));
        command
            .arg("dead-letters")
            .args(line)
            .env_remove("WATTLINE_LOG")
            .env("WATTLINE__RABBITMQ__URL", self.config.url.expose_secret())
            .env("WATTLINE__RABBITMQ__QUEUES", "1")
            .env("WATTLINE__INFLUXDB__API", "v1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, line: &[&str]) -> Output {
        within(LONG, "it has ended", self.command(line).output()).await.unwrap()
    }

    async fn told(&self, line: &[&str]) -> String {
        let output = self.run(line).await;
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one sentence with which it fails.
    async fn refused(&self, line: &[&str]) -> String {
        let output = self.run(line).await;
        let sentence = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), sentence.lines().count()), (Some(1), 1), "{line:?}: {sentence}");
        sentence
    }

    async fn ids(&self, filter: &[&str]) -> Vec<String> {
        let line = [&["list", "--json", "--limit", "100000"], filter].concat();
        let output = self.run(&line).await;
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| field(line, "id")).collect()
    }

    async fn until_there_are(&self, count: usize) {
        until(LONG, "the letters are there", async || (self.ids(&[]).await.len() == count).then_some(()))
            .await;
    }

    fn start(&self, line: &[&str]) -> Child {
        self.command(line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }
}

fn field(line: &str, name: &str) -> String {
    serde_json::from_str::<Value>(line).unwrap()[name].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_looks_and_acts() {
    let quarantine = Quarantine::new().await;
    assert!(quarantine.refused(&["list"]).await.contains("is empty"));
    let good = wire::encode(&container(hub(1), 7));
    quarantine.refuse(1, good.clone(), "its last tick ends after our clock").await;
    quarantine.refuse(2, Bytes::from_static(b"\xffno container"), "not a protobuf container").await;
    quarantine.refuse(2, Bytes::from_static(b"\xffno container"), "not a protobuf container").await;
    quarantine.refuse(3, Bytes::from_static(b"\xffnone either"), "not a protobuf container").await;
    quarantine.until_there_are(4).await;
    let early = quarantine.ids(&["--reason", "OUR CLOCK"]).await.remove(0);
    let twice = quarantine.ids(&["--hub", &hub(2).to_string()]).await;
    assert_eq!((twice.len(), &twice[0]), (2, &twice[1]));

    let list = quarantine.told(&["list"]).await;
    assert!(list.contains(&early) && list.ends_with("4 letters shown, 4 in the quarantine.\n"), "{list}");
    let list = quarantine.told(&["list", "--limit", "1"]).await;
    assert!(list.lines().count() == 3 && list.ends_with("1 letter shown, 4 in the quarantine.\n"), "{list}");

    let shown = quarantine.told(&["show", &early]).await;
    assert!(shown.contains("It is container 7 of hub") && shown.contains("ends after our clock"), "{shown}");
    assert_eq!(quarantine.run(&["show", &early, "--raw"]).await.stdout, good);
    let shown: Value = serde_json::from_str(&quarantine.told(&["show", &twice[0], "--json"]).await).unwrap();
    assert_eq!((&shown["copies"], &shown["hub"]), (&2.into(), &hub(2).to_string().into()));

    assert!(quarantine.refused(&["show", "0123456789ab"]).await.contains("no letter has the id"));
    assert!(quarantine.refused(&["drop", "--all"]).await.contains("--yes"));
    assert!(
        quarantine.refused(&["drop", "--yes", "--reason", "no such"]).await.contains("none of 4 letters")
    );
    assert_eq!(quarantine.ids(&[]).await.len(), 4, "nothing was done so far");

    let done = quarantine.told(&["replay", &early]).await;
    assert!(
        done.starts_with(&format!("replayed {early}")) && done.ends_with("1 letter replayed.\n"),
        "{done}"
    );
    let again = within(LONG, "it comes again", quarantine.source.receive(1)).await.unwrap();
    assert_eq!((again[0].hub, &again[0].body), (Some(hub(1)), &good));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dropped.jsonl");
    let save = ["drop", &twice[0], "--save", file.to_str().unwrap()];
    assert!(quarantine.told(&save).await.ends_with("2 letters dropped.\n"));
    let saved = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        saved.lines().map(|line| field(line, "body")).collect::<Vec<_>>(),
        ["/25vIGNvbnRhaW5lcg=="; 2]
    );
    assert_eq!(field(saved.lines().next().unwrap(), "routing_key"), format!("hub.{}", hub(2)));

    // To standard output, where nothing else is then.
    let dropped = quarantine.run(&["drop", "--all", "--yes", "--save", "-"]).await;
    let (letters, told) =
        (String::from_utf8(dropped.stdout).unwrap(), String::from_utf8(dropped.stderr).unwrap());
    assert!(dropped.status.success() && told.ends_with("1 letter dropped.\n"), "{told}");
    assert_eq!(letters.lines().map(|line| field(line, "body")).collect::<Vec<_>>(), ["/25vbmUgZWl0aGVy"]);
    assert!(quarantine.refused(&["list"]).await.contains("is empty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_a_sentence() {
    let quarantine = Quarantine::new().await;
    let port = quarantine.broker.port();
    let failed = async |url: String| {
        let mut command = quarantine.command(&["list"]);
        let output = within(LONG, "it has ended", command.env("WATTLINE__RABBITMQ__URL", url).output()).await;
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, sentence) = failed(format!("amqp://guest:wrong@127.0.0.1:{port}/%2f")).await;
    assert_eq!((code, sentence.lines().count()), (Some(1), 1), "{sentence}");
    assert!(sentence.contains("does not let this user in"), "{sentence}");
    let (code, sentence) = failed("amqp://guest:guest@127.0.0.1:1/%2f".to_owned()).await;
    assert_eq!((code, sentence.lines().count()), (Some(1), 1), "{sentence}");
    assert!(sentence.contains("connecting"), "{sentence}");
    let (code, sentence) = failed("http://nowhere".to_owned()).await;
    assert!(code == Some(64) && sentence.contains("rabbitmq.url"), "{sentence}");
    let empty = quarantine.broker.vhost("empty").unwrap();
    let (code, sentence) = failed(empty).await;
    assert!(code == Some(1) && sentence.contains("no queue telemetry.dead"), "{sentence}");
}

const MANY: u32 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_killed_loses_nothing() {
    let quarantine = Quarantine::new().await;
    let reason = "x".repeat(1_000);
    for n in 0..MANY {
        quarantine.refuse(1, Bytes::from(format!("no container {n}")), &reason).await;
    }
    quarantine.until_there_are(MANY as usize).await;
    let all: BTreeSet<String> = quarantine.ids(&[]).await.into_iter().collect();
    assert_eq!(all.len(), MANY as usize);

    // Nobody reads on, so it stands in the middle when the pipe is full.
    let mut looking = quarantine.start(&["list", "--json", "--limit", "100000"]);
    under_way(&mut looking).await;
    looking.kill().await.unwrap();
    quarantine.until_there_are(MANY as usize).await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dropped.jsonl");
    let save = ["drop", "--all", "--yes", "--save", file.to_str().unwrap()];
    let mut dropping = quarantine.start(&save);
    under_way(&mut dropping).await;
    dropping.kill().await.unwrap();
    let left = until(LONG, "each one is saved or still there", async || {
        let left: BTreeSet<String> = quarantine.ids(&[]).await.into_iter().collect();
        (&left | &saved(&file)).is_superset(&all).then_some(left)
    })
    .await;
    assert!(left.len() < all.len(), "one was dropped at least");

    let mut replaying = quarantine.start(&["replay", "--all", "--yes"]);
    under_way(&mut replaying).await;
    replaying.kill().await.unwrap();
    let mut replayed = 0;
    until(LONG, "each one is published or still there", async || {
        while let Ok(deliveries) =
            tokio::time::timeout(Duration::from_millis(100), quarantine.source.receive(64)).await
        {
            let deliveries = deliveries.unwrap();
            replayed += deliveries.len();
            let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
            quarantine.source.accept(&receipts).await.unwrap();
        }
        // One may be in both places: confirmed, and the command dead before it could say so.
        let there = replayed + quarantine.ids(&[]).await.len();
        (there == left.len() || there == left.len() + 1).then_some(())
    })
    .await;
    assert!(replayed > 0);
}

/// Until it has said two things: by the second the broker knows of the first.
async fn under_way(child: &mut Child) {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    for _ in 0..2 {
        let line = within(LONG, "it is under way", lines.next_line()).await.unwrap();
        assert!(line.is_some(), "it ended without a word");
    }
}

fn saved(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    // The last line may be cut; its letter was not dropped.
    text.lines()
        .filter_map(|line| Some(serde_json::from_str::<Value>(line).ok()?["id"].as_str()?.to_owned()))
        .collect()
}
