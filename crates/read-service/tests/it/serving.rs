use std::sync::Arc;

use async_trait::async_trait;
use domain::measurement::{MeasurementQuery, SocketSums, StoreError, StoredTick};
use domain::{HubId, TimeRange};
use reqwest::{Method, StatusCode};
use testkit::containers::hub;

use crate::server::{Server, always, household, send, utc};

/// A store that is worse than down.
struct Broken;

#[async_trait]
impl MeasurementQuery for Broken {
    async fn ticks(&self, _: HubId, _: TimeRange) -> Result<Vec<StoredTick>, StoreError> {
        panic!("a bug in the store")
    }

    async fn quarter_hours(&self, _: HubId, _: TimeRange) -> Result<Vec<SocketSums>, StoreError> {
        self.ready().await?;
        Ok(Vec::new())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let reason = "db.internal:8086 says no".to_owned();
        Err(StoreError::Unavailable { operation: "asking", reason, retry_after: None })
    }
}

/// A store with more ticks than anybody waits for.
struct Endless;

#[async_trait]
impl MeasurementQuery for Endless {
    async fn ticks(&self, _: HubId, _: TimeRange) -> Result<Vec<StoredTick>, StoreError> {
        Ok(Vec::new())
    }

    async fn quarter_hours(&self, _: HubId, _: TimeRange) -> Result<Vec<SocketSums>, StoreError> {
        std::future::pending().await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn what_takes_too_long_to_sum_up_is_said_to_be_on_its_way() {
    let server = Server::start_with(utc("2026-11-21T12:00:00Z"), Some(Arc::new(Endless)), None).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let answer = server.get(&path("1h"), &token).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.body["type"], "urn:wattline:summing-up");
    // Once it is rolled up, nobody has to wait for it.
    server.roll_up(hub(1), TimeRange::new(utc("2026-11-21T00:00:00Z"), utc("2026-11-21T01:00:00Z"))).await;
    assert_eq!(server.get(&path("1h"), &token).await.status, StatusCode::OK);
}

fn path(bucket: &str) -> String {
    format!(
        "/v1/households/{}/usage?from=2026-11-21T00:00:00Z&to=2026-11-21T01:00:00Z&bucket={bucket}",
        household()
    )
}

#[tokio::test]
async fn failures_are_problems_that_hide_their_cause() {
    let server = Server::start_with(utc("2026-11-21T12:00:00Z"), Some(Arc::new(Broken)), None).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let down = server.get(&path("1h"), &token).await;
    assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE);
    let panicked = server.get(&path("tick"), &token).await;
    assert_eq!(panicked.status, StatusCode::INTERNAL_SERVER_ERROR);
    for answer in [down, panicked] {
        assert!(!answer.body.to_string().contains("internal:8086"), "{}", answer.body);
        assert!(answer.headers.contains_key("x-request-id"));
    }
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/health/live", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_id_of_a_request_comes_back() {
    let server = Server::start(utc("2026-11-21T12:00:00Z")).await;
    let request = server.request(Method::GET, "/health/live").header("x-request-id", "from-the-browser");
    assert_eq!(send(request).await.headers["x-request-id"], "from-the-browser");
    assert!(!server.get("/nothing", "").await.headers["x-request-id"].is_empty());
}

#[tokio::test]
async fn other_methods_are_refused() {
    let server = Server::start(utc("2026-11-21T12:00:00Z")).await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = send(server.request(method, &path("1h"))).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn answers_are_compressed_and_the_description_is_served() {
    let server = Server::start(utc("2026-11-21T12:00:00Z")).await;
    let plain = server.get("/openapi.json", "").await;
    assert_eq!(plain.body["info"]["title"], "Wattline read-service");
    let request = server.request(Method::GET, "/openapi.json").header("accept-encoding", "gzip");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let body = answer.bytes().await.unwrap();
    assert_eq!(body[..2], [0x1f, 0x8b]);
    assert!(body.len() < plain.body.to_string().len() / 2);
}
