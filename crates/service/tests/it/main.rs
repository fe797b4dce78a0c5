//! Serving HTTP, as a client sees it.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod operations;
mod tls;

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use service::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Server {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

async fn server() -> Server {
    let router = Router::new()
        .route("/echo", post(|body: String| async move { body }))
        .route("/panic", get(on_purpose));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let shutdown = CancellationToken::new();
    let task = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { service::http::serve(listener, router, &Metrics::default(), shutdown).await }
    });
    Server { address, shutdown, task }
}

async fn on_purpose() -> &'static str {
    panic!("on purpose")
}

async fn ask(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("it answers").expect("as text");
    answer
}

fn post_request(length: usize) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
}

#[tokio::test]
async fn every_refusal_is_a_problem_and_has_a_request_id() {
    let server = server().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (request, status) in [(get("/none"), 404), (get("/panic"), 500), (post_request(1 << 20), 413)] {
        let answer = ask(&server, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
        assert!(!answer.contains("on purpose"), "{answer}");
    }
    assert!(ask(&server, &(post_request(5) + "hello")).await.ends_with("hello"));
}

#[tokio::test]
async fn a_connection_that_says_nothing_does_not_hold_up_the_end() {
    let server = server().await;
    let silent = TcpStream::connect(server.address).await.expect("it listens");
    // An answer on another connection: by now the silent one was accepted too.
    ask(&server, &(post_request(2) + "ok")).await;
    let began = Instant::now();
    server.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(10), server.task).await.expect("it ends").unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    drop(silent);
}
