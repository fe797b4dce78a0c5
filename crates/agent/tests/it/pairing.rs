//! The whole way of a hub, as its owner goes it: a code, a household, containers at the broker, and the end.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use auth_service::broker::Broker;
use auth_service::{
    BrokerConfig, Deps, PeopleConfig, SealingKey, SessionsConfig, SigningKeys, Stores, provision,
};
use domain::Clock;
use serde_json::{Value, json};
use service::clock::SystemClock;
use service::tls::TlsConfig;
use testkit::servers::{RabbitMq, RabbitMqSetup, free_port};
use testkit::wait;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use crate::restart::traces;

const LIMIT: Duration = Duration::from_mins(1);
/// Of the broker's cache.
const TTL: Duration = Duration::from_secs(2);

/// The auth-service and the broker that asks it; a person who owns an empty home.
struct World {
    url: String,
    broker: RabbitMq,
    household: String,
    session: String,
    http: reqwest::Client,
    _stop: tokio_util::sync::DropGuard,
}

impl World {
    async fn start(folder: &Path) -> Self {
        let desk = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (setup, management) = RabbitMqSetup::with_hubs(desk, TTL);
        let broker = tokio::task::spawn_blocking(move || RabbitMq::start_with(&setup).unwrap());
        let stores: Stores =
            Arc::new(sqlite::Accounts::open(folder.join("accounts.db")).await.unwrap()).into();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let home = serde_json::from_value(json!({
            "person": { "email": "ada@example.org", "name": "Ada", "password": "correct horse" },
            "household": { "name": "Home", "zone": "Europe/Berlin" },
        }));
        let household = provision(&*stores.accounts, &*clock, &home.unwrap()).await.unwrap().household;
        let config = BrokerConfig {
            listen: Some(desk),
            management_url: Some(management),
            management_user: "guest".to_owned(),
            management_password: "guest".into(),
            cache_ttl_seconds: 2,
            ..BrokerConfig::default()
        };
        let answers = Broker::bind(
            config,
            &TlsConfig::default(),
            Arc::clone(&stores.hub_credentials),
            Arc::clone(&clock),
        )
        .await
        .unwrap();
        let signing_keys = SigningKeys::open(&folder.join("key.pem"), clock.now()).unwrap();
        let sealing_key = SealingKey::open(&folder.join("second-factor.key")).unwrap();
        let (sessions, people) = (SessionsConfig::default(), PeopleConfig::default());
        let deps = Deps {
            stores,
            clock,
            metrics: service::Metrics::default(),
            signing_keys,
            sealing_key,
            sessions,
            people,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(auth_service::run(deps, listener, stop.clone()));
        let until = stop.clone();
        tokio::spawn(async move { answers.run(&service::Metrics::default(), until).await });

        let http = reqwest::Client::new();
        let login = json!({ "email": "ada@example.org", "password": "correct horse" });
        let session = http.post(format!("{url}/v1/sessions")).json(&login).send().await.unwrap();
        let session: Value = session.json().await.unwrap();
        let broker = broker.await.unwrap();
        let config = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
        rabbitmq::declare_topology(&config).await.unwrap();
        let session = session["secret"].as_str().unwrap().to_owned();
        let household = household.to_string();
        Self { url, broker, household, session, http, _stop: stop.drop_guard() }
    }

    /// A command of the agent whose broker has no credentials in its URL.
    fn agent(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
        command
            .args(arguments)
            .env_clear()
            .env("WATTLINE__AGENT__SPOOL__PATH", folder.join("spool.db"))
            .env("WATTLINE__RABBITMQ__URL", format!("amqp://127.0.0.1:{}/%2f", self.broker.port()))
            .env("WATTLINE__RABBITMQ__QUEUES", "1")
            .env("WATTLINE__PAIRING__AUTH_URL", &self.url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn of_traces(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = self.agent(folder, arguments);
        command.env("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", folder.join("traces"));
        command
    }

    /// The owner enters what the hub shows; gives the hub's id.
    async fn enter(&self, code: &str) -> String {
        let entry = json!({ "code": code, "name": "Cellar" });
        let path = format!("{}/v1/households/{}/pairings", self.url, self.household);
        let answer = self.http.post(path).bearer_auth(&self.session).json(&entry).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let hub: Value = answer.json().await.unwrap();
        hub["id"].as_str().unwrap().to_owned()
    }

    async fn release(&self, hub: &str) {
        let path = format!("{}/v1/households/{}/hubs/{hub}", self.url, self.household);
        let answer = self.http.delete(path).bearer_auth(&self.session).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
}

async fn done(command: &mut Command) -> (String, String) {
    let output = wait::within(LIMIT, "it ends", command.output()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    (stdout, stderr)
}

/// A hub that shows a code, and the code.
async fn shows(command: &mut Command) -> (Child, Lines<BufReader<ChildStdout>>, String) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reading = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            let text: String = line.chars().filter(char::is_ascii_alphanumeric).collect();
            if line.contains('║') && text.len() == 8 {
                return text;
            }
        }
    };
    let code = wait::within(LIMIT, "the hub shows a code", reading).await;
    (child, lines, code)
}

async fn rest(mut child: Child, mut lines: Lines<BufReader<ChildStdout>>) -> String {
    let reading = async {
        let mut text = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            text.push_str(&line);
        }
        assert!(child.wait().await.unwrap().success(), "{text}");
        text
    };
    wait::within(LIMIT, "the hub has done", reading).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_is_paired_publishes_is_released_and_keeps_what_it_measures() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    traces(&folder.join("traces"));
    let world = World::start(folder).await;

    // Ctrl-C ends it, and the next one goes on.
    let (child, lines, _) = shows(&mut world.of_traces(folder, &["pair"])).await;
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    assert!(rest(child, lines).await.contains("Nothing is lost"));
    let (child, lines, code) = shows(&mut world.of_traces(folder, &["pair"])).await;
    let hub = world.enter(&code).await;
    assert!(rest(child, lines).await.contains("This hub is paired."));
    let secret = std::fs::read_to_string(folder.join("spool.db.secret")).unwrap();
    let (stdout, _) = done(&mut world.of_traces(folder, &["pair"])).await;
    assert!(stdout.contains("paired already"), "{stdout}");
    assert_eq!(std::fs::read_to_string(folder.join("spool.db.secret")).unwrap(), secret);

    // It ends when the broker has confirmed all there is.
    let (_, stderr) = done(&mut world.of_traces(folder, &[])).await;
    assert!(!stderr.contains(secret.trim()));
    let (stdout, _) = done(&mut world.of_traces(folder, &["spool", "status"])).await;
    assert!(stdout.contains(&hub) && stdout.contains("0 containers"), "{stdout}");
    wait::until(LIMIT, "the broker counts what arrived", async || {
        let queues = world.broker.ctl(&["list_queues", "name", "messages"]).unwrap();
        let arrived = queues.lines().find_map(|line| line.strip_prefix("telemetry.0\t")).unwrap();
        (arrived.trim() != "0").then_some(())
    })
    .await;

    // New credentials: the old ones are worth nothing.
    let (child, lines, code) = shows(&mut world.of_traces(folder, &["pair", "--force"])).await;
    assert_eq!(world.enter(&code).await, hub);
    rest(child, lines).await;
    assert_ne!(std::fs::read_to_string(folder.join("spool.db.secret")).unwrap(), secret);

    world.release(&hub).await;
    wait::until(LIMIT, "the broker's cache has forgotten the hub", async || {
        let url = format!("amqp://{hub}:{}@127.0.0.1:{}/%2f", secret.trim(), world.broker.port());
        let config = rabbitmq::Config { url: url.into(), queues: 1, ..rabbitmq::Config::default() };
        let refused = rabbitmq::declare_topology(&config).await;
        matches!(refused, Err(rabbitmq::Error::LoginRefused)).then_some(())
    })
    .await;
    let mut command = world.agent(folder, &[]);
    let mut child = command.env("WATTLINE__AGENT__SENSOR__SIMULATED__HISTORY_HOURS", "1").spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if line.contains("the broker refuses this hub") {
                return line;
            }
        }
    };
    let told = wait::within(LIMIT, "the agent tells of it", told).await;
    assert!(told.contains("agent pair") && told.contains("wait in the spool"), "{told}");
    child.kill().await.unwrap();
    let (stdout, _) = done(&mut world.of_traces(folder, &["spool", "status"])).await;
    assert!(!stdout.contains(" 0 containers"), "{stdout}");
    assert!(!world.broker.log().contains("wlh_"));
}
