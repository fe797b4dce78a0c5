#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::path::Path;

use domain::accounts::{Accounts as _, Household};
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Alerts as _, Channel, Facts, Letter, LetterId};
use domain::{HouseholdId, UtcMillis};
use sqlite::Accounts;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

#[tokio::test(flavor = "multi_thread")]
async fn alerts_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path().join("accounts.db")).await.unwrap();
    testkit::suites::alerts::run_all(&accounts).await;
}

/// What somebody does to the file behind our back.
async fn run(path: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn alerts_and_letters_go_with_their_household() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let accounts = Accounts::open(&path).await.unwrap();
    let household = HouseholdId::from_bytes([7; 16]);
    let home = Household { id: household, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
    accounts.put_household(&home).await.unwrap();
    let alert = Alert {
        id: AlertId::from_bytes([1; 16]),
        household,
        key: AlertKey::home(AlertKind::Budget),
        began: UtcMillis(0),
        raised: UtcMillis(0),
        ended: None,
        acknowledged: None,
        facts: Facts::default(),
    };
    let letter = Letter {
        id: LetterId::from_bytes([2; 16]),
        household,
        channel: Channel::Email,
        to: "ada@example.org".to_owned(),
        subject: "Budget".to_owned(),
        body: "It will cost more.".to_owned(),
        created: UtcMillis(0),
        attempts: 0,
    };
    assert!(accounts.raise(&[alert], &[letter]).await.unwrap());
    let seen = async || {
        let alerts = accounts.alerts(household, UtcMillis(0), 10).await.unwrap().len();
        let letters = accounts.take_letters(UtcMillis(0), UtcMillis(0), 10).await.unwrap().len();
        let watched = accounts.watched(None, 10).await.unwrap().len();
        (alerts, letters, watched)
    };
    assert_eq!(seen().await, (1, 1, 1));
    run(&path, "DELETE FROM household").await;
    assert_eq!(seen().await, (0, 0, 0));
}
