//! Many who watch the same home, and what that costs the broker: a real one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock as _;
use domain::transport::ContainerPublisher as _;
use futures_util::future::join_all;
use read_service::{Deps, KeySource, TokenVerifier};
use reqwest::{Response, StatusCode};
use tempfile::TempDir;
use testkit::containers::{ContainerBuilder, hub};
use testkit::servers::RabbitMq;
use testkit::wait;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::server::{Server, always, household, utc};

const SOON: Duration = Duration::from_secs(20);
const VIEWERS: usize = 50;
/// Of the home.
const HUBS: usize = 2;

/// A read-service that hears of the present from the broker. The keys and the clock are those of the server.
struct Replica {
    url: String,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Replica {
    async fn start(server: &Server, broker: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let accounts = sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap();
        let keys = KeySource::new(server.keys.url.clone()).unwrap();
        let deps = Deps {
            metrics: service::Metrics::default(),
            query: Arc::new(server.store.clone()),
            rollups: Arc::new(server.store.clone()),
            registry: Arc::new(accounts),
            live: Arc::new(rabbitmq::Live::connect(config(broker)).unwrap()),
            clock: server.clock.clone(),
            tokens: Arc::new(TokenVerifier::new(keys, server.clock.clone())),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let run = read_service::run(deps, listener, stop.clone());
        tokio::spawn(async move { run.await.unwrap() });
        Self { url, stop, _folder: folder }
    }

    /// Everybody sees the home by now.
    async fn watched(&self, token: &str) -> Vec<Response> {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/v1/households/{}/live", self.url, household());
        let watch = || http.get(&url).bearer_auth(token).send();
        wait::until(SOON, "it is connected to the broker", async || {
            (watch().await.unwrap().status() == StatusCode::OK).then_some(())
        })
        .await;
        let all = join_all((0..VIEWERS).map(|_| watch())).await;
        let all: Vec<Response> = all.into_iter().map(Result::unwrap).collect();
        assert!(all.iter().all(|answer| answer.status() == StatusCode::OK));
        all
    }
}

fn config(url: &str) -> rabbitmq::Config {
    rabbitmq::Config { url: url.into(), ..rabbitmq::Config::default() }
}

/// How many bindings there are for what hubs measure, and how many for how they are, per queue of a live feed.
fn bindings(broker: &RabbitMq) -> BTreeMap<String, [usize; 2]> {
    let question = ["list_bindings", "source_name", "destination_name", "routing_key"];
    let mut queues: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for line in broker.ctl(&question).unwrap().lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [source, queue, key] = columns[..] else { continue };
        let place = match key.split_once('.') {
            Some((_, "*")) => continue,
            Some(("hub", _)) => 0,
            Some(("presence", _)) => 1,
            _ => continue,
        };
        if source == "telemetry" {
            queues.entry(queue.to_owned()).or_default()[place] += 1;
        }
    }
    queues
}

async fn sees_a_tick(mut viewer: Response) {
    let mut text = String::new();
    while !text.contains("event: tick") {
        let chunk = wait::within(SOON, "a tick comes", viewer.chunk()).await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_viewers_of_a_home_are_one_subscription_of_each_replica() {
    let broker = tokio::task::spawn_blocking(|| RabbitMq::start().unwrap()).await.unwrap();
    let url = broker.url();
    rabbitmq::declare_topology(&config(&url)).await.unwrap();
    let server = Server::start(utc("2026-11-21T12:00:00Z")).await;
    let token = server.token("UTC", &[always(hub(1)), always(hub(2))]);
    let replicas = [Replica::start(&server, &url).await, Replica::start(&server, &url).await];
    let mut viewers = Vec::new();
    for replica in &replicas {
        viewers.extend(replica.watched(&token).await);
    }
    assert_eq!(viewers.len(), replicas.len() * VIEWERS);
    let queues = bindings(&broker);
    assert_eq!(queues.len(), replicas.len(), "a queue of each: {queues:?}");
    assert!(queues.values().all(|counts| *counts == [HUBS, HUBS]), "{queues:?}");
    let consumers = broker.ctl(&["list_consumers", "queue_name"]).unwrap();
    for queue in queues.keys() {
        assert_eq!(consumers.lines().filter(|line| *line == queue.as_str()).count(), 1, "{consumers}");
    }

    let publisher = rabbitmq::Publisher::connect(config(&url)).unwrap();
    let begin = server.clock.now().plus_millis(-20_000);
    let container = ContainerBuilder::new(hub(1)).begin(begin).ticks(1).build();
    publisher.publish(container.hub, wire::encode(&container)).await.unwrap();
    join_all(viewers.into_iter().map(sees_a_tick)).await;
    wait::until(SOON, "nobody watches", async || bindings(&broker).is_empty().then_some(())).await;
    for replica in &replicas {
        replica.stop.cancel();
    }
}
