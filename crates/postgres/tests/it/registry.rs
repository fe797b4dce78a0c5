use domain::HouseholdId;
use domain::accounts::{Accounts as _, AccountsError, Household};
use domain::registry::{HomeSettings, Registry as _};
use postgres::Accounts;
use sqlx::{Connection as _, PgConnection};

async fn home(accounts: &Accounts) -> HouseholdId {
    let id = HouseholdId::from_bytes([7; 16]);
    let household = Household { id, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
    accounts.put_household(&household).await.unwrap();
    accounts.put_settings(id, 0, &HomeSettings::default()).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_does_to_settings_behind_our_back() {
    let server = tokio::task::spawn_blocking(crate::start).await.unwrap();
    let url = server.database("accounts").unwrap();
    let accounts = crate::accounts_at(url.clone());
    let id = home(&accounts).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    // They are not taken for the defaults.
    for damage in [
        "UPDATE home_settings SET settings = '{\"currency\":'",
        "UPDATE home_settings SET settings = '{\"currency\":\"euro\"}'",
        "UPDATE home_settings SET settings = '{\"colour\":\"red\"}'",
    ] {
        sqlx::query(damage).execute(&mut connection).await.unwrap();
        let read = accounts.settings(id).await;
        let is_refused = matches!(read, Err(AccountsError::Refused { operation: "read the settings", .. }));
        assert!(is_refused, "{read:?}");
    }
    // They go with their household.
    sqlx::query("DELETE FROM household").execute(&mut connection).await.unwrap();
    assert_eq!(accounts.settings(id).await.unwrap().revision, 0);
    assert_eq!(home(&accounts).await, id);
    assert_eq!(accounts.settings(id).await.unwrap().revision, 1);
}
