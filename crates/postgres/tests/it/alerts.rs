use domain::accounts::{Accounts as _, Household};
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Alerts as _, Channel, Facts, Letter, LetterId};
use domain::{HouseholdId, UtcMillis};
use sqlx::{Connection as _, PgConnection};

use crate::{accounts_at, start};

#[tokio::test(flavor = "multi_thread")]
async fn alerts_keep_the_contract() {
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    let accounts = accounts_at(server.database("accounts").unwrap());
    testkit::suites::alerts::run_all(&accounts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_letters_go_with_their_household() {
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    let url = server.database("accounts").unwrap();
    let accounts = accounts_at(url.clone());
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
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("DELETE FROM household").execute(&mut connection).await.unwrap();
    assert_eq!(seen().await, (0, 0, 0));
}
