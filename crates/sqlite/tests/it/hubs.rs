use sqlite::Accounts;

#[tokio::test(flavor = "multi_thread")]
async fn hub_credentials_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path().join("accounts.db")).await.unwrap();
    testkit::suites::hubs::run_all(&accounts).await;
}
