use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use domain::UtcMillis;
use futures_util::stream;
use testkit::FakeClock;
use tokio::net::TcpListener;

use super::*;

mod tokens;

const LIMITS: Limits = Limits {
    answer: Duration::from_millis(500),
    renewal: Duration::from_millis(500),
    silence: Duration::from_secs(1),
};
const PIECES: usize = 15;
const PAUSE: Duration = Duration::from_millis(100);

/// Both services in one: a piece every [`PAUSE`], and then the end, or nothing more.
async fn upstream(ends: bool) -> Upstream {
    let token = || async { axum::Json(serde_json::json!({ "access_token": "t", "expires_in": 600 })) };
    let slow = move || async move {
        Body::from_stream(stream::unfold(0, move |piece| async move {
            if piece == PIECES {
                if ends {
                    return None;
                }
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(PAUSE).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"row\n")), piece + 1))
        }))
    };
    let router = Router::new().route("/v1/tokens", post(token)).route("/slow", get(slow));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config = UpstreamConfig { auth_url: url.clone(), read_url: url, ..UpstreamConfig::default() };
    Upstream::within(LIMITS, &config, Arc::new(FakeClock::at(UtcMillis(0)))).unwrap()
}

async fn read(upstream: &Upstream, length: Length) -> Result<Bytes, reqwest::Error> {
    let household = HouseholdId::from_bytes([1; 16]);
    upstream.read("secret", household, "/slow", None, length).await.unwrap().bytes().await
}

#[tokio::test]
async fn a_long_answer_may_take_longer_than_a_short_one() {
    let upstream = upstream(true).await;
    let begin = Instant::now();
    assert_eq!(read(&upstream, Length::Long).await.unwrap().len(), 4 * PIECES);
    assert!(begin.elapsed() > 2 * LIMITS.answer, "{:?}", begin.elapsed());
    assert!(read(&upstream, Length::Short).await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_long_answer_that_falls_silent_is_broken_off() {
    let upstream = upstream(false).await;
    assert!(read(&upstream, Length::Long).await.is_err());
}

#[tokio::test]
async fn only_the_tokens_in_question_are_forgotten() {
    let upstream = upstream(true).await;
    let home = |n| HouseholdId::from_bytes([n; 16]);
    let is_kept = async |secret: &str, n: u8| !upstream.token(secret, home(n)).await.unwrap().is_new;
    for (secret, n) in [("wls_a", 1), ("wls_a", 2), ("wlp_b", 1)] {
        assert!(!is_kept(secret, n).await);
        assert!(is_kept(secret, n).await);
    }
    upstream.programs_changed(Change::Made);
    assert!(!is_kept("wlp_b", 1).await && is_kept("wls_a", 1).await);
    upstream.household_changed(home(1), Change::Made);
    assert!(!is_kept("wlp_b", 1).await && !is_kept("wls_a", 1).await && is_kept("wls_a", 2).await);
    upstream.forget("wls_a");
    assert!(!is_kept("wls_a", 2).await && is_kept("wlp_b", 1).await);
}
