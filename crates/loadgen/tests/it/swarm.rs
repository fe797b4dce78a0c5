use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use domain::HubId;
use domain::transport::{ContainerSource, Delivery};
use loadgen::ledger::{End, Entry, LedgerReader, Outcome};
use loadgen::scenario::{PaceName, Settings};
use loadgen::swarm::{SwarmError, run};
use loadgen::{Kind, drain};
use service::clock::SystemClock;
use testkit::wait::within;
use tokio_util::sync::CancellationToken;

use crate::{broker, plan, publish};

const LIMIT: Duration = Duration::from_mins(1);

fn entries(path: &std::path::Path) -> (Vec<Entry>, End) {
    let mut entries = Vec::new();
    let end = LedgerReader::open(path).unwrap().read(|entry| entries.push(entry)).unwrap();
    (entries, end)
}

async fn received(source: &rabbitmq::Source, count: usize) -> Vec<Delivery> {
    let mut all: Vec<Delivery> = Vec::new();
    while all.len() < count {
        let some =
            within(LIMIT, "all that was confirmed was delivered", source.receive(1_000)).await.unwrap();
        let receipts: Vec<_> = some.iter().map(|delivery| delivery.receipt).collect();
        source.accept(&receipts).await.unwrap();
        all.extend(some);
    }
    all
}

fn source(url: &str) -> rabbitmq::Source {
    rabbitmq::Source::connect(rabbitmq::Config { url: url.into(), ..rabbitmq::Config::default() }).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_confirmed_is_in_the_ledger_and_in_the_queues() {
    let broker = broker().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let plan = plan(
        &broker.url(),
        &path,
        Settings {
            containers: Some(6_000),
            rate: Some(2_000.0),
            late: Some(0.05),
            duplicates: Some(0.05),
            poison: Some(0.01),
            storm_every_secs: Some(1),
            jitter: Some(0.02),
            ..Settings::default()
        },
    );
    let summary = publish(&plan).await;
    assert_eq!((summary.containers_confirmed, summary.unknown), (6_000, 0));
    assert_eq!(summary.values_confirmed, 66_000);
    assert!(summary.late > 100 && summary.duplicates > 100 && summary.poison_confirmed > 20, "{summary:?}");
    assert!(summary.reconnects >= 4, "{summary:?}");

    let (entries, end) = entries(&path);
    assert_eq!(end, End::Closed);
    let everything = summary.containers_confirmed + summary.duplicates + summary.poison_confirmed;
    assert_eq!(entries.len() as u64, everything);
    let new: HashSet<_> = entries
        .iter()
        .filter(|entry| matches!(entry.item.kind, Kind::Fresh | Kind::Late))
        .map(|entry| (entry.item.hub, entry.item.number))
        .collect();
    assert_eq!(new.len(), 6_000);

    let wanted: HashSet<(HubId, Bytes)> = entries
        .iter()
        .map(|entry| (plan.population.hub(entry.item.hub), entry.item.body(&plan.population)))
        .collect();
    let source = source(&broker.url());
    let (mut queued, mut count) = (HashSet::new(), 0);
    within(LIMIT, "all that is confirmed was delivered", async {
        while !wanted.is_subset(&queued) {
            let deliveries = received(&source, 1).await;
            count += deliveries.len() as u64;
            queued.extend(deliveries.into_iter().map(|delivery| (delivery.hub.unwrap(), delivery.body)));
        }
    })
    .await;
    assert_eq!(queued.len(), wanted.len(), "nothing else was published");
    // What a storm cut off between the broker and its confirm may be there twice.
    assert!(count <= everything + summary.retried, "{count} of {everything}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_storms_the_queues_hold_exactly_what_is_confirmed() {
    let broker = broker().await;
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(
        &broker.url(),
        &folder.path().join("ledger"),
        Settings {
            containers: Some(3_000),
            duplicates: Some(0.1),
            poison: Some(0.01),
            ..Settings::default()
        },
    );
    let summary = publish(&plan).await;
    let everything = summary.containers_confirmed + summary.duplicates + summary.poison_confirmed;
    assert_eq!((summary.containers_confirmed, summary.retried, summary.reconnects), (3_000, 0, 0));

    let source = source(&broker.url());
    let end = CancellationToken::new();
    let drained = drain::drain(&source, Some(everything), Some(LIMIT), end).await.unwrap();
    assert_eq!(drained.containers, everything);
    testkit::wait::until(LIMIT, "the queues are empty", async || {
        let lengths = broker.ctl(&["list_queues", "name", "messages"]).unwrap();
        let lengths: Vec<u32> =
            lengths.lines().filter_map(|line| line.rsplit('\t').next()?.parse().ok()).collect();
        (lengths.len() == 5 && lengths.iter().all(|&length| length == 0)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_that_is_told_to_stop_closes_its_ledger() {
    let broker = broker().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let plan = plan(
        &broker.url(),
        &path,
        Settings { pace: Some(PaceName::Live), backlog_secs: Some(600), ..Settings::default() },
    );
    // 50 hubs × 60 ticks are due at once, and then nothing for a while.
    let stop = CancellationToken::new();
    let task = tokio::spawn({
        let (plan, stop) = (plan.clone(), stop.clone());
        async move { run(&plan, &SystemClock, stop, None).await.unwrap() }
    });
    testkit::wait::until(LIMIT, "the backlog was written down", async || {
        (path.metadata().is_ok_and(|about| about.len() > 3_000 * 12)).then_some(())
    })
    .await;
    stop.cancel();
    let summary = within(LIMIT, "the swarm ended", task).await.unwrap();
    let (entries, end) = entries(&path);
    assert_eq!(end, End::Closed);
    assert_eq!(entries.len() as u64, summary.containers_confirmed);
    assert!(entries.iter().all(|entry| entry.outcome == Outcome::Confirmed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_costs_nothing_that_was_confirmed() {
    let mut broker = broker().await;
    let url = broker.url();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let plan =
        plan(&url, &path, Settings { containers: Some(8_000), rate: Some(2_000.0), ..Settings::default() });
    let swarm = tokio::spawn({
        let plan = plan.clone();
        async move { publish(&plan).await }
    });
    testkit::wait::until(LIMIT, "a thousand are written down", async || {
        (path.metadata().is_ok_and(|about| about.len() > 1_000 * 12)).then_some(())
    })
    .await;
    let broker = tokio::task::spawn_blocking(move || {
        broker.restart().unwrap();
        broker
    })
    .await
    .unwrap();
    let summary = within(LIMIT, "all was confirmed after all", swarm).await.unwrap();
    assert_eq!((summary.containers_confirmed, summary.unknown), (8_000, 0));
    assert!(summary.reconnects >= 4, "{summary:?}");
    let source = source(&url);
    let mut bodies = HashSet::new();
    within(LIMIT, "all that was confirmed is there after the kill", async {
        while bodies.len() < 8_000 {
            bodies.extend(received(&source, 1).await.into_iter().map(|delivery| delivery.body));
        }
    })
    .await;
    drop(broker);
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", testkit::servers::free_port());
    let plan = plan(&url, &folder.path().join("ledger"), Settings::default());
    let error = run(&plan, &SystemClock, CancellationToken::new(), None).await.unwrap_err();
    assert!(matches!(error, SwarmError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("guest"), "{error}");
    assert!(!plan.ledger.unwrap().exists());
}
