use std::path::{Path, PathBuf};

use agent::spool::{Choice, Manner, Spool};
use domain::TickLength;

use crate::support::{IDENTITY, config, sealed_ticks, tick};

fn wal(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// What lies on the disk when the power fails: everything up to some place of the journal, and behind it perhaps
/// something that was never written there.
fn torn(from: &Path, into: &Path, keep: usize, garbage: bool) {
    std::fs::copy(from, into).unwrap();
    let mut journal = std::fs::read(wal(from)).unwrap();
    if garbage {
        for byte in &mut journal[keep..] {
            *byte = rand::random();
        }
    } else {
        journal.truncate(keep);
    }
    std::fs::write(wal(into), journal).unwrap();
}

async fn seconds(spool: &Spool) -> Vec<(u64, i64)> {
    let offered = spool.offer(Choice::After(0), 10_000, 1 << 30).await.unwrap();
    let containers = offered.iter().map(|waiting| wire::decode(&waiting.body).unwrap());
    let seconds =
        containers.flat_map(|one| one.ticks.into_iter().map(move |tick| (one.sequence, tick.start.secs())));
    seconds.collect()
}

#[tokio::test]
async fn a_torn_journal_leaves_a_beginning_and_no_number_is_used_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path()).spool;
    // Nothing of what follows is synced but the first.
    config.sync_secs = 3_600;
    let length = TickLength::from_secs(1).unwrap();
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    spool.comes_up().await.unwrap();
    let live = Manner { live: true, ..Manner::default() };
    let append = async |spool: &Spool, second| {
        spool
            .append(length, &[sealed_ticks(vec![tick(second, &[(0, second), (9, 3)])], 1)], live)
            .await
            .unwrap();
    };
    append(&spool, 0).await;
    let synced = usize::try_from(std::fs::metadata(wal(&config.path)).unwrap().len()).unwrap();
    for second in 1..150 {
        append(&spool, second).await;
    }
    let all: Vec<(u64, i64)> = (0..150_i64).map(|second| (second.unsigned_abs() + 1, second)).collect();
    assert_eq!(seconds(&spool).await, all);
    let length_now = usize::try_from(std::fs::metadata(wal(&config.path)).unwrap().len()).unwrap();
    assert!(length_now > synced + 100 * 1_024);

    let mut lengths = Vec::new();
    for n in 0..60 {
        let elsewhere = tempfile::tempdir().unwrap();
        let mut other = config.clone();
        other.path = elsewhere.path().join("spool.db");
        torn(&config.path, &other.path, rand::random_range(synced..length_now), n % 2 == 0);
        let spool = Spool::open(&other, IDENTITY).await.unwrap();
        let left = seconds(&spool).await;
        assert_eq!(left, all[..left.len()], "what is there is a beginning of what was");
        assert_eq!(spool.checkpoint().unwrap().booked_until.secs(), i64::try_from(left.len()).unwrap());
        lengths.push(left.len());
        // Whatever was cut off may have been sent.
        append(&spool, 500).await;
        let next = seconds(&spool).await.pop().unwrap();
        assert!(next.0 > 150 && next.1 == 500, "{next:?}");
        spool.close().await;
    }
    assert!(lengths.iter().min() < lengths.iter().max(), "{lengths:?}");
}

#[tokio::test]
async fn what_is_synced_outlives_a_torn_journal_and_leaves_no_gap_of_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    spool.comes_up().await.unwrap();
    let live = Manner { live: true, ..Manner::default() };
    for n in 0..20 {
        let sealed = sealed_ticks(vec![tick(n * 10, &[(0, n)])], 10);
        spool.append(TickLength::DEFAULT, &[sealed], live).await.unwrap();
    }
    let length = usize::try_from(std::fs::metadata(wal(&config.path)).unwrap().len()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut other = config.clone();
    other.path = elsewhere.path().join("spool.db");
    // As every tick of ten seconds was synced, only what comes after it can be torn.
    std::fs::copy(&config.path, &other.path).unwrap();
    let mut journal = std::fs::read(wal(&config.path)).unwrap();
    journal.extend((0..3_000).map(|_| rand::random::<u8>()));
    assert_eq!(journal.len(), length + 3_000);
    std::fs::write(wal(&other.path), journal).unwrap();
    let spool = Spool::open(&other, IDENTITY).await.unwrap();
    let sealed = sealed_ticks(vec![tick(200, &[(0, 20)])], 10);
    spool.append(TickLength::DEFAULT, &[sealed], live).await.unwrap();
    let expected: Vec<(u64, i64)> = (0..=20_i64).map(|n| (n.unsigned_abs() + 1, n * 10)).collect();
    assert_eq!(seconds(&spool).await, expected);
}
