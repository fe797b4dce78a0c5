//! This program as the version before: on the schema of one that does not exist yet.

use std::time::Duration;

use domain::accounts::{Accounts as _, AccountsError};
use postgres::{IncompatibleSchema, SchemaError};
use sqlx::migrate::Migrate as _;

use super::*;
use crate::accounts_at;

/// As the next release would: a migration that is only known to the database.
async fn migrated_further(url: &str, version: i64, name: &str) {
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ($1, $2, true, '\\x00', 0)",
    )
    .bind(version)
    .bind(name)
    .execute(&mut connect(url).await)
    .await
    .unwrap();
}

/// All that a release may add without a word: a column with a default to every table, and new tables and indexes.
async fn expand(url: &str) {
    let mut connection = connect(url).await;
    for table in columns(url).await.keys() {
        let more = format!(
            "ALTER TABLE {table} ADD COLUMN later text NOT NULL DEFAULT 'later', ADD COLUMN optional bigint;
             CREATE INDEX {table}_later ON {table} (later);
             CREATE TABLE more_of_{table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)"
        );
        sqlx::raw_sql(AssertSqlSafe(more)).execute(&mut connection).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_on_the_schema_of_the_version_after_it() {
    let server = server().await;
    let url = made_at(&server, "expanded", newest()).await;
    expand(&url).await;
    migrated_further(&url, newest() + 1, "later").await;
    let status = schema_at(&url).up().await.unwrap();
    assert_eq!((status.program, status.database, status.way_back), (newest(), newest() + 1, None));
    let accounts = accounts_at(url.clone());
    testkit::suites::hubs::run_all(&accounts).await;
    suites(&accounts).await;
    // Who knows no way back from there does not take another one.
    let down = schema_at(&url).down().await.unwrap_err();
    assert!(matches!(down, SchemaError::NoWayBack(version) if version == newest() + 1), "{down:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_ahead_are_refused_and_both_are_named() {
    let server = server().await;
    let url = made_at(&server, "far_ahead", newest()).await;
    migrated_further(&url, newest() + 1, "later").await;
    let running = accounts_at(url.clone());
    running.ready().await.unwrap();
    migrated_further(&url, newest() + 2, "latest").await;
    // Who runs goes on; whoever starts says why not, and goes on by itself when the schema is back.
    running.ready().await.unwrap();
    let starting = accounts_at(url.clone());
    match starting.ready().await.unwrap_err() {
        AccountsError::Unavailable { reason, .. } => {
            let versions = [newest(), newest() + 2].map(|version| format!("version {version}"));
            assert!(versions.iter().all(|version| reason.contains(version)), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    sqlx::query("DELETE FROM _sqlx_migrations WHERE description = 'latest'")
        .execute(&mut connect(&url).await)
        .await
        .unwrap();
    starting.ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_marked_as_breaking_is_refused() {
    let server = server().await;
    let url = made_at(&server, "breaking", newest()).await;
    migrated_further(&url, newest() + 1, "breaking ids").await;
    let refused = schema_at(&url).status().await.unwrap_err();
    assert!(matches!(refused, SchemaError::Incompatible(IncompatibleSchema::Breaking { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_not_as_this_program_has_it_is_refused() {
    let server = server().await;
    let url = made_at(&server, "altered", newest()).await;
    let altered = "UPDATE _sqlx_migrations SET checksum = checksum || '\\x00' WHERE version = 1";
    sqlx::query(altered).execute(&mut connect(&url).await).await.unwrap();
    let schema = schema_at(&url);
    for outcome in [schema.status().await, schema.up().await, schema.down().await] {
        let refused = outcome.unwrap_err();
        assert!(
            matches!(refused, SchemaError::Incompatible(IncompatibleSchema::Altered { version: 1, .. })),
            "{refused:?}"
        );
    }
    let error = accounts_at(url).ready().await.unwrap_err().to_string();
    assert!(error.contains("migration 1 ") && error.contains("checksums differ"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_changes_the_schema_who_has_nothing_to_do_goes_on_and_the_way_back_waits() {
    let server = server().await;
    let url = made_at(&server, "busy", newest()).await;
    let mut busy = connect(&url).await;
    busy.lock().await.unwrap();
    assert_eq!(schema_at(&url).up().await.unwrap().database, newest());
    accounts_at(url.clone()).ready().await.unwrap();

    let schema = schema_at(&url);
    let meanwhile = async {
        testkit::wait::until(Duration::from_secs(10), "the way back waits for the lock", async || {
            let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut connect(&url).await).await.unwrap();
            (waiting == 1).then_some(())
        })
        .await;
        migrated_further(&url, newest() + 1, "later").await;
        busy.unlock().await.unwrap();
    };
    let (down, ()) = tokio::join!(schema.down(), meanwhile);
    // What came in meanwhile was seen, and nothing taken from under it.
    let refused = down.unwrap_err();
    assert!(matches!(refused, SchemaError::NoWayBack(version) if version == newest() + 1), "{refused:?}");
    let status = schema.status().await.unwrap();
    assert_eq!((status.database, status.pending.len()), (newest() + 1, 0));
}
