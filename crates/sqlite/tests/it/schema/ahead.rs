//! This program as the version before: on the schema of one that does not exist yet.

use sqlite::{Accounts, IncompatibleSchema, OpenAccountsError, SchemaError};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn it_works_on_the_schema_of_the_version_after_it() {
    for kind in [&ACCOUNTS, &MEASUREMENTS] {
        let lived = Lived::empty_at(kind, kind.newest()).await;
        // All that a release may add without a word.
        for table in lived.columns.keys() {
            lived
                .run(format!(
                    "ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT 'later';
                     ALTER TABLE {table} ADD COLUMN optional INTEGER;
                     CREATE INDEX {table}_later ON {table} (later);
                     CREATE TABLE more_of_{table} (id INTEGER PRIMARY KEY) STRICT"
                ))
                .await;
        }
        lived.migrated_further(kind.newest() + 1, "later").await;
        let status = lived.schema(kind).status().await.unwrap();
        assert_eq!(
            (status.program, status.database, status.way_back),
            (kind.newest(), kind.newest() + 1, None)
        );
        if kind.name == "accounts" {
            let accounts = Accounts::open(&lived.path).await.unwrap();
            testkit::suites::hubs::run_all(&accounts).await;
            accounts.close().await;
            accounts_suites(&lived.path).await;
        } else {
            measurements_suites(&lived.path).await;
        }
        let down = lived.schema(kind).down().await.unwrap_err();
        assert!(matches!(down, SchemaError::NoWayBack(version) if version == kind.newest() + 1), "{down:?}");
    }
}

#[tokio::test]
async fn two_versions_ahead_are_refused_and_both_are_named() {
    let (newest, lived) = (ACCOUNTS.newest(), Lived::empty_at(&ACCOUNTS, ACCOUNTS.newest()).await);
    lived.migrated_further(newest + 1, "later").await;
    Accounts::open(&lived.path).await.unwrap().close().await;
    lived.migrated_further(newest + 2, "latest").await;
    match Accounts::open(&lived.path).await.err().unwrap() {
        OpenAccountsError::Migrate { source, .. } => {
            let sentence = source.to_string();
            let versions = [newest, newest + 2].map(|version| format!("version {version}"));
            assert!(versions.iter().all(|version| sentence.contains(version)), "{sentence}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_marked_as_breaking_is_refused() {
    let lived = Lived::empty_at(&MEASUREMENTS, MEASUREMENTS.newest()).await;
    lived.migrated_further(MEASUREMENTS.newest() + 1, "breaking ids").await;
    let refused = sqlite::Measurements::open(&lived.path).await.unwrap_err();
    let source = std::error::Error::source(&refused).and_then(|source| source.downcast_ref::<SchemaError>());
    assert!(
        matches!(source, Some(SchemaError::Incompatible(IncompatibleSchema::Breaking { .. }))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_migration_that_is_not_as_this_program_has_it_is_refused() {
    for kind in [&ACCOUNTS, &MEASUREMENTS] {
        let lived = Lived::empty_at(kind, kind.newest()).await;
        lived.run("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await;
        let schema = lived.schema(kind);
        for outcome in [schema.status().await, schema.up().await, schema.down().await] {
            let refused = outcome.unwrap_err();
            assert!(
                matches!(refused, SchemaError::Incompatible(IncompatibleSchema::Altered { version: 1, .. })),
                "{refused:?}"
            );
            assert!(refused.to_string().contains("checksums differ"), "{refused}");
        }
        let is_opened = if kind.name == "accounts" {
            Accounts::open(&lived.path).await.is_ok()
        } else {
            sqlite::Measurements::open(&lived.path).await.is_ok()
        };
        assert!(!is_opened, "{}", kind.name);
    }
}
