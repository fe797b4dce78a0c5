use sqlite::{Accounts, Measurements, SchemaError};

use super::*;

const TICKS_OF_THE_DAY: &str =
    "SELECT 1 FROM tick WHERE tick.hub = rollup_day.hub AND tick.start / 86400000 = rollup_day.day";

#[tokio::test(flavor = "multi_thread")]
async fn one_version_back_is_what_it_was_and_forward_again_has_what_it_had() {
    for kind in [&ACCOUNTS, &MEASUREMENTS] {
        let previous = kind.newest() - 1;
        let was = Lived::empty_at(kind, previous).await.dump().await;
        let is = Lived::empty_at(kind, kind.newest()).await.dump().await;
        let lived = Lived::until(kind, previous).await;
        let before = lived.rows().await;
        let all_there = async |when: &str| {
            let now = lived.rows().await;
            for row in &before {
                assert!(now.contains(row), "{} {when}: {row}", kind.name);
            }
        };
        let schema = lived.schema(kind);

        schema.up().await.unwrap();
        if kind.name == "accounts" {
            accounts_suites(&lived.path).await;
        } else {
            measurements_suites(&lived.path).await;
            // What stands in this way back is taken out of it, as an operator has to; the tests below hold that it does.
            lived.run(format!("DELETE FROM rollup_day WHERE NOT EXISTS ({TICKS_OF_THE_DAY})")).await;
        }
        assert!(schema.status().await.unwrap().way_back.is_some());
        let status = schema.down().await.unwrap();
        assert_eq!((status.database, status.pending.len()), (previous, 1));
        assert_eq!(lived.dump().await, was, "{}", kind.name);
        all_there("one back").await;

        assert_eq!(schema.up().await.unwrap().database, kind.newest());
        assert_eq!(lived.dump().await, is, "{}", kind.name);
        all_there("forward again").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_lost_keeps_the_schema_where_it_is() {
    let sealed = Lived::until(&ACCOUNTS, 9).await;
    let forgotten = Lived::until(&MEASUREMENTS, 2).await;
    forgotten.run("DELETE FROM tick WHERE start < 1728086400000").await;
    for (lived, kind, word) in [(sealed, &ACCOUNTS, "sealed"), (forgotten, &MEASUREMENTS, "forgotten")] {
        let (rows, dump) = (lived.rows().await, lived.dump().await);
        let refused = lived.schema(kind).down().await.unwrap_err();
        assert!(matches!(refused, SchemaError::WayBackRefused { .. }), "{refused:?}");
        let sentence = refused.to_string();
        assert!(sentence.contains("nothing has changed") && sentence.contains(word), "{sentence}");
        assert_eq!((lived.rows().await, lived.dump().await), (rows, dump));
    }
}

/// Of the seeds hub `b1` has a tick in each of its two days. A gap may be anywhere, also between days that have ticks.
#[tokio::test(flavor = "multi_thread")]
async fn each_day_that_measured_something_needs_ticks_of_its_own() {
    for day in [20_000, 20_001] {
        let lived = Lived::until(&MEASUREMENTS, 2).await;
        lived.run(format!("DELETE FROM tick WHERE start / 86400000 = {day}")).await;
        let late =
            "INSERT INTO tick VALUES (x'000000000000000000000000000000b1', 1727999990000, 10000, 1, x'0a')";
        lived.run(late).await;
        let refused = lived.schema(&MEASUREMENTS).down().await.unwrap_err();
        assert!(matches!(refused, SchemaError::WayBackRefused { .. }), "{day}: {refused:?}");
        lived.run(format!("DELETE FROM rollup_day WHERE day = {day}")).await;
        assert_eq!(lived.schema(&MEASUREMENTS).down().await.unwrap().database, 1);
    }
    let silent = Lived::until(&MEASUREMENTS, 2).await;
    silent
        .run("INSERT INTO rollup_day VALUES (x'000000000000000000000000000000b1', 20002, 8, x'00', x'')")
        .await;
    assert_eq!(silent.schema(&MEASUREMENTS).down().await.unwrap().database, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_way_back_it_is_said() {
    let empty = Lived::empty_at(&ACCOUNTS, 0).await;
    assert!(matches!(empty.schema(&ACCOUNTS).down().await, Err(SchemaError::Empty)));
    let old = Lived::empty_at(&ACCOUNTS, 8).await;
    assert!(matches!(old.schema(&ACCOUNTS).down().await, Err(SchemaError::NoWayBack(8))));
    let nowhere = sqlite::Schema::of_accounts("/nowhere/accounts.db").status().await;
    assert!(matches!(nowhere, Err(SchemaError::Open { .. })), "{nowhere:?}");
}

/// Nobody's schema is taken from under them.
#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_has_the_file_open_it_can_be_looked_at_and_not_changed() {
    let (people, ticks) = (Lived::until(&ACCOUNTS, 8).await, Lived::until(&MEASUREMENTS, 2).await);
    let (accounts, store) =
        (Accounts::open(&people.path).await.unwrap(), Measurements::open(&ticks.path).await.unwrap());
    for (lived, kind) in [(&people, &ACCOUNTS), (&ticks, &MEASUREMENTS)] {
        let schema = lived.schema(kind);
        assert_eq!(schema.status().await.unwrap().database, kind.newest());
        let refused = schema.down().await.unwrap_err();
        assert!(matches!(refused, SchemaError::InUse { .. }), "{refused:?}");
    }
    accounts.close().await;
    store.close().await;
    for (lived, kind) in [(&people, &ACCOUNTS), (&ticks, &MEASUREMENTS)] {
        assert_eq!(lived.schema(kind).down().await.unwrap().database, kind.newest() - 1);
    }
}
