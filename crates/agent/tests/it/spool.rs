use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use agent::Status;
use agent::config::SpoolConfig;
use agent::sensors::Start;
use agent::spool::{Choice, Identity, Manner, Sealed, Spool, SpoolError, report};
use async_trait::async_trait;
use bytes::Bytes;
use domain::transport::{ContainerPublisher, PublishError};
use domain::{HubId, TickLength, UtcMillis};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use testkit::wait;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::{Collector, IDENTITY, TokioClock, config, hub, sealed, simulated, utc};

async fn open(config: &SpoolConfig) -> Result<Spool, SpoolError> {
    Spool::open(config, IDENTITY).await
}

#[tokio::test]
async fn a_spool_keeps_containers_hub_and_checkpoint_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = open(&config).await.unwrap();
    assert_eq!((spool.hub(), spool.checkpoint(), spool.depth()), (hub(1), None, 0));
    spool.comes_up().await.unwrap();
    spool
        .append(TickLength::DEFAULT, &[sealed(10), sealed(20), sealed(30)], Manner::default())
        .await
        .unwrap();
    spool.confirm(&[1, 2]);
    spool.finish().await.unwrap();
    spool.close().await;
    drop(spool);

    let other = Identity { fresh: hub(2), now: UtcMillis(9_000), ..IDENTITY };
    let spool = Spool::open(&config, other).await.unwrap();
    assert_eq!((spool.hub(), spool.depth()), (hub(1), 1));
    assert_eq!(spool.checkpoint(), Some(sealed(30).checkpoint));
    let start = Start::after(spool.checkpoint().as_ref(), spool.born(UtcMillis(0)), Duration::from_secs(30));
    assert_eq!((start.born, start.resume_from), (UtcMillis(1_000), Some(UtcMillis(10_000))));
    spool.confirm(&[3]);
    spool.settle().await.unwrap();
    let seen = spool.report().await.unwrap();
    assert_eq!((seen.depth, seen.measured_until), (0, Some(UtcMillis(40_000))), "the checkpoint stays");
    spool.append(TickLength::DEFAULT, &[sealed(40)], Manner::default()).await.unwrap();
    let waiting = spool.offer(Choice::After(0), 10, 1 << 20).await.unwrap();
    let container = wire::decode(&waiting[0].body).unwrap();
    assert_eq!((waiting.len(), container.sequence, container.hub), (1, 4, hub(1)), "sequence numbers go on");

    let seen = spool.report().await.unwrap();
    assert_eq!((seen.hub, seen.depth, seen.bytes), (hub(1), 1, waiting[0].body.len() as u64));
    assert_eq!((seen.oldest, seen.measured_until), (Some((4, UtcMillis(40_000))), Some(UtcMillis(50_000))));
}

#[tokio::test]
async fn a_window_is_bounded_by_count_and_by_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path()).spool).await.unwrap();
    spool.comes_up().await.unwrap();
    let all: Vec<Sealed> = (1..=20).map(|n| sealed(n * 10)).collect();
    spool.append(TickLength::DEFAULT, &all, Manner::default()).await.unwrap();
    let size = spool.offer(Choice::After(0), 1, 1).await.unwrap()[0].body.len();
    assert_eq!(spool.offer(Choice::After(0), 5, 1 << 20).await.unwrap().len(), 5);
    let numbers = async |choice| {
        let few = spool.offer(choice, 20, 2 * size + 1).await.unwrap();
        few.iter().map(|waiting| waiting.sequence).collect::<Vec<_>>()
    };
    let others = HashSet::from([8]);
    assert_eq!(numbers(Choice::After(0)).await, [1, 2, 3]);
    assert_eq!(numbers(Choice::UpTo(9, &others)).await, [9, 7]);
    spool.confirm(&[1, 3, 9]);
    assert_eq!(numbers(Choice::After(0)).await, [2, 4, 5], "nothing that is confirmed goes again");
}

#[tokio::test]
async fn a_spool_has_one_agent() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let first = open(&config).await.unwrap();
    assert!(matches!(open(&config).await, Err(SpoolError::InUse { .. })));
    first.close().await;
    drop(first);
    open(&config).await.unwrap();
}

#[tokio::test]
async fn a_spool_that_is_open_is_read_through_its_agent_only() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = open(&config).await.unwrap();
    spool.append(TickLength::DEFAULT, &[sealed(10)], Manner::default()).await.unwrap();
    let error = report(&config.path).await.unwrap_err();
    assert!(matches!(error, SpoolError::Locked { .. }), "{error:?}");
    assert!(error.to_string().ends_with("is open in another program, perhaps an agent that does not answer"));
    let beside = |ending: &str| folder.path().join(format!("spool.db{ending}")).exists();
    assert_eq!((beside("-wal"), beside("-shm")), (true, false), "the journal's index is in memory");

    let told = spool.report().await.unwrap();
    spool.close().await;
    drop(spool);
    assert_eq!(report(&config.path).await.unwrap(), told, "the file says the same");
}

#[tokio::test]
async fn a_spool_that_another_program_reads_is_one_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    open(&config).await.unwrap().close().await;
    let options = SqliteConnectOptions::new().filename(&config.path);
    let mut other = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT * FROM state").execute(&mut other).await.unwrap();
    let error = open(&config).await.err().unwrap();
    assert!(matches!(error, SpoolError::Locked { .. }), "{error:?}");
    other.close().await.unwrap();
    open(&config).await.unwrap();
}

#[tokio::test]
async fn the_spool_of_another_hub_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    open(&config).await.unwrap().close().await;
    let identity = Identity { configured: Some(hub(2)), ..IDENTITY };
    let outcome = Spool::open(&config, identity).await;
    assert!(matches!(outcome, Err(SpoolError::OtherHub { owner, .. }) if owner == hub(1)));
}

#[tokio::test]
async fn a_file_that_is_no_spool_is_one_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    std::fs::write(&config.path, "all work and no play makes jack a dull boy\n".repeat(200)).unwrap();
    let error = open(&config).await.err().unwrap();
    assert!(matches!(error, SpoolError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("move it away") && !error.to_string().contains('\n'), "{error}");
}

#[tokio::test]
async fn a_spool_with_damaged_pages_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = open(&config).await.unwrap();
    spool.comes_up().await.unwrap();
    let all: Vec<Sealed> = (1..=500).map(|n| sealed(n * 10)).collect();
    spool.append(TickLength::DEFAULT, &all, Manner::default()).await.unwrap();
    spool.close().await;
    drop(spool);
    let mut bytes = std::fs::read(&config.path).unwrap();
    assert!(bytes.len() > 3 * 4_096);
    bytes[4_096..].fill(0xa5);
    std::fs::write(&config.path, bytes).unwrap();
    let error = open(&config).await.err().unwrap();
    assert!(matches!(error, SpoolError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn what_nobody_was_offered_grows_and_what_somebody_was_stays() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path()).spool).await.unwrap();
    let live = Manner { live: true, ..Manner::default() };
    let append = async |second| spool.append(TickLength::DEFAULT, &[sealed(second)], live).await.unwrap();
    for n in 1..=3 {
        append(n * 10).await;
    }
    assert_eq!(spool.depth(), 1, "one container of three ticks");
    let first = spool.offer_one().await.unwrap().unwrap();
    append(40).await;
    assert_eq!(spool.depth(), 2);
    assert_eq!(spool.offer_one().await.unwrap().unwrap(), first, "the same is tried again");
    let ticks = |body| wire::decode(body).unwrap().ticks.len();
    assert_eq!((first.sequence, ticks(&first.body)), (1, 3));
    spool.close().await;
    drop(spool);

    let spool = open(&config(folder.path()).spool).await.unwrap();
    let live = Manner { live: true, ..Manner::default() };
    spool.append(TickLength::DEFAULT, &[sealed(50)], live).await.unwrap();
    let all = spool.offer(Choice::After(0), 10, 1 << 20).await.unwrap();
    let all: Vec<_> = all.iter().map(|waiting| (waiting.sequence, ticks(&waiting.body))).collect();
    assert_eq!(all, [(1, 3), (2, 2)]);
}

#[tokio::test]
async fn ticks_that_are_told_again_do_not_overtake_the_first_word() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path()).spool).await.unwrap();
    spool.comes_up().await.unwrap();
    let again = Sealed { late: true, ..sealed(10) };
    spool.append(TickLength::DEFAULT, &[sealed(10), again, sealed(30)], Manner::default()).await.unwrap();
    let offered = spool.offer(Choice::After(0), 10, 1 << 20).await.unwrap();
    assert_eq!(offered.iter().map(|waiting| waiting.sequence).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(spool.offer_late().await.unwrap(), None);
    spool.confirm(&[3]);
    assert_eq!(spool.offer_late().await.unwrap(), None);
    spool.confirm(&[1]);
    assert_eq!(spool.offer_late().await.unwrap().map(|waiting| waiting.sequence), Some(2));
}

/// Takes nothing before its gate is opened.
struct Gate {
    gate: Semaphore,
    behind: Arc<Collector>,
}

#[async_trait]
impl ContainerPublisher for Gate {
    async fn publish(&self, hub: HubId, body: Bytes) -> Result<(), PublishError> {
        let _open =
            self.gate.acquire().await.map_err(|error| PublishError::Unavailable(error.to_string()))?;
        self.behind.publish(hub, body).await
    }
}

async fn wait_for(status: &Status, what: &str, is: impl Fn(agent::status::Snapshot) -> bool) {
    wait::until(Duration::from_mins(1), what, async || is(status.snapshot()).then_some(())).await;
}

#[tokio::test]
async fn a_full_spool_makes_the_sensor_wait_and_loses_nothing() {
    let now = utc("2026-11-21T12:00:00Z");
    let mut totals = Vec::new();
    for full in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = simulated(folder.path(), 24);
        if full {
            config.spool.max_bytes = 64 * 1_024;
        }
        let behind = Collector::new();
        let gate = Arc::new(Gate { gate: Semaphore::new(0), behind: Arc::clone(&behind) });
        let prepared = agent::prepare(config, TokioClock::at(now)).await.unwrap();
        let status = Arc::clone(&prepared.status);
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(agent::run(prepared.with(gate.clone()), shutdown.clone()));
        if full {
            wait_for(&status, "the spool is full", |now| now.stalled).await;
            assert!(status.snapshot().measured_until.unwrap() < now.plus_millis(-3_600_000), "it waits");
        }
        gate.gate.add_permits(64);
        wait_for(&status, "the present is reached", |status| {
            status.measured_until.is_some_and(|until| until >= now) && !status.stalled
        })
        .await;
        shutdown.cancel();
        running.await.unwrap().unwrap();
        assert_eq!(status.snapshot().spool_depth, 0);
        totals.push(behind.ticks().into_iter().filter(|tick| tick.start < now).collect::<Vec<_>>());
    }
    assert_eq!(totals[0].len(), 8_640);
    assert_eq!(totals[0], totals[1]);
}
