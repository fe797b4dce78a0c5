use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use domain::trace::TraceContext;
use lapin::message::BasicGetMessage;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions,
    QueueDeleteOptions,
};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use rabbitmq::Config;
use testkit::servers::{RabbitMq, RabbitMqSetup, free_port};
use testkit::suites::transport::DeadLetter;

/// What the container image of the broker adds to its configuration.
const SHIPPED: &str = include_str!("../../../../deploy/config/rabbitmq.conf");

/// One broker for all cases of a test; each case has a vhost of its own.
pub(crate) struct Broker {
    pub(crate) server: RabbitMq,
    vhosts: AtomicU32,
    mqtt_port: u16,
}

impl Broker {
    pub(crate) async fn start() -> Arc<Self> {
        Self::with(RabbitMqSetup { config: vec![SHIPPED.to_owned()], ..RabbitMqSetup::default() }, 0).await
    }

    /// RabbitMQ 4, which speaks MQTT 5 too.
    pub(crate) async fn start_4() -> Arc<Self> {
        let mqtt_port = free_port();
        let setup = RabbitMqSetup { config: vec![SHIPPED.to_owned()], ..RabbitMqSetup::default() };
        // What asks for hubs is not there, and nobody needs it.
        Self::with(setup.and_mqtt(mqtt_port).unwrap(), mqtt_port).await
    }

    async fn with(setup: RabbitMqSetup, mqtt_port: u16) -> Arc<Self> {
        let server =
            tokio::task::spawn_blocking(move || RabbitMq::start_with(&setup)).await.unwrap().unwrap();
        Arc::new(Self { server, vhosts: AtomicU32::new(0), mqtt_port })
    }

    pub(crate) fn vhost(&self) -> Vhost {
        let name = format!("case-{}", self.vhosts.fetch_add(1, Ordering::Relaxed));
        Vhost { url: self.server.vhost(&name).unwrap(), name, mqtt_port: self.mqtt_port }
    }
}

#[derive(Clone)]
pub(crate) struct Vhost {
    pub(crate) name: String,
    pub(crate) url: String,
    mqtt_port: u16,
}

impl Vhost {
    pub(crate) fn config(&self) -> Config {
        Config {
            url: self.url.as_str().into(),
            queues: 2,
            prefetch: 5,
            delivery_limit: 100,
            confirm_timeout_millis: 10_000,
            ..Config::default()
        }
    }

    pub(crate) fn mqtt(&self) -> mqtt::Config {
        mqtt::Config {
            url: format!("mqtt://127.0.0.1:{}", self.mqtt_port),
            user: Some(format!("{}:guest", self.name)),
            password: Some("guest".into()),
            acknowledge_timeout_millis: 10_000,
            ..mqtt::Config::default()
        }
    }

    /// As an operator would look: takes them out of the queue.
    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let (connection, channel) = self.channel().await;
        let mut letters = Vec::new();
        while let Some(message) =
            channel.basic_get("telemetry.dead".into(), BasicGetOptions::default()).await.unwrap()
        {
            letters.push(letter(&message));
            message.delivery.acker.ack(BasicAckOptions::default()).await.unwrap();
        }
        connection.close(200, "OK".into()).await.unwrap();
        letters
    }
}

impl Vhost {
    async fn channel(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    pub(crate) async fn publish_as(&self, routing_key: &str, body: &[u8]) {
        let (connection, channel) = self.channel().await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        let properties = BasicProperties::default();
        let confirm =
            channel.basic_publish("telemetry".into(), routing_key.into(), options, body, properties).await;
        assert_eq!(confirm.unwrap().await.unwrap(), Confirmation::Ack(None));
        connection.close(200, "OK".into()).await.unwrap();
    }

    pub(crate) async fn dead_letter_keys(&self) -> Vec<String> {
        let (connection, channel) = self.channel().await;
        let mut keys = Vec::new();
        let options = BasicGetOptions { no_ack: true };
        while let Some(message) = channel.basic_get("telemetry.dead".into(), options).await.unwrap() {
            keys.push(message.delivery.routing_key.as_str().to_owned());
        }
        connection.close(200, "OK".into()).await.unwrap();
        keys
    }

    pub(crate) async fn delete_queue(&self, name: &str) {
        let (connection, channel) = self.channel().await;
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
        connection.close(200, "OK".into()).await.unwrap();
    }

    pub(crate) async fn delete_exchange(&self, name: &str) {
        let (connection, channel) = self.channel().await;
        channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await.unwrap();
        connection.close(200, "OK".into()).await.unwrap();
    }
}

fn letter(message: &BasicGetMessage) -> DeadLetter {
    let key = message.delivery.routing_key.as_str();
    let headers = message.delivery.properties.headers().clone().unwrap_or_default();
    let header = |name: &str| match headers.inner().get(name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        _ => String::new(),
    };
    if headers.contains_key("x-wattline-routing-key") {
        assert_eq!(header("x-wattline-routing-key"), key);
    }
    DeadLetter {
        hub: key.strip_prefix("hub.").and_then(|hub| hub.parse().ok()),
        body: Bytes::copy_from_slice(&message.delivery.data),
        reason: header("x-wattline-reason"),
        trace: TraceContext::parse(&header("traceparent")),
    }
}
