use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use testkit::servers::PostgreSql;

use crate::server::{PASSWORD, Server};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_down_nobody_logs_in_and_afterwards_everybody_does() {
    let postgres = tokio::task::spawn_blocking(|| PostgreSql::start().unwrap()).await.unwrap();
    let config = postgres::Config::new(postgres.database("accounts").unwrap().into());
    let accounts = Arc::new(postgres::Accounts::connect(&config).unwrap());
    let server = Server::with_stores(accounts).await;
    server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;

    let postgres = on_thread(postgres, PostgreSql::kill).await;
    let refused = server.log_in("ada@example.org", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body);
    assert_eq!(refused.headers["retry-after"], "2");
    assert!(!refused.body.to_string().contains("pool"), "{}", refused.body);
    let ready = server.send(server.request(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let live = server.send(server.request(Method::GET, "/health/live")).await;
    assert_eq!(live.status, StatusCode::OK);

    let _postgres = on_thread(postgres, |postgres| postgres.restart().unwrap()).await;
    testkit::wait::until(Duration::from_secs(20), "somebody can log in again", async || {
        let answer = server.log_in("ada@example.org", PASSWORD).await;
        (answer.status == StatusCode::CREATED).then_some(())
    })
    .await;
    assert_eq!(server.get("/v1/sessions/current", &secret).await.status, StatusCode::OK);
    server.stop().await;
}

async fn on_thread(
    mut postgres: PostgreSql,
    work: impl FnOnce(&mut PostgreSql) + Send + 'static,
) -> PostgreSql {
    let task = tokio::task::spawn_blocking(move || {
        work(&mut postgres);
        postgres
    });
    task.await.unwrap()
}
