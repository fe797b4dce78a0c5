//! When the auth-service is asked for a token, and what is done without its answer.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::response::IntoResponse;
use futures_util::future::join_all;
use tokio::sync::watch;

use super::*;

const SECRET: &str = "wls_a";

/// Counts how often it is asked.
struct AuthService {
    asked: Arc<AtomicU32>,
    status: Arc<Mutex<StatusCode>>,
    /// Whether it answers now.
    open: watch::Sender<bool>,
    clock: Arc<FakeClock>,
    upstream: Upstream,
}

impl AuthService {
    async fn start() -> Self {
        let (asked, status) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(StatusCode::OK)));
        let (open, opened) = watch::channel(true);
        let token = {
            let (asked, status) = (asked.clone(), status.clone());
            move || async move {
                let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
                opened.clone().wait_for(|open| *open).await.unwrap();
                let status = *status.lock().unwrap_or_else(PoisonError::into_inner);
                let token = format!("token {number}");
                let body = serde_json::json!({ "access_token": token, "expires_in": 600 });
                if status.is_success() { axum::Json(body).into_response() } else { status.into_response() }
            }
        };
        let router = Router::new().route("/v1/tokens", post(token));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let config = UpstreamConfig { auth_url: url, ..UpstreamConfig::default() };
        let clock = Arc::new(FakeClock::at(UtcMillis(0)));
        let upstream = Upstream::new(&config, clock.clone()).unwrap();
        Self { asked, status, open, clock, upstream }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn answers(&self, status: StatusCode) {
        *self.status.lock().unwrap() = status;
    }

    async fn token(&self) -> Result<String, u16> {
        let held = self.upstream.token(SECRET, HouseholdId::from_bytes([1; 16])).await;
        held.map(|held| held.token).map_err(|problem| problem.status)
    }

    async fn is_asked(&self, times: u32) {
        testkit::wait::until(Duration::from_secs(5), "it is asked", async || {
            (self.asked() >= times).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn however_many_want_a_token_it_is_asked_for_once_in_half_a_minute() {
    let auth = AuthService::start().await;
    for round in 1..=3 {
        let all = join_all((0..20).map(|_| auth.token())).await;
        assert!(all.iter().all(|token| *token == Ok(format!("token {round}"))), "{all:?}");
        auth.clock.advance_millis(STANDS_MILLIS - 1);
        assert_eq!(auth.token().await, Ok(format!("token {round}")));
        assert_eq!(auth.asked(), round);
        auth.clock.advance_millis(1);
    }
}

#[tokio::test]
async fn a_token_is_used_on_while_the_auth_service_fails_and_it_is_not_asked_more_often() {
    let auth = AuthService::start().await;
    assert_eq!(auth.token().await, Ok("token 1".to_owned()));
    auth.answers(StatusCode::SERVICE_UNAVAILABLE);
    for half_minute in 1..18 {
        auth.clock.advance_millis(STANDS_MILLIS);
        for _ in 0..3 {
            assert_eq!(auth.token().await, Ok("token 1".to_owned()));
        }
        assert_eq!(auth.asked(), 1 + half_minute);
    }
    auth.clock.advance_millis(STANDS_MILLIS);
    assert_eq!(auth.token().await, Err(503), "a minute before it ends");
    auth.answers(StatusCode::OK);
    assert!(auth.token().await.is_ok());
}

#[tokio::test]
async fn who_is_refused_is_asked_about_again_and_gets_nothing_that_was_there_before() {
    for refusal in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let auth = AuthService::start().await;
        assert!(auth.token().await.is_ok());
        auth.clock.advance_millis(STANDS_MILLIS);
        auth.answers(refusal);
        assert_eq!(auth.token().await, Err(refusal.as_u16()));
        assert_eq!(auth.upstream.stands(SECRET, HouseholdId::from_bytes([1; 16])).await, None);
        auth.answers(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(auth.token().await, Err(503));
    }
}

#[tokio::test]
async fn after_a_change_that_may_have_been_made_a_token_is_asked_for_and_used_on_if_nobody_answers() {
    let auth = AuthService::start().await;
    assert_eq!(auth.token().await, Ok("token 1".to_owned()));
    auth.answers(StatusCode::SERVICE_UNAVAILABLE);
    auth.upstream.anybody_changed(Change::Unknown);
    for _ in 0..3 {
        assert_eq!(auth.token().await, Ok("token 1".to_owned()));
    }
    assert_eq!(auth.asked(), 2, "and not more often than before");
    auth.answers(StatusCode::OK);
    auth.upstream.anybody_changed(Change::Unknown);
    assert_eq!(auth.token().await, Ok("token 3".to_owned()));
    auth.answers(StatusCode::UNAUTHORIZED);
    auth.upstream.anybody_changed(Change::Unknown);
    assert_eq!(auth.token().await, Err(401));
}

#[tokio::test]
async fn what_was_asked_for_before_such_a_change_is_asked_for_again_after_it() {
    let auth = AuthService::start().await;
    auth.open.send_replace(false);
    let changed = async {
        auth.is_asked(1).await;
        auth.upstream.anybody_changed(Change::Unknown);
        auth.open.send_replace(true);
    };
    let (token, ()) = tokio::join!(auth.token(), changed);
    assert_eq!(token, Ok("token 1".to_owned()));
    assert_eq!(auth.token().await, Ok("token 2".to_owned()));
}

#[tokio::test]
async fn what_was_refused_has_no_token_asked_for() {
    let auth = AuthService::start().await;
    assert_eq!(auth.token().await, Ok("token 1".to_owned()));
    for status in [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND, StatusCode::CONFLICT] {
        auth.upstream.anybody_changed(Change::of(Some(status)));
    }
    assert_eq!((auth.token().await, auth.asked()), (Ok("token 1".to_owned()), 1));
    assert_eq!(Change::of(Some(StatusCode::NO_CONTENT)), Change::Made);
    assert_eq!(Change::of(Some(StatusCode::BAD_GATEWAY)), Change::Unknown);
    assert_eq!(Change::of(None), Change::Unknown);
}

#[tokio::test]
async fn what_is_forgotten_while_it_is_under_way_is_not_kept() {
    let auth = AuthService::start().await;
    auth.open.send_replace(false);
    let logged_out = async {
        auth.is_asked(1).await;
        auth.upstream.forget(SECRET);
        auth.open.send_replace(true);
    };
    let (token, ()) = tokio::join!(auth.token(), logged_out);
    assert_eq!(token, Ok("token 1".to_owned()));
    assert_eq!(auth.token().await, Ok("token 2".to_owned()));
}

#[tokio::test]
async fn who_stops_waiting_holds_up_nobody() {
    let auth = AuthService::start().await;
    auth.open.send_replace(false);
    tokio::select! {
        token = auth.token() => panic!("{token:?}"),
        () = auth.is_asked(1) => {}
    }
    let opened = async {
        auth.is_asked(2).await;
        auth.open.send_replace(true);
    };
    let (token, ()) = tokio::join!(auth.token(), opened);
    assert_eq!(token, Ok("token 2".to_owned()));
}
