//! TLS to a server with a certificate of an authority of our own.

use domain::accounts::Accounts as _;
use postgres::{Accounts, Config};
use testkit::certificates::Authority;
use testkit::servers::PostgreSql;

fn start() -> (Authority, PostgreSql, String) {
    let authority = Authority::new().unwrap();
    let server = PostgreSql::start_with_tls(&authority.issue("postgres", &["127.0.0.1"]).unwrap()).unwrap();
    let url = server.database("accounts").unwrap();
    (authority, server, url)
}

async fn outcome(url: String, ca: Option<String>) -> Result<(), String> {
    let config = Config { ca, ..Config::new(url.into()) };
    Accounts::connect(&config).unwrap().ready().await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_sslmode_only_a_server_that_is_certified_gets_the_password() {
    let (authority, server, url) = tokio::task::spawn_blocking(start).await.unwrap();
    let ca = Some(std::fs::read_to_string(authority.ca()).unwrap());
    for mode in ["require", "verify-ca", "verify-full"] {
        let safe = format!("{url}?sslmode={mode}");
        outcome(safe.clone(), ca.clone()).await.unwrap();
        let unknown = outcome(safe.clone(), None).await.unwrap_err();
        assert!(unknown.contains("UnknownIssuer"), "{mode}: {unknown}");
        let other_name = outcome(safe.replace("127.0.0.1", "localhost"), ca.clone()).await.unwrap_err();
        assert!(other_name.contains("not valid for name"), "{mode}: {other_name}");
    }

    let config = Config { ca, ..Config::new(format!("{url}?sslmode=verify-full").into()) };
    let accounts = Accounts::connect(&config).unwrap();
    accounts.ready().await.unwrap();
    let encrypted = tokio::task::spawn_blocking(move || {
        let ours = "FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'wattline'";
        server.sql(&format!("SELECT bool_and(ssl) {ours}")).unwrap()
    })
    .await
    .unwrap();
    assert_eq!(encrypted.trim(), "t");
}
