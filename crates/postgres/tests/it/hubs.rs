use crate::{accounts_at, start};

#[tokio::test(flavor = "multi_thread")]
async fn hub_credentials_keep_the_contract() {
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    let accounts = accounts_at(server.database("accounts").unwrap());
    testkit::suites::hubs::run_all(&accounts).await;
}
