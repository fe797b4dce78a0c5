use std::path::Path;
use std::time::Duration;

use agent::spool::SpoolError;
use agent::{AgentError, Config, Prepared};
use domain::TickEnergy;
use testkit::wait;
use tokio_util::sync::CancellationToken;

use crate::support::{Collector, TokioClock, replay, run, utc, write_trace};

const LIMIT: Duration = Duration::from_secs(30);

/// Six hours of five outlets with odd intervals, gaps longer than the hold, and rows of one second.
pub(crate) fn traces(folder: &Path) {
    for outlet in 0..5u32 {
        let mut second = outlet;
        let mut rows = Vec::new();
        let mut n = 0u32;
        while second < 6 * 3_600 {
            let watts = (n * 37 + outlet * 11) % 997;
            rows.push(format!(
                "16/01/2012 {:02}:{:02}:{:02};{watts};0",
                second / 3_600,
                second / 60 % 60,
                second % 60
            ));
            second += match n % 101 {
                50 => 400,
                7 => 0,
                _ => 1 + (n + outlet) % 7,
            };
            n += 1;
        }
        write_trace(folder, &format!("Lamp_{outlet}.csv"), &rows);
    }
}

fn configured(spool: &Path, traces: &Path) -> Config {
    Config { ticks_per_container: 7, ..replay(spool, traces) }
}

pub(crate) async fn undisturbed(traces: &Path) -> Vec<TickEnergy> {
    let spool = tempfile::tempdir().unwrap();
    let publisher = Collector::new();
    run(configured(spool.path(), traces), publisher.clone()).await;
    publisher.ticks()
}

/// What was dropped in the middle of a call to SQLite holds the lock of the spool until that is over.
async fn prepared(config: &Config) -> Prepared {
    loop {
        match agent::prepare(config.clone(), TokioClock::at(utc("2026-11-21T12:00:00Z"))).await {
            Err(AgentError::Spool(SpoolError::InUse { .. })) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            outcome => break outcome.unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_is_killed_again_and_again_gives_the_same_ticks() {
    let folder = tempfile::tempdir().unwrap();
    traces(folder.path());
    let expected = undisturbed(folder.path()).await;
    assert!(expected.len() > 1_000, "{}", expected.len());

    let mut all_kills = 0;
    for _ in 0..5 {
        let mut kills = 0;
        let spool = tempfile::tempdir().unwrap();
        let publisher = Collector::failing(10);
        // Longer and longer: the first lives are too short for any machine, and the last is long enough for any.
        let mut life = Duration::from_micros(300);
        loop {
            let config = configured(spool.path(), folder.path());
            let prepared = wait::within(LIMIT, "the spool is free", prepared(&config)).await;
            let opened = prepared.spool.clone();
            life = life.mul_f64(rand::random_range(1.05..1.3));
            let running = agent::run(prepared.with(publisher.clone()), CancellationToken::new());
            match tokio::time::timeout(life, running).await {
                Ok(outcome) => break outcome.unwrap(),
                // Dropped in the middle of whatever it did; what was already handed to SQLite ends first.
                Err(_) => opened.close().await,
            }
            kills += 1;
        }
        all_kills += kills;
        assert_eq!(publisher.ticks(), expected);
    }
    assert!(all_kills >= 15, "only {all_kills} kills");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_is_asked_to_stop_again_and_again_gives_the_same_ticks() {
    let folder = tempfile::tempdir().unwrap();
    traces(folder.path());
    let expected = undisturbed(folder.path()).await;
    let spool = tempfile::tempdir().unwrap();
    let publisher = Collector::new();
    let mut stops = 0;
    let mut life = Duration::from_millis(1);
    while publisher
        .arrived
        .lock()
        .unwrap()
        .iter()
        .map(|body| wire::decode(body).unwrap().ticks.len())
        .sum::<usize>()
        < expected.len()
    {
        let config = configured(spool.path(), folder.path());
        let prepared = agent::prepare(config, TokioClock::at(utc("2026-11-21T12:00:00Z"))).await.unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        life = life.mul_f64(rand::random_range(1.05..1.3));
        let stopper = tokio::spawn(async move {
            tokio::time::sleep(life).await;
            stop.cancel();
        });
        agent::run(prepared.with(publisher.clone()), shutdown).await.unwrap();
        stopper.abort();
        stops += 1;
        assert!(stops < 1_000, "it does not get on");
    }
    assert!(stops >= 2, "only {stops} stops");
    assert_eq!(publisher.ticks(), expected);
}

#[tokio::test]
async fn a_replay_that_has_ended_has_nothing_to_add() {
    let folder = tempfile::tempdir().unwrap();
    traces(folder.path());
    let spool = tempfile::tempdir().unwrap();
    let publisher = Collector::new();
    run(configured(spool.path(), folder.path()), publisher.clone()).await;
    let again = Collector::new();
    run(configured(spool.path(), folder.path()), again.clone()).await;
    assert!(again.arrived.lock().unwrap().is_empty());
}
