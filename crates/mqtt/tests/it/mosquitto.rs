use std::time::Duration;

use bytes::Bytes;
use domain::presence::Presence;
use domain::transport::{ContainerPublisher, PublishError};
use mqtt::{Config, Publisher};
use testkit::containers::hub;
use testkit::servers::Mosquitto;
use testkit::wait::until;
use tokio::task::{JoinHandle, spawn_blocking};

const LONG: Duration = Duration::from_secs(30);

fn config(broker: &Mosquitto) -> Config {
    Config { url: broker.url(), ..Config::default() }
}

async fn broker() -> Mosquitto {
    spawn_blocking(|| Mosquitto::start().unwrap()).await.unwrap()
}

/// The next message on this topic, in hexadecimal.
fn next_on(port: u16, topic: String) -> JoinHandle<String> {
    spawn_blocking(move || {
        let arguments = ["-C", "1", "-W", "30", "-F", "%x", "-t", &topic];
        Mosquitto::run_client("mosquitto_sub", port, &arguments).unwrap()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_refused_until_somebody_takes_it() {
    let broker = broker().await;
    let publisher = Publisher::connect(config(&broker), hub(1)).unwrap();
    let body = Bytes::from_static(b"\x00\xff anything");
    let refused = publisher.publish(hub(1), body.clone()).await;
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    let heard = next_on(broker.port(), format!("hub/{}", hub(1)));
    until(LONG, "it is taken", async || publisher.publish(hub(1), body.clone()).await.ok()).await;
    assert_eq!(heard.await.unwrap().trim(), "00ff20616e797468696e67");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_a_refused_log_in() {
    let broker = spawn_blocking(|| Mosquitto::start_with_login("hub", "right").unwrap()).await.unwrap();
    let mut right = config(&broker);
    right.log_in_as("hub", &"right".into());
    let publisher = Publisher::connect(right, hub(1)).unwrap();
    publisher.announce(&Presence::gone(hub(1))).await.unwrap();
    let mut wrong = config(&broker);
    wrong.log_in_as("hub", &"wrong".into());
    let publisher = Publisher::connect(wrong, hub(1)).unwrap();
    let refused = publisher.publish(hub(1), Bytes::from_static(b"1")).await;
    assert!(matches!(refused, Err(PublishError::LoginRefused)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_broker_it_is_said_again_how_the_hub_is() {
    let mut broker = broker().await;
    let port = broker.port();
    let publisher = Publisher::connect(config(&broker), hub(1)).unwrap();
    let here = Presence { online: true, ..Presence::gone(hub(1)) };
    publisher.announce(&here).await.unwrap();
    broker.kill();
    until(LONG, "it has noticed", async || publisher.announce(&here).await.err()).await;
    let _broker = spawn_blocking(move || {
        broker.restart().unwrap();
        broker
    })
    .await
    .unwrap();
    // Who listens early enough hears it of itself; who listens late has to ask for it.
    let heard = next_on(port, format!("presence/{}", hub(1)));
    until(LONG, "it is heard", async || {
        publisher.announce(&here).await.ok();
        heard.is_finished().then_some(())
    })
    .await;
    let expected = format!("{:x}", wire::encode_presence(&here));
    assert_eq!(heard.await.unwrap().trim(), expected);
}
