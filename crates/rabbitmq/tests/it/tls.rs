//! AMQPS, with the broker configured and its certificate made as documented.

use std::time::Duration;

use rabbitmq::{Config, declare_topology};
use testkit::certificates::Authority;
use testkit::servers::{RabbitMq, RabbitMqSetup};
use testkit::wait;

const LIMIT: Duration = Duration::from_secs(20);

struct World {
    authority: Authority,
    broker: RabbitMq,
    url: String,
}

fn start() -> World {
    let authority = Authority::new().unwrap();
    let (setup, url) = RabbitMqSetup::with_tls(&authority.issue("rabbitmq", &["127.0.0.1"]).unwrap());
    World { broker: RabbitMq::start_with(&setup).unwrap(), authority, url }
}

fn config(url: &str, authority: Option<&Authority>) -> Config {
    let ca = authority.map(|authority| std::fs::read_to_string(authority.ca()).unwrap());
    Config { url: url.into(), queues: 1, connect_timeout_millis: 5_000, ca, ..Config::default() }
}

async fn refusal(config: &Config) -> Option<String> {
    declare_topology(config).await.err().map(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_believed_by_its_authority_its_name_and_its_dates() {
    let World { authority, broker, url } = tokio::task::spawn_blocking(start).await.unwrap();
    // The port for TLS opens a moment after the one that is waited for.
    wait::until(LIMIT, "the broker answers over TLS", async || {
        declare_topology(&config(&url, Some(&authority))).await.ok()
    })
    .await;

    let stranger = Authority::new().unwrap();
    for (who, unknown) in [("nobody", None), ("another", Some(&stranger))] {
        let said = refusal(&config(&url, unknown)).await.unwrap();
        let expected = ["UnknownIssuer", "BadSignature"];
        assert!(expected.iter().any(|reason| said.contains(reason)), "{who}: {said}");
    }
    let other_name = url.replace("127.0.0.1", "localhost");
    let said = refusal(&config(&other_name, Some(&authority))).await.unwrap();
    assert!(said.contains("not valid for name"), "{said}");
    // Neither speaks the other's language.
    let plain_to_tls = url.replace("amqps://", "amqp://");
    assert!(refusal(&config(&plain_to_tls, Some(&authority))).await.is_some());
    let tls_to_plain = broker.url().replace("amqp://", "amqps://");
    assert!(refusal(&config(&tls_to_plain, Some(&authority))).await.is_some());

    // A renewed certificate is used when the broker is told to forget the old one.
    authority.issue_for(0, "rabbitmq", &["127.0.0.1"]).unwrap();
    let broker = tokio::task::spawn_blocking(move || {
        broker.ctl(&["eval", "ssl:clear_pem_cache()."]).unwrap();
        broker
    })
    .await
    .unwrap();
    let said = wait::until(LIMIT, "the expired certificate is refused", async || {
        refusal(&config(&url, Some(&authority))).await
    })
    .await;
    assert!(said.contains("expired"), "{said}");
    drop(broker);
}
