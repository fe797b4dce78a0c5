use std::path::Path;

use agent::spool::{Choice, Manner, Spool, SpoolError, report};
use domain::{Container, TickLength, UtcMillis};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};

use crate::support::{IDENTITY, config, hub, sealed};

/// As the first version of the agent left it.
async fn earlier(path: &Path, containers: i64) {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    for statement in [
        "CREATE TABLE container (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL)",
        "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), hub BLOB NOT NULL, born INTEGER NOT NULL,
                             next_sequence INTEGER NOT NULL, checkpoint TEXT)",
        "PRAGMA application_id = 0x5753706c",
        "PRAGMA user_version = 1",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    for sequence in 5..5 + containers {
        let container = Container {
            hub: hub(4),
            sequence: sequence.unsigned_abs(),
            tick_length: TickLength::DEFAULT,
            ticks: sealed(sequence * 10).ticks,
        };
        sqlx::query("INSERT INTO container VALUES (?, ?)")
            .bind(sequence)
            .bind(wire::encode(&container).as_ref())
            .execute(&pool)
            .await
            .unwrap();
    }
    sqlx::query("INSERT INTO state VALUES (1, ?, 77, ?, ?)")
        .bind(hub(4).as_bytes().as_slice())
        .bind(5 + containers)
        .bind(r#"{"booked_until":90000,"carry":[1,999999],"counted":[]}"#)
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

#[tokio::test]
async fn a_spool_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    earlier(&config.path, 30).await;
    let before = report(&config.path).await;
    assert!(matches!(before, Err(SpoolError::Earlier { .. })), "{before:?}");

    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    assert_eq!((spool.hub(), spool.depth()), (hub(4), 30));
    let checkpoint = spool.checkpoint().unwrap();
    assert_eq!((checkpoint.booked_until.0, checkpoint.carry[1].0), (90_000, 999_999));
    assert_eq!(spool.born(UtcMillis(5)).0, 77);
    spool.append(TickLength::DEFAULT, &[sealed(1_000)], Manner::default()).await.unwrap();
    let offered = spool.offer(Choice::After(0), 100, 1 << 20).await.unwrap();
    let numbers: Vec<u64> = offered.iter().map(|waiting| waiting.sequence).collect();
    assert_eq!(
        numbers,
        (5..=35).collect::<Vec<_>>(),
        "none has changed its number, as any may have been sent"
    );
    let ticks = wire::decode(&offered[7].body).unwrap().ticks;
    assert_eq!(ticks, sealed(120).ticks);
    assert_eq!(spool.report().await.unwrap().oldest.map(|oldest| oldest.0), Some(5));
}

#[tokio::test]
async fn a_full_spool_of_the_first_version_is_brought_up_to_date_in_its_own_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path()).spool;
    earlier(&config.path, 20_000).await;
    config.max_bytes = std::fs::metadata(&config.path).unwrap().len();
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    assert_eq!(spool.depth(), 20_000);
    spool.close().await;
    let after = std::fs::metadata(&config.path).unwrap().len();
    assert!(after <= config.max_bytes * 3 / 2, "{after} bytes of {}", config.max_bytes);
}

/// The second version packed its checkpoints in another way.
#[tokio::test]
async fn a_spool_of_the_second_version_knows_where_its_measurement_stands() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path()).spool;
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    spool.append(TickLength::DEFAULT, &[sealed(10), sealed(20)], Manner::default()).await.unwrap();
    spool.close().await;
    drop(spool);
    let checkpoint = sealed(20).checkpoint;
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&config.path)).await.unwrap();
    let packed = rmp_serde::to_vec(&checkpoint).unwrap();
    let changed =
        sqlx::query("UPDATE container SET checkpoint = ? WHERE checkpoint IS NOT NULL").bind(packed);
    assert_eq!(changed.execute(&pool).await.unwrap().rows_affected(), 1);
    sqlx::raw_sql("PRAGMA user_version = 2").execute(&pool).await.unwrap();
    pool.close().await;
    let before = report(&config.path).await;
    assert!(matches!(before, Err(SpoolError::Earlier { .. })), "{before:?}");

    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    assert_eq!((spool.depth(), spool.checkpoint()), (1, Some(checkpoint)));
    spool.append(TickLength::DEFAULT, &[sealed(30)], Manner::default()).await.unwrap();
    spool.close().await;
    drop(spool);
    let spool = Spool::open(&config, IDENTITY).await.unwrap();
    assert_eq!(spool.checkpoint(), Some(sealed(30).checkpoint));
}
