use std::time::Duration;

use domain::accounts::Accounts as _;
use domain::{HouseholdId, PersonId};

use super::*;
use crate::accounts_at;

/// As a UUID ends in the seeds.
const fn id(last: u8) -> [u8; 16] {
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]
}

#[tokio::test(flavor = "multi_thread")]
async fn from_every_version_the_newest_is_reached_and_nothing_is_lost() {
    let server = server().await;
    let expected = dump(&made_at(&server, "straight", newest()).await);
    for from in 0..newest() {
        let url = lived_until(&server, &format!("from_{from}"), from).await;
        let columns = columns(&url).await;
        let before = rows(&url, &columns).await;
        let schema = schema_at(&url);
        let pending: Vec<i64> = schema.status().await.unwrap().pending.iter().map(|(v, _)| *v).collect();
        assert_eq!(pending, (from + 1..=newest()).collect::<Vec<_>>());

        let status = schema.up().await.unwrap();
        assert_eq!((status.database, status.program, status.pending.len()), (newest(), newest(), 0));
        assert_eq!(rows(&url, &columns).await, before, "from version {from}");
        assert_eq!(dump(&url), expected, "from version {from}");
        let accounts = accounts_at(url);
        if from > 0 {
            let found = accounts.credentials_by_email("bob@example.org").await.unwrap().unwrap();
            assert_eq!(found.person.id, PersonId::from_bytes(id(2)));
            assert_eq!(found.password_hash, "hash of Bob");
            let hubs = accounts.hubs(HouseholdId::from_bytes(id(0xa2))).await.unwrap();
            assert_eq!(hubs.len(), 1);
        }
        if from == 1 {
            suites(&accounts).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_who_bring_it_up_at_once_each_succeeds_and_each_migration_is_done_once() {
    let server = server().await;
    let url = lived_until(&server, "shared", newest() - 1).await;
    let columns = columns(&url).await;
    let before = rows(&url, &columns).await;
    let replicas: Vec<_> = (0..4).map(|_| schema_at(&url)).collect();
    let (a, b, c, d) = tokio::join!(replicas[0].up(), replicas[1].up(), replicas[2].up(), replicas[3].up());
    for outcome in [a, b, c, d] {
        assert_eq!(outcome.unwrap().database, newest());
    }
    let done: Vec<(i64,)> = sqlx::query_as("SELECT version FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&mut connect(&url).await)
        .await
        .unwrap();
    assert_eq!(
        done.into_iter().map(|(version,)| version).collect::<Vec<_>>(),
        (1..=newest()).collect::<Vec<_>>()
    );
    assert_eq!(rows(&url, &columns).await, before);
}

/// The migrator's lock is its session's, and stays with it when a migration fails.
#[tokio::test(flavor = "multi_thread")]
async fn who_fails_keeps_nobody_else_out() {
    let server = server().await;
    let url = lived_until(&server, "failing", newest() - 1).await;
    let mut connection = connect(&url).await;
    // It is found only when the lock is held.
    let halfway = "UPDATE _sqlx_migrations SET success = false WHERE version = 1";
    sqlx::query(halfway).execute(&mut connection).await.unwrap();
    let failing = accounts_at(url.clone());
    let error = failing.ready().await.unwrap_err().to_string();
    assert!(error.contains("bringing the schema of the accounts to version"), "{error}");
    assert!(error.contains("migration 1 is partially applied"), "{error}");
    testkit::wait::until(Duration::from_secs(10), "the lock is gone with its session", async || {
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        let locks: i64 = sqlx::query_scalar(locks).fetch_one(&mut connect(&url).await).await.unwrap();
        (locks == 0).then_some(())
    })
    .await;
    let mended = "UPDATE _sqlx_migrations SET success = true WHERE version = 1";
    sqlx::query(mended).execute(&mut connection).await.unwrap();
    accounts_at(url).ready().await.unwrap();
    failing.ready().await.unwrap();
}
