use domain::access::{Role, Scope};
use domain::accounts::{Accounts as _, Credentials, Household, Person};
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens as _};
use domain::{HouseholdId, PersonId, UtcMillis};
use sqlite::Accounts;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

#[tokio::test(flavor = "multi_thread")]
async fn personal_tokens_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path().join("accounts.db")).await.unwrap();
    testkit::suites::personal_tokens::run_all(&accounts).await;
}

#[tokio::test]
async fn a_personal_token_ends_with_the_membership() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let accounts = Accounts::open(&path).await.unwrap();
    let (person, household) = (PersonId::from_bytes([1; 16]), HouseholdId::from_bytes([2; 16]));
    let ada = Person { id: person, email: "ada@example.org".to_owned(), name: "Ada".to_owned() };
    accounts.create_person(&Credentials { person: ada, password_hash: "hash".to_owned() }).await.unwrap();
    let home = Household { id: household, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
    accounts.put_household(&home).await.unwrap();
    accounts.put_member(household, person, Role::Owner).await.unwrap();
    let token = PersonalToken {
        id: PersonalTokenId::from_bytes([3; 16]),
        person,
        household,
        name: "Shelf".to_owned(),
        scopes: vec![Scope::Usage],
        secret_hash: [4; 32],
        created: UtcMillis(0),
        expires: None,
        last_used: None,
    };
    assert!(accounts.create_token(&token, 1, None).await.unwrap());
    assert_eq!(accounts.tokens(person).await.unwrap(), [token]);

    let options = SqliteConnectOptions::new().filename(&path).foreign_keys(true);
    let file = SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("DELETE FROM membership").execute(&file).await.unwrap();
    assert_eq!(accounts.tokens(person).await.unwrap(), []);
    assert_eq!(accounts.use_token(&[4; 32], UtcMillis(1)).await.unwrap(), None);
}
