use std::os::unix::fs::PermissionsExt;

use domain::PersonId;
use domain::accounts::{Accounts as _, Credentials, Person};
use sqlite::Accounts;

#[tokio::test(flavor = "multi_thread")]
async fn accounts_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path().join("accounts.db")).await.unwrap();
    testkit::suites::accounts::run_all(&accounts).await;
}

#[tokio::test]
async fn accounts_are_there_after_a_restart_and_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below").join("accounts.db");
    let id = PersonId::from_bytes([7; 16]);
    let person = Person { id, email: "a@example.org".to_owned(), name: "A".to_owned() };
    let credentials = Credentials { person, password_hash: "hash".to_owned() };
    let accounts = Accounts::open(&path).await.unwrap();
    accounts.create_person(&credentials).await.unwrap();
    accounts.close().await;
    assert!(accounts.ready().await.is_err());

    let accounts = Accounts::open(&path).await.unwrap();
    assert_eq!(accounts.credentials_by_email("a@example.org").await.unwrap(), Some(credentials));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
