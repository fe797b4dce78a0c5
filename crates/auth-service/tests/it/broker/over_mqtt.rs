//! What a hub may do over MQTT, and what not.

use std::time::Duration;

use domain::HubId;
use domain::presence::Presence;
use domain::transport::{ContainerPublisher, PublishError};
use lapin::options::{BasicGetOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use mqtt::{Config, Publisher};
use testkit::servers::Mosquitto;
use testkit::wait;

use super::stage::{Hub, Stage, confirming, connect};

const MINUTE: Duration = Duration::from_mins(1);

fn config(stage: &Stage, user: &str, secret: &str) -> Config {
    let mut config = Config { url: format!("mqtt://127.0.0.1:{}", stage.mqtt_port), ..Config::default() };
    config.log_in_as(user, &secret.into());
    config
}

fn publisher(stage: &Stage, hub: &Hub) -> Publisher {
    Publisher::connect(config(stage, &hub.id.to_string(), &hub.secret), hub.id).unwrap()
}

async fn publish(publisher: &Publisher, hub: HubId) -> Result<(), PublishError> {
    publisher.publish(hub, b"container".as_slice().into()).await
}

pub(super) async fn a_hub_publishes_under_its_own_topics_and_does_nothing_else(stage: &Stage) {
    let (hub, other) = (stage.hub().await, stage.hub().await);
    let own = publisher(stage, &hub);
    publish(&own, hub.id).await.unwrap();
    let foreign = publish(&own, other.id).await;
    assert!(foreign.is_err(), "{foreign:?}");
    wait::until(MINUTE, "it comes back and publishes its own", async || publish(&own, hub.id).await.ok())
        .await;
    let (port, id, secret) = (stage.mqtt_port, hub.id.to_string(), hub.secret.clone());
    drop(own);
    let client = move |program: &str, arguments: &[&str]| {
        let login = ["-i", &id, "-u", &id, "-P", &secret];
        Mosquitto::run_client(program, port, &[&login, arguments].concat())
    };
    let (own, foreign) = (hub.id.to_string(), other.id.to_string());
    let refusals = tokio::task::spawn_blocking(move || {
        for topic in ["#", "hub/#", &format!("hub/{own}"), &format!("hub/{foreign}"), "presence/#"] {
            let heard = client("mosquitto_sub", &["-C", "1", "-W", "20", "-t", topic]);
            // It ends at once when it is refused. Were it not, it would wait, and end with an error.
            assert!(heard.as_ref().is_ok_and(String::is_empty), "{topic}: {heard:?}");
        }
        let topics = [
            format!("hub/{foreign}"),
            format!("hub/{own}/more"),
            format!("presence/{foreign}"),
            "mine".to_owned(),
        ];
        for topic in topics {
            // Its warning is on standard error; what counts is what arrives.
            client("mosquitto_pub", &["-q", "1", "-t", &topic, "-m", "container"]).ok();
        }
    });
    refusals.await.unwrap();
    let amqp = connect(&stage.rabbitmq.url()).await.unwrap();
    let services = confirming(&amqp).await;
    while let Some(message) =
        services.basic_get("telemetry.0".into(), BasicGetOptions { no_ack: true }).await.unwrap()
    {
        let key = message.delivery.routing_key.as_str().to_owned();
        assert_ne!(key, format!("hub.{}", other.id), "nobody else has published for it");
    }
    amqp.close(200, "OK".into()).await.unwrap();
}

pub(super) async fn nobody_is_told_of_by_a_strangers_will(stage: &Stage) {
    let (hub, other) = (stage.hub().await, stage.hub().await);
    let amqp = connect(&stage.rabbitmq.url()).await.unwrap();
    let services = confirming(&amqp).await;
    let queue = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    services.queue_declare("told".into(), queue, FieldTable::default()).await.unwrap();
    let bind = QueueBindOptions::default();
    let everything = "presence.#".into();
    services
        .queue_bind("told".into(), "telemetry".into(), everything, bind, FieldTable::default())
        .await
        .unwrap();
    // Logs in as itself, and would leave a word about another.
    let stranger = Publisher::connect(config(stage, &hub.id.to_string(), &hub.secret), other.id).unwrap();
    publish(&stranger, hub.id).await.ok();
    drop(stranger);
    let mine = publisher(stage, &hub);
    publish(&mine, hub.id).await.unwrap();
    drop(mine);
    let told = wait::until(MINUTE, "the hub's own will is told", async || {
        let got = services.basic_get("told".into(), BasicGetOptions { no_ack: true }).await.unwrap();
        got.map(|message| message.delivery)
    })
    .await;
    assert_eq!(told.routing_key.as_str(), format!("presence.{}", hub.id));
    amqp.close(200, "OK".into()).await.unwrap();
}

pub(super) async fn only_the_right_secret_under_the_right_name_logs_in(stage: &Stage) {
    let (hub, other) = (stage.hub().await, stage.hub().await);
    let id = hub.id.to_string();
    for (what, user, secret) in [
        ("another hub's secret", id.as_str(), other.secret.as_str()),
        ("no secret", &id, ""),
        ("the name in capitals", &id.to_uppercase(), &hub.secret),
        ("another vhost", &format!("other:{id}"), &hub.secret),
    ] {
        let publisher = Publisher::connect(config(stage, user, secret), hub.id).unwrap();
        // The broker takes its time with a refusal, and before it there is no connection.
        wait::until(MINUTE, what, async || {
            let refused = publish(&publisher, hub.id).await;
            assert!(refused.is_err(), "{what}");
            matches!(refused, Err(PublishError::LoginRefused)).then_some(())
        })
        .await;
    }
    publish(&publisher(stage, &hub), hub.id).await.unwrap();
}

pub(super) async fn a_released_hub_is_thrown_out_and_stays_out(stage: &Stage) {
    let hub = stage.hub().await;
    let publisher = publisher(stage, &hub);
    publish(&publisher, hub.id).await.unwrap();
    publisher.announce(&Presence::gone(hub.id)).await.unwrap();
    stage.release(&hub).await;
    // It comes back by itself, again and again.
    wait::until(MINUTE, "no log-in works any more", async || {
        matches!(publish(&publisher, hub.id).await, Err(PublishError::LoginRefused)).then_some(())
    })
    .await;
}
