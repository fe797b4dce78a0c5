//! The load generator against a real broker and a real store.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod command_line;
mod connections;
mod front;
mod like_a_hub;
mod swarm;
mod verify;

use std::path::Path;

use domain::Clock;
use loadgen::SwarmSummary;
use loadgen::scenario::Settings;
use loadgen::swarm::{Plan, run};
use service::clock::SystemClock;
use testkit::servers::RabbitMq;
use tokio_util::sync::CancellationToken;

async fn broker() -> RabbitMq {
    tokio::task::spawn_blocking(RabbitMq::start).await.unwrap().unwrap()
}

/// A small swarm that is told only what differs.
fn plan(url: &str, ledger: &Path, settings: Settings) -> Plan {
    let ours = Settings {
        rabbitmq_url: Some(url.to_owned()),
        hubs: settings.hubs.or(Some(50)),
        values: Some(11),
        ledger: Some(ledger.to_owned()),
        ..settings
    };
    ours.plan(SystemClock.now()).unwrap()
}

async fn publish(plan: &Plan) -> SwarmSummary {
    run(plan, &SystemClock, CancellationToken::new(), None).await.unwrap()
}
