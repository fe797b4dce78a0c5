//! A real RabbitMQ that asks us, configured as it is deployed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use auth_service::BrokerConfig;
use auth_service::broker::Broker;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::hubs::Enrolment;
use domain::{Clock, HouseholdId, HubId};
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use service::clock::SystemClock;
use service::tls::TlsConfig;
use sha2::{Digest, Sha256};
use testkit::certificates::Issued;
use testkit::servers::{RabbitMq, RabbitMqSetup, free_port};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::server::Server;

/// Of the broker's cache; short, so that nobody waits long.
pub(super) const TTL: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Stage {
    pub(super) rabbitmq: RabbitMq,
    pub(super) server: Server,
    pub(super) home: HouseholdId,
    pub(super) management: String,
    pub(super) mqtt_port: u16,
    config: BrokerConfig,
    /// What our listener shows.
    tls: TlsConfig,
    desk: Option<(JoinHandle<()>, CancellationToken)>,
}

/// A hub of the household.
#[derive(Clone)]
pub(super) struct Hub {
    pub(super) id: HubId,
    pub(super) secret: String,
}

impl Stage {
    pub(super) async fn set() -> Self {
        Self::set_with(None, None).await
    }

    /// With RabbitMQ 4, to which hubs come over MQTT too.
    pub(super) async fn set_with_mqtt() -> Self {
        Self::set_with(Some(free_port()), None).await
    }

    /// RabbitMQ asks over TLS, and believes who has issued this only.
    pub(super) async fn set_with_tls(issued: &Issued) -> Self {
        Self::set_with(None, Some(issued)).await
    }

    async fn set_with(mqtt_port: Option<u16>, issued: Option<&Issued>) -> Self {
        let server = Server::with_sqlite().await;
        let home = server.settle("ada@example.org", false).await;
        let desk = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (mut setup, management) = RabbitMqSetup::with_hubs(desk, TTL);
        if let Some(port) = mqtt_port {
            setup = setup.and_mqtt(port).unwrap();
        }
        if let Some(issued) = issued {
            setup = setup.asking_over_tls(&issued.ca).unwrap();
        }
        let config = BrokerConfig {
            listen: Some(desk),
            management_url: Some(management.clone()),
            management_user: "guest".to_owned(),
            management_password: "guest".into(),
            cache_ttl_seconds: 4,
            ..BrokerConfig::default()
        };
        let rabbitmq = tokio::task::spawn_blocking(move || RabbitMq::start_with(&setup).unwrap());
        let rabbitmq = rabbitmq.await.unwrap();
        let mut stage = Self {
            rabbitmq,
            server,
            home,
            management,
            mqtt_port: mqtt_port.unwrap_or_default(),
            config,
            tls: issued.map(shown).unwrap_or_default(),
            desk: None,
        };
        stage.answer().await;
        stage.declare().await;
        stage
    }

    /// The next time RabbitMQ is answered with this.
    pub(super) fn show(&mut self, issued: &Issued) {
        self.tls = shown(issued);
    }

    /// RabbitMQ is answered from now on.
    pub(super) async fn answer(&mut self) {
        let credentials = Arc::clone(&self.server.hub_credentials);
        let broker =
            Broker::bind(self.config.clone(), &self.tls, credentials, Arc::new(SystemClock)).await.unwrap();
        let stop = CancellationToken::new();
        let (metrics, until) = (service::Metrics::default(), stop.clone());
        let run = async move { broker.run(&metrics, until).await };
        self.desk = Some((tokio::spawn(async move { run.await.unwrap() }), stop));
    }

    pub(super) const fn is_answering(&self) -> bool {
        self.desk.is_some()
    }

    /// From now on nobody is there.
    pub(super) async fn fall_silent(&mut self) {
        let (task, stop) = self.desk.take().unwrap();
        stop.cancel();
        testkit::wait::within(PATIENCE, "the broker's listener ends", task).await.unwrap();
    }

    async fn declare(&self) {
        let connection = connect(&self.rabbitmq.url()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let none = FieldTable::default();
        let (exchange, queue) = (ExchangeDeclareOptions::default(), QueueDeclareOptions::default());
        channel
            .exchange_declare("telemetry".into(), ExchangeKind::Topic, exchange, none.clone())
            .await
            .unwrap();
        channel.queue_declare("telemetry.0".into(), queue, none.clone()).await.unwrap();
        let bind = QueueBindOptions::default();
        channel
            .queue_bind("telemetry.0".into(), "telemetry".into(), "hub.*".into(), bind, none)
            .await
            .unwrap();
        connection.close(200, "OK".into()).await.unwrap();
    }

    pub(super) async fn hub(&self) -> Hub {
        self.hubs(1).await.remove(0)
    }

    pub(super) async fn hubs(&self, count: usize) -> Vec<Hub> {
        let hub = |_| {
            let secret = format!("wlh_{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
            Hub { id: HubId::from_uuid(Uuid::new_v4()), secret }
        };
        let hubs: Vec<Hub> = (0..count).map(hub).collect();
        let enrolment = |hub: &Hub| {
            let secret_hash = Sha256::digest(&hub.secret).into();
            Enrolment { hub: hub.id, serial: None, secret_hash, name: "Hub".to_owned() }
        };
        let list: Vec<Enrolment> = hubs.iter().map(enrolment).collect();
        let faults = self.server.hub_credentials.enrol(self.home, &list, self.server.now()).await.unwrap();
        assert_eq!(faults, []);
        hubs
    }

    /// As an owner does it.
    pub(super) async fn release(&self, hub: &Hub) {
        self.server.clock.set(SystemClock.now());
        let ada = self.server.secret_of("ada@example.org").await;
        let path = format!("/v1/households/{}/hubs/{}", self.home, hub.id);
        assert_eq!(self.server.delete(&path, &ada).await.status, 204);
    }

    pub(super) async fn log_in(&self, hub: &Hub) -> lapin::Result<Connection> {
        self.log_in_as(&hub.id.to_string(), &hub.secret, "%2f").await
    }

    pub(super) async fn log_in_as(&self, user: &str, secret: &str, vhost: &str) -> lapin::Result<Connection> {
        connect(&self.url_of(user, secret, vhost)).await
    }

    pub(super) fn url_of(&self, user: &str, secret: &str, vhost: &str) -> String {
        format!("amqp://{user}:{secret}@127.0.0.1:{}/{vhost}", self.rabbitmq.port())
    }
}

fn shown(issued: &Issued) -> TlsConfig {
    let (certificate, key) = (Some(issued.certificate.clone()), Some(issued.key.clone()));
    TlsConfig { certificate, key, ..TlsConfig::default() }
}

pub(super) async fn connect(url: &str) -> lapin::Result<Connection> {
    let connecting = Connection::connect(url, ConnectionProperties::default());
    testkit::wait::within(PATIENCE, "the broker answers a log-in", connecting).await
}

pub(super) async fn confirming(connection: &Connection) -> Channel {
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    channel
}

/// Until it is confirmed.
pub(super) async fn publish(channel: &Channel, exchange: &str, key: &str) -> lapin::Result<()> {
    let options = BasicPublishOptions::default();
    let properties = BasicProperties::default();
    let publishing = async {
        let confirm =
            channel.basic_publish(exchange.into(), key.into(), options, b"container", properties).await?;
        confirm.await.map(drop)
    };
    testkit::wait::within(PATIENCE, "the broker answers a message", publishing).await
}
