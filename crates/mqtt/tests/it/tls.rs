//! MQTTS, with a certificate made as documented.

use domain::presence::Presence;
use domain::transport::{ContainerPublisher, PublishError};
use mqtt::{Config, Publisher};
use testkit::certificates::Authority;
use testkit::containers::hub;
use testkit::servers::Mosquitto;
use tokio::task::spawn_blocking;

async fn outcome(url: &str, authority: Option<&Authority>) -> Result<(), PublishError> {
    let ca = authority.map(|authority| std::fs::read_to_string(authority.ca()).unwrap());
    let config = Config { url: url.to_owned(), ca, ..Config::default() };
    Publisher::connect(config, hub(1)).unwrap().announce(&Presence::gone(hub(1))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_believed_by_its_authority_and_its_name() {
    let start = || {
        let authority = Authority::new().unwrap();
        let broker = Mosquitto::start_with_tls(&authority.issue("broker", &["127.0.0.1"]).unwrap()).unwrap();
        (authority, broker)
    };
    let (authority, broker) = spawn_blocking(start).await.unwrap();
    let url = format!("mqtts://127.0.0.1:{}", broker.port());
    outcome(&url, Some(&authority)).await.unwrap();

    let stranger = spawn_blocking(|| Authority::new().unwrap()).await.unwrap();
    for (who, unknown) in [("nobody", None), ("another", Some(&stranger))] {
        let said = outcome(&url, unknown).await.unwrap_err().to_string();
        let expected = ["UnknownIssuer", "BadSignature"];
        assert!(expected.iter().any(|reason| said.contains(reason)), "{who}: {said}");
    }
    let other_name = url.replace("127.0.0.1", "localhost");
    let said = outcome(&other_name, Some(&authority)).await.unwrap_err().to_string();
    assert!(said.contains("not valid for name"), "{said}");
    // Neither speaks the other's language.
    assert!(outcome(&url.replace("mqtts://", "mqtt://"), Some(&authority)).await.is_err());
}
