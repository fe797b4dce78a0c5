//! What RabbitMQ hears, word by word.

use std::sync::Arc;
use std::time::Instant;

use auth_service::BrokerConfig;
use auth_service::broker::Broker;
use domain::HubId;
use domain::hubs::{Enrolment, HubCredentials};
use futures_util::{StreamExt, future, stream};
use reqwest::StatusCode;
use service::clock::SystemClock;
use service::tls::TlsConfig;
use sha2::{Digest, Sha256};
use testkit::servers::free_port;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::server::{HUB, Server, hub};

const SECRET: &str = "wlh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Desk {
    url: String,
    http: reqwest::Client,
    _stop: DropGuard,
}

impl Desk {
    async fn of(credentials: Arc<dyn HubCredentials>) -> Self {
        let listen = Some("127.0.0.1:0".parse().unwrap());
        let config = BrokerConfig { listen, ..BrokerConfig::default() };
        let broker =
            Broker::bind(config, &TlsConfig::default(), credentials, Arc::new(SystemClock)).await.unwrap();
        let url = format!("http://{}/broker", broker.address().unwrap());
        let stop = CancellationToken::new();
        let until = stop.clone();
        tokio::spawn(async move { broker.run(&service::Metrics::default(), until).await });
        Self { url, http: reqwest::Client::new(), _stop: stop.drop_guard() }
    }

    async fn ask(&self, about: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
        let body: Vec<String> = form.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
        let request = self.http.post(format!("{}/{about}", self.url)).body(body.join("&"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.unwrap();
        if answer.status() == StatusCode::OK {
            assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        }
        (answer.status(), answer.text().await.unwrap())
    }
}

/// As RabbitMQ does.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

fn allow() -> (StatusCode, String) {
    (StatusCode::OK, "allow".to_owned())
}

fn deny() -> (StatusCode, String) {
    (StatusCode::OK, "deny".to_owned())
}

#[tokio::test]
async fn one_word_is_the_answer_and_what_is_not_understood_is_denied() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", false).await;
    let secret_hash = Sha256::digest(SECRET).into();
    let enrolment = Enrolment { hub: hub(), serial: None, secret_hash, name: "Hub".to_owned() };
    server.hub_credentials.enrol(home, &[enrolment], server.now()).await.unwrap();
    let desk = Desk::of(Arc::clone(&server.hub_credentials)).await;

    let key = format!("hub.{HUB}");
    let exchange = [("username", HUB), ("vhost", "/"), ("resource", "exchange"), ("name", "telemetry")];
    let topic = [("username", HUB), ("vhost", "/"), ("resource", "topic"), ("name", "telemetry")];
    let write = [("permission", "write"), ("tags", "")];
    let with = |some: &[(&'static str, &'static str)]| [some, &write].concat();
    assert_eq!(desk.ask("user", &[("username", HUB), ("password", SECRET)]).await, allow());
    let address = [("username", HUB), ("vhost", "/"), ("ip", "::ffff:10.0.0.7"), ("tags", "")];
    assert_eq!(desk.ask("vhost", &address).await, allow());
    assert_eq!(desk.ask("resource", &with(&exchange)).await, allow());
    let mut publish: Vec<(&str, &str)> = with(&topic);
    publish.extend([
        ("routing_key", key.as_str()),
        ("variable_map.username", HUB),
        ("variable_map.vhost", "/"),
    ]);
    assert_eq!(desk.ask("topic", &publish).await, allow());

    let long = "x".repeat(9 * 1_024);
    for (about, form) in [
        ("user", vec![("username", HUB), ("password", "wlh_wrong")]),
        ("user", vec![("username", HUB)]),
        ("user", vec![("username", HUB), ("password", SECRET), ("padding", &long)]),
        ("user", vec![]),
        ("vhost", vec![("username", "guest"), ("vhost", "/")]),
        ("vhost", vec![("username", HUB), ("vhost", "other")]),
        ("resource", topic.to_vec()),
        ("topic", with(&topic)),
    ] {
        assert_eq!(desk.ask(about, &form).await, deny(), "{about} {form:?}");
    }
    assert_eq!(desk.http.get(format!("{}/user", desk.url)).send().await.unwrap().status(), 405);

    server
        .accounts
        .release_hub(home, hub(), server.person("ada@example.org").await, server.now().plus_millis(1))
        .await
        .unwrap();
    assert_eq!(desk.ask("user", &[("username", HUB), ("password", SECRET)]).await, deny());
    assert_eq!(desk.ask("topic", &publish).await, deny());
    server.stop().await;
}

#[tokio::test]
async fn without_the_accounts_nothing_is_allowed_and_nothing_is_denied_for_good() {
    let url = format!("postgres://postgres@127.0.0.1:{}/accounts", free_port());
    let away = postgres::Accounts::connect(&postgres::Config::new(url.into())).unwrap();
    let desk = Desk::of(Arc::new(away)).await;
    let (status, body) = desk.ask("user", &[("username", HUB), ("password", SECRET)]).await;
    assert_eq!((status, body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    // Who is no hub is not looked up.
    assert_eq!(desk.ask("user", &[("username", "guest"), ("password", "guest")]).await, deny());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_answered_as_fast_as_one_index_can_be_looked_up() {
    let (server, questions) = (Server::with_sqlite().await, 4_000);
    let home = server.settle("ada@example.org", false).await;
    let enrolment = |number: u8| {
        let hub = HubId::from_bytes([number; 16]);
        Enrolment { hub, serial: None, secret_hash: [number; 32], name: "Hub".to_owned() }
    };
    let list: Vec<Enrolment> = (1..=200).map(enrolment).collect();
    server.hub_credentials.enrol(home, &list, server.now()).await.unwrap();
    let desk = Desk::of(Arc::clone(&server.hub_credentials)).await;
    let began = Instant::now();
    let answers = stream::iter(0..questions).map(|number| {
        let (desk, user) = (&desk, list[number % list.len()].hub.to_string());
        async move { desk.ask("vhost", &[("username", &user), ("vhost", "/")]).await }
    });
    let allowed =
        answers.buffer_unordered(64).filter(|answer| future::ready(*answer == allow())).count().await;
    assert_eq!(allowed, questions);
    println!("{questions} questions in {:.1} s", began.elapsed().as_secs_f64());
    server.stop().await;
}
