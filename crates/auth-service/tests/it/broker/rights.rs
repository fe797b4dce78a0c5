//! What a hub may do, and what not.

use std::pin::Pin;

use lapin::options::{
    BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ExchangeBindOptions, ExchangeDeclareOptions,
    ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, ExchangeKind};

use super::stage::{Stage, confirming, connect, publish};

type Attempt = fn(Channel, String) -> Pin<Box<dyn Future<Output = lapin::Result<()>> + Send>>;

macro_rules! attempts {
    ($($what:literal: |$channel:ident, $own:ident| $body:expr;)*) => {
        [$(($what, (|$channel: Channel, $own: String| Box::pin(async move { $body.await.map(drop) })) as Attempt)),*]
    };
}

fn none() -> FieldTable {
    FieldTable::default()
}

/// All but the first two are refused.
fn attempts() -> Vec<(&'static str, Attempt)> {
    attempts! {
        "publish under its own key": |channel, own| publish(&channel, "telemetry", &own);
        "say how it is": |channel, own| publish(&channel, "telemetry", &own.replace("hub.", "presence."));
        "say how another is": |channel, _own| publish(&channel, "telemetry", "presence.0197a3c2-0000-7000-8000-00000000000f");
        "publish under another key": |channel, _own| publish(&channel, "telemetry", "hub.0197a3c2-0000-7000-8000-00000000000f");
        "publish under a key below its own": |channel, own| publish(&channel, "telemetry", &format!("{own}.more"));
        "publish under a pattern": |channel, _own| publish(&channel, "telemetry", "hub.*");
        "publish to another topic exchange": |channel, own| publish(&channel, "amq.topic", &own);
        "publish to a fanout exchange": |channel, own| publish(&channel, "amq.fanout", &own);
        "publish to a queue": |channel, _own| publish(&channel, "", "telemetry.0");
        "consume": |channel, _own|
            channel.basic_consume("telemetry.0".into(), "".into(), BasicConsumeOptions::default(), none());
        "get": |channel, _own| channel.basic_get("telemetry.0".into(), BasicGetOptions::default());
        "purge": |channel, _own| channel.queue_purge("telemetry.0".into(), QueuePurgeOptions::default());
        "delete a queue": |channel, _own| channel.queue_delete("telemetry.0".into(), QueueDeleteOptions::default());
        "declare a queue": |channel, _own|
            channel.queue_declare("mine".into(), QueueDeclareOptions::default(), none());
        "declare a queue that the broker names": |channel, _own| {
            let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
            channel.queue_declare("".into(), options, none())
        };
        "declare an exchange": |channel, _own| channel.exchange_declare(
            "mine".into(), ExchangeKind::Fanout, ExchangeDeclareOptions::default(), none());
        "delete an exchange": |channel, _own|
            channel.exchange_delete("telemetry".into(), ExchangeDeleteOptions::default());
        "bind a queue": |channel, _own| channel.queue_bind(
            "telemetry.0".into(), "amq.topic".into(), "#".into(), QueueBindOptions::default(), none());
        "unbind a queue": |channel, _own|
            channel.queue_unbind("telemetry.0".into(), "telemetry".into(), "hub.*".into(), none());
        "bind an exchange": |channel, _own| channel.exchange_bind(
            "amq.topic".into(), "telemetry".into(), "#".into(), ExchangeBindOptions::default(), none());
    }
    .to_vec()
}

pub(super) async fn a_hub_publishes_under_its_own_key_and_does_nothing_else(stage: &Stage) {
    let hub = stage.hub().await;
    let connection = stage.log_in(&hub).await.unwrap();
    let own = format!("hub.{}", hub.id);
    let mut allowed = Vec::new();
    for (what, attempt) in attempts() {
        let outcome = attempt(confirming(&connection).await, own.clone()).await;
        match outcome {
            Ok(()) => allowed.push(what),
            Err(error) => assert!(error.to_string().contains("ACCESS_REFUSED"), "{what}: {error}"),
        }
    }
    assert_eq!(allowed, ["publish under its own key", "say how it is"]);
    assert!(connection.status().connected(), "only channels were closed");
    connection.close(200, "OK".into()).await.unwrap();
}

/// What RabbitMQ asks nobody about: a container may be routed by other keys too, but it still says whose it is; and how
/// long a queue is can be seen.
pub(super) async fn what_the_broker_does_not_ask_about_does_no_harm(stage: &Stage) {
    let hub = stage.hub().await;
    let connection = stage.log_in(&hub).await.unwrap();
    let (channel, own) = (confirming(&connection).await, format!("hub.{}", hub.id));
    let guest = connect(&stage.rabbitmq.url()).await.unwrap();
    let services = confirming(&guest).await;
    services.queue_purge("telemetry.0".into(), QueuePurgeOptions::default()).await.unwrap();
    let mut headers = none();
    let copies = vec![AMQPValue::LongString("hub.0197a3c2-0000-7000-8000-00000000000f".into())];
    headers.insert("CC".into(), AMQPValue::FieldArray(copies.into()));
    let properties = BasicProperties::default().with_headers(headers);
    let (exchange, key, options) = ("telemetry".into(), own.clone().into(), BasicPublishOptions::default());
    channel.basic_publish(exchange, key, options, b"container", properties).await.unwrap().await.unwrap();
    let got =
        services.basic_get("telemetry.0".into(), BasicGetOptions { no_ack: true }).await.unwrap().unwrap();
    assert_eq!(got.delivery.routing_key.as_str(), own);
    let looking = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    channel.queue_declare("telemetry.0".into(), looking, none()).await.unwrap();
    connection.close(200, "OK".into()).await.unwrap();
}

pub(super) async fn only_the_right_secret_under_the_right_name_logs_in(stage: &Stage) {
    let (hub, other) = (stage.hub().await, stage.hub().await);
    let id = hub.id.to_string();
    stage.rabbitmq.ctl(&["add_vhost", "other"]).unwrap();
    for (what, user, secret, vhost) in [
        ("another hub's secret", id.as_str(), other.secret.as_str(), "%2f"),
        ("no secret", &id, "", "%2f"),
        ("the name in capitals", &id.to_uppercase(), &hub.secret, "%2f"),
        ("an unknown hub", "0197a3c2-0000-7000-8000-00000000000f", &hub.secret, "%2f"),
        ("a service's name", "guest", &hub.secret, "%2f"),
        ("another vhost", &id, &hub.secret, "other"),
    ] {
        let refused = stage.log_in_as(user, secret, vhost).await;
        assert!(refused.is_err(), "{what}");
    }
    let url = format!("{}/api/overview", stage.management);
    let management = reqwest::Client::new().get(url).basic_auth(&id, Some(&hub.secret)).send().await.unwrap();
    assert_eq!(management.status(), 401, "the management is not for hubs");
    stage.log_in(&hub).await.unwrap().close(200, "OK".into()).await.unwrap();
}
