//! The accounts in a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod alerts;
mod hubs;
mod people;
mod personal_tokens;
mod registry;
mod schema;
mod tls;

use std::time::{Duration, Instant};

use domain::accounts::{Accounts as _, AccountsError};
use postgres::{Accounts, Config};
use testkit::servers::{PostgreSql, free_port};

fn start() -> PostgreSql {
    PostgreSql::start().expect("PostgreSQL must start")
}

fn accounts_at(url: String) -> Accounts {
    Accounts::connect(&Config::new(url.into())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    let accounts = accounts_at(server.database("accounts").unwrap());
    testkit::suites::accounts::run_all(&accounts).await;
    testkit::suites::registry::run_all(&accounts).await;
    accounts.migrate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_replicas_may_start_at_once() {
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    let url = server.database("accounts").unwrap();
    let replicas: Vec<_> = (0..4).map(|_| accounts_at(url.clone())).collect();
    let (a, b, c, d) = tokio::join!(
        replicas[0].migrate(),
        replicas[1].migrate(),
        replicas[2].migrate(),
        replicas[3].migrate()
    );
    for outcome in [a, b, c, d] {
        outcome.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_the_database_going_away() {
    let mut server = tokio::task::spawn_blocking(start).await.unwrap();
    let accounts = accounts_at(server.database("accounts").unwrap());
    accounts.ready().await.unwrap();
    let mut server = tokio::task::spawn_blocking(move || {
        server.kill();
        server
    })
    .await
    .unwrap();
    let down = accounts.ready().await;
    assert!(matches!(down, Err(AccountsError::Unavailable { operation: "ready", .. })), "{down:?}");
    let server = tokio::task::spawn_blocking(move || {
        server.restart().unwrap();
        server
    })
    .await
    .unwrap();
    testkit::wait::until(Duration::from_secs(20), "the accounts are back", async || {
        accounts.ready().await.ok()
    })
    .await;
    drop(server);
}

#[tokio::test]
async fn without_a_database_it_starts_and_every_call_ends_in_time() {
    let accounts = accounts_at(format!("postgres://postgres@127.0.0.1:{}/accounts", free_port()));
    let begin = Instant::now();
    let (first, second) = tokio::join!(accounts.ready(), accounts.credentials_by_email("a@example.org"));
    assert!(matches!(first, Err(AccountsError::Unavailable { .. })), "{first:?}");
    assert!(matches!(second, Err(AccountsError::Unavailable { .. })), "{second:?}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_malformed_url_is_refused_without_being_repeated() {
    let config = Config::new("postgres//hunter2".into());
    let error = Accounts::connect(&config).err().unwrap();
    assert!(!error.to_string().contains("hunter2"));
    assert!(!format!("{config:?}").contains("hunter2"));
}
