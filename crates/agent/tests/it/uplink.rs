use std::sync::Arc;
use std::time::Duration;

use agent::Deps;
use agent::config::SensorConfig;
use agent::spool::{Identity, Spool};
use agent::status::{Status, UplinkState};
use domain::sensor::Observation;
use domain::{HubId, Milliwatts, SocketNumber, UtcMillis};
use testkit::wait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::support::{Collector, Scripted, config};

fn power(second: i64, watts: i64) -> Observation {
    let (socket, at) = (SocketNumber::new(0).unwrap(), UtcMillis::from_secs(second));
    Observation::Power { socket, at, power: Milliwatts::from_watts(watts) }
}

async fn start(
    folder: &std::path::Path,
    publisher: Arc<Collector>,
) -> (mpsc::Sender<Vec<Observation>>, Arc<Status>, CancellationToken, tokio::task::JoinHandle<()>) {
    let (tell, told) = mpsc::channel(10);
    let config = agent::Config { sensor: SensorConfig::default(), ..config(folder) };
    let identity = Identity { configured: None, fresh: HubId::from_bytes([1; 16]), now: UtcMillis(0) };
    let spool = Spool::open(&config.spool, identity).await.unwrap();
    let status = Arc::new(Status::default());
    let shutdown = CancellationToken::new();
    let deps = Deps {
        config,
        spool,
        sensor: Box::new(Scripted(told)),
        publisher,
        status: status.clone(),
        changing: None,
    };
    let token = shutdown.clone();
    let running = tokio::spawn(async move { agent::run(deps, token).await.unwrap() });
    (tell, status, shutdown, running)
}

#[tokio::test]
async fn a_live_tick_leaves_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Collector::new();
    let (tell, status, shutdown, running) = start(folder.path(), publisher.clone()).await;
    for n in 1..=3u64 {
        let second = 1_000 + n.cast_signed() * 10;
        tell.send(vec![power(second - 10, 50), Observation::Until(UtcMillis::from_secs(second))])
            .await
            .unwrap();
        wait::until(Duration::from_secs(10), "the tick is confirmed", async || {
            (status.snapshot().confirmed == n).then_some(())
        })
        .await;
    }
    assert_eq!(status.snapshot().uplink, UplinkState::Up);
    shutdown.cancel();
    running.await.unwrap();
    let energies: Vec<i64> = publisher.ticks().iter().map(|tick| tick.energy.total().0).collect();
    assert_eq!(energies, [500, 500, 500]);
}

#[tokio::test]
async fn what_a_bad_line_loses_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Collector::failing(40);
    let (tell, status, _shutdown, running) = start(folder.path(), publisher.clone()).await;
    for n in 0..600 {
        tell.send(vec![power(n * 10, n % 50)]).await.unwrap();
    }
    drop(tell);
    running.await.unwrap();
    let snapshot = status.snapshot();
    assert_eq!(snapshot.spool_depth, 0);
    let ticks = publisher.ticks();
    assert_eq!(ticks.len(), 602, "600 readings, and the last one's hold");
    assert!(publisher.arrived.lock().unwrap().len() as u64 >= snapshot.confirmed);
}

#[tokio::test]
async fn a_broker_that_is_away_stops_neither_measuring_nor_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Collector::failing(100);
    let (tell, status, shutdown, running) = start(folder.path(), publisher).await;
    for n in 0..100 {
        tell.send(vec![power(n * 10, 5)]).await.unwrap();
    }
    wait::until(Duration::from_mins(1), "all is measured", async || {
        let now = status.snapshot();
        (now.ticks == 99 && now.uplink == UplinkState::Down).then_some(())
    })
    .await;
    shutdown.cancel();
    wait::within(Duration::from_secs(10), "it stops", running).await.unwrap();
    let snapshot = status.snapshot();
    assert!(snapshot.spool_depth > 0 && snapshot.confirmed == 0, "{snapshot:?}");
}
