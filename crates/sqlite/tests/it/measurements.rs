#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::measurement::{MeasurementQuery as _, MeasurementStore as _};
use sqlite::Measurements;
use tempfile::TempDir;
use testkit::containers::{container, random_hub};
use testkit::suites::measurements;

async fn open(folder: &TempDir) -> Measurements {
    Measurements::open(folder.path().join("measurements.db")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_measurement_stores_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder).await);
    measurements::run_all(store.clone(), store).await;
}

/// A copy of the files as they are while the store is open is what a killed process leaves behind.
#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let (folder, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(&folder).await;
    let hub = random_hub();
    for sequence in 1..=20 {
        store.write_containers(&[container(hub, sequence)]).await.unwrap();
    }
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        // The shared-memory index dies with its processes.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), killed.path().join(file.file_name())).unwrap();
        }
    }
    let before = store.ticks(hub, measurements::day()).await.unwrap();
    assert_eq!(before.len(), 60);
    assert_eq!(open(&killed).await.ticks(hub, measurements::day()).await.unwrap(), before);
}

#[tokio::test]
async fn a_closed_file_opens_again_with_what_was_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let hub = random_hub();
    let store = open(&folder).await;
    store.write_containers(&[container(hub, 1)]).await.unwrap();
    store.close().await;
    assert!(store.write_containers(&[container(hub, 2)]).await.is_err());
    let store = open(&folder).await;
    store.write_containers(&[container(hub, 1), container(hub, 2)]).await.unwrap();
    assert_eq!(store.ticks(hub, measurements::day()).await.unwrap().len(), 6);
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    store.write_containers(&[container(random_hub(), 1)]).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let error = Measurements::open("/nowhere/at/all/measurements.db").await.unwrap_err();
    assert_eq!(error.to_string(), "opening /nowhere/at/all/measurements.db");
}

/// Not a benchmark: an alarm for when a day becomes many times as slow.
#[tokio::test]
async fn a_day_of_34_sockets_goes_in_and_out_without_delay() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let hub = random_hub();
    let day = measurements::a_day(hub, 34);
    let mut times = Vec::new();
    let began = Instant::now();
    store.write_containers(&day).await.unwrap();
    times.push(began.elapsed());
    let began = Instant::now();
    store.write_containers(&day).await.unwrap();
    times.push(began.elapsed());
    for _ in 0..3 {
        let began = Instant::now();
        let sums = store.quarter_hours(hub, measurements::day()).await.unwrap();
        times.push(began.elapsed());
        assert_eq!(sums.len(), 34);
    }
    println!("in, in again, sums: {times:?}");
    assert!(times[0] < Duration::from_secs(2), "{times:?}");
    assert!(times[2..].iter().min().unwrap() < &Duration::from_secs(1), "{times:?}");
}
