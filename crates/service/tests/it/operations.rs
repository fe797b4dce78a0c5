//! What operators ask, as they see it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use service::Metrics;
use service::health::Health;
use service::operations;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A service that is ready when told so.
struct World {
    operations: SocketAddr,
    api: SocketAddr,
    is_ready: Arc<AtomicBool>,
    shutdown: CancellationToken,
    end: CancellationToken,
}

impl World {
    async fn new() -> Self {
        let [operations, api] = [listener().await, listener().await];
        let is_ready = Arc::new(AtomicBool::new(false));
        let (shutdown, end) = (CancellationToken::new(), CancellationToken::new());
        let metrics = Metrics::of_process("test");
        let ready = is_ready.clone();
        let health = Health::new(shutdown.clone(), move || {
            let is_ready = ready.load(Ordering::Relaxed);
            async move { if is_ready { Ok(()) } else { Err("The store is not available.".to_owned()) } }
        });
        let world = Self {
            operations: operations.local_addr().unwrap(),
            api: api.local_addr().unwrap(),
            is_ready,
            shutdown,
            end,
        };
        let router = Router::new().route("/homes/{home}", get(|| async { "a home" }));
        let (stop, end) = (world.shutdown.clone(), world.end.clone());
        tokio::spawn(operations::serve(operations, "test", metrics.clone(), health, end));
        tokio::spawn(async move { service::http::serve(api, router, &metrics, stop).await });
        world
    }

    async fn ask(&self, path: &str) -> (u16, String) {
        get_text(self.operations, path).await
    }

    async fn status(&self, path: &str) -> u16 {
        self.ask(path).await.0
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

async fn get_text(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn readiness_comes_and_goes_and_a_start_stays() {
    let world = World::new().await;
    assert_eq!(world.status("/health/live").await, 200);
    assert_eq!(world.status("/health/started").await, 503);
    let (status, problem) = world.ask("/health/ready").await;
    assert_eq!(status, 503);
    assert!(problem.contains("The store is not available."), "{problem}");

    world.is_ready.store(true, Ordering::Relaxed);
    assert_eq!(world.status("/health/ready").await, 200);
    world.is_ready.store(false, Ordering::Relaxed);
    assert_eq!(world.status("/health/ready").await, 503);
    assert_eq!(world.status("/health/started").await, 200);
}

#[tokio::test]
async fn who_stops_is_not_ready_and_still_says_so() {
    let world = World::new().await;
    world.is_ready.store(true, Ordering::Relaxed);
    assert_eq!(world.status("/health/ready").await, 200);
    world.shutdown.cancel();
    let (status, problem) = world.ask("/health/ready").await;
    assert_eq!(status, 503);
    assert!(problem.contains("stopping"), "{problem}");
    assert_eq!(world.status("/health/live").await, 200);
    world.end.cancel();
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_what_somebody_made_up() {
    let world = World::new().await;
    for path in ["/homes/1", "/homes/2", "/secret/of/ada"] {
        get_text(world.api, path).await;
    }
    let (status, page) = world.ask("/metrics").await;
    assert_eq!(status, 200);
    let line = |text: &str| assert!(page.lines().any(|line| line == text), "{text} is not in {page}");
    line("wattline_http_requests_total{method=\"GET\",route=\"/homes/{home}\",status=\"200\"} 2");
    line("wattline_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1");
    line("wattline_http_request_duration_seconds_count{method=\"GET\",route=\"/homes/{home}\"} 2");
    line("wattline_http_requests_in_flight 0");
    assert!(!page.contains("ada"), "{page}");
    // Asking for this page is not counted.
    assert!(!page.contains("/metrics"), "{page}");
}

#[tokio::test]
async fn it_says_what_it_is() {
    let world = World::new().await;
    let (status, version) = world.ask("/version").await;
    let version: Value = serde_json::from_str(&version).unwrap();
    assert_eq!(status, 200);
    assert_eq!(version["service"], "test");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
}
