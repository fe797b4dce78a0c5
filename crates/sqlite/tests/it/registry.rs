#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::path::Path;

use domain::HouseholdId;
use domain::accounts::{Accounts as _, AccountsError, Household};
use domain::registry::{HomeSettings, Registry as _};
use sqlite::Accounts;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_registries_holds() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path().join("accounts.db")).await.unwrap();
    testkit::suites::registry::run_all(&accounts).await;
}

async fn home(accounts: &Accounts) -> HouseholdId {
    let id = HouseholdId::from_bytes([7; 16]);
    let household = Household { id, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
    accounts.put_household(&household).await.unwrap();
    accounts.put_settings(id, 0, &HomeSettings::default()).await.unwrap();
    id
}

/// What somebody does to the file behind our back.
async fn run(path: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_not_taken_for_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let accounts = Accounts::open(&path).await.unwrap();
    let home = home(&accounts).await;
    for damage in [
        "UPDATE home_settings SET settings = '{\"currency\":'",
        "UPDATE home_settings SET settings = '{\"currency\":\"euro\"}'",
        "UPDATE home_settings SET settings = '{\"colour\":\"red\"}'",
    ] {
        run(&path, damage).await;
        let read = accounts.settings(home).await;
        let is_refused = matches!(read, Err(AccountsError::Refused { operation: "read the settings", .. }));
        assert!(is_refused, "{read:?}");
    }
}

#[tokio::test]
async fn settings_go_with_their_household() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let accounts = Accounts::open(&path).await.unwrap();
    let id = home(&accounts).await;
    assert_eq!(accounts.settings(id).await.unwrap().revision, 1);
    run(&path, "DELETE FROM household").await;
    assert_eq!(accounts.settings(id).await.unwrap().revision, 0);
    assert_eq!(home(&accounts).await, id);
    assert_eq!(accounts.settings(id).await.unwrap().revision, 1);
}
