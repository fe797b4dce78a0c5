use std::time::Duration;

use bytes::Bytes;
use domain::transport::ContainerPublisher;
use lapin::message::BasicGetMessage;
use lapin::options::BasicGetOptions;
use lapin::{Connection, ConnectionProperties};
use loadgen::scenario::Settings;
use testkit::wait::until;

use crate::{broker, plan, publish};

/// Whatever waits in any of the queues.
async fn take(url: &str) -> BasicGetMessage {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    until(Duration::from_secs(10), "a message is there", async || {
        for shard in 0..4 {
            let queue = format!("telemetry.{shard}");
            let options = BasicGetOptions { no_ack: true };
            if let Some(message) = channel.basic_get(queue.as_str().into(), options).await.unwrap() {
                return Some(message);
            }
        }
        None
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_swarm_is_like_one_of_a_hub() {
    let broker = broker().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { hubs: Some(1), containers: Some(1), ..Settings::default() };
    let plan = plan(&broker.url(), &folder.path().join("ledger"), settings);
    publish(&plan).await;
    let ours = take(&broker.url()).await.delivery;

    let config = rabbitmq::Config { url: broker.url().into(), ..rabbitmq::Config::default() };
    let publisher = rabbitmq::Publisher::connect(config).unwrap();
    let body = Bytes::copy_from_slice(&ours.data);
    publisher.publish(plan.population.hub(0), body.clone()).await.unwrap();
    let theirs = take(&broker.url()).await.delivery;

    assert_eq!(ours.properties, theirs.properties);
    assert_eq!((ours.exchange, ours.routing_key), (theirs.exchange, theirs.routing_key));
    assert_eq!(body, plan.population.body(0, 0));
}
