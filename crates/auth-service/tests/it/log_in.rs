use std::time::{Duration, Instant};

use auth_service::SessionsConfig;
use domain::UtcMillis;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::server::{PASSWORD, Server};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_look_alike() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    let mut one_verification = fastest_verification().await;
    let mut answers = Vec::new();
    let mut fastest_answers = Vec::new();
    for email in ["ada@example.org", "eve@example.org"] {
        // The fastest of some: others on the machine can only make it slower.
        let mut fastest = Duration::MAX;
        for _ in 0..3 {
            let begin = Instant::now();
            let refused = server.log_in(email, "wrong").await;
            fastest = fastest.min(begin.elapsed());
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
            answers.push(refused.body);
        }
        fastest_answers.push((email, fastest));
        one_verification = one_verification.min(fastest_verification().await);
    }
    for (email, fastest) in fastest_answers {
        assert!(fastest > one_verification / 2, "{email}: {fastest:?} of {one_verification:?}");
    }
    assert_eq!(answers[0]["detail"], "Wrong e-mail or password.");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    server.stop().await;
}

/// What checking one password takes on this machine.
async fn fastest_verification() -> Duration {
    use argon2::password_hash::{PasswordHasher, phc::PasswordHash};
    tokio::task::spawn_blocking(|| {
        let hash_once = || {
            let begin = Instant::now();
            let hash: PasswordHash = argon2::Argon2::default().hash_password(b"wrong").unwrap();
            assert!(hash.hash.is_some());
            begin.elapsed()
        };
        (0..5).map(|_| hash_once()).min().unwrap()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn malformed_log_ins_name_the_field() {
    let server = Server::with_sqlite().await;
    for (body, field) in [
        (json!({ "email": " ", "password": "x" }), json!("email")),
        (json!({ "email": "a".repeat(255), "password": "x" }), json!("email")),
        (json!({ "email": "a@example.org", "password": "" }), json!("password")),
        (json!({ "email": "a@example.org", "password": "x".repeat(1_025) }), json!("password")),
        (json!({ "email": 1, "password": "x" }), json!("email")),
        (json!({ "email": "a@example.org", "password": "x", "remember": true }), json!("remember")),
        (json!({ "email": "a@example.org" }), json!(null)),
        (json!([]), json!(null)),
    ] {
        let refused = server.send(server.request(Method::POST, "/v1/sessions").json(&body)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(refused.body["field"], field, "{}", refused.body);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.starts_with(char::is_uppercase) && detail.ends_with('.'), "{detail}");
        assert!(!detail.contains("line"), "{detail}");
    }
    let cut_off = server
        .request(Method::POST, "/v1/sessions")
        .header("content-type", "application/json")
        .body("{\"email\":");
    assert_eq!(server.send(cut_off).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = server.request(Method::POST, "/v1/sessions").body("email=a&password=b");
    assert_eq!(server.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let huge = server.log_in("a@example.org", &"x".repeat(50_000)).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    let wrong_method = server.send(server.request(Method::PATCH, "/v1/sessions")).await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    server.stop().await;
}

#[tokio::test]
async fn only_a_hash_of_the_secret_is_kept() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    let secret = server.secret_of("ada@example.org").await;
    let hash: [u8; 32] = Sha256::digest(&secret).into();
    assert!(server.accounts.session(&hash, server.now()).await.unwrap().is_some());
    server.stop().await;
}

#[tokio::test]
async fn without_a_secret_of_ours_nobody_is_logged_in() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    let mut forged = server.secret_of("ada@example.org").await;
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    for secret in [forged.as_str(), "", "wls_", "nonsense"] {
        assert_eq!(server.get("/v1/sessions/current", secret).await.status, StatusCode::UNAUTHORIZED);
    }
    let basic = server.request(Method::GET, "/v1/sessions/current").basic_auth("ada", Some(PASSWORD));
    assert_eq!(server.send(basic).await.status, StatusCode::UNAUTHORIZED);
    let none = server.request(Method::GET, "/v1/sessions/current");
    assert_eq!(server.send(none).await.status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn a_session_ends_when_its_life_is_over() {
    let server = Server::with_settings(SessionsConfig { life_hours: 1, ..SessionsConfig::default() }).await;
    server.settle("ada@example.org", false).await;
    let answer = server.log_in("ada@example.org", PASSWORD).await;
    let expires: UtcMillis =
        answer.body["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().into();
    assert_eq!(expires, server.now().plus_millis(3_600_000));
    let secret = answer.body["secret"].as_str().unwrap();
    server.clock.set(expires.plus_millis(-1));
    assert_eq!(server.get("/v1/sessions/current", secret).await.status, StatusCode::OK);
    server.clock.set(expires);
    assert_eq!(server.get("/v1/sessions/current", secret).await.status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn expired_sessions_are_forgotten_in_time() {
    let settings = SessionsConfig { life_hours: 1, purge_interval_seconds: 1, ..SessionsConfig::default() };
    let server = Server::with_settings(settings).await;
    server.settle("ada@example.org", false).await;
    let hash: [u8; 32] = Sha256::digest(server.secret_of("ada@example.org").await).into();
    let long_ago = UtcMillis(0);
    assert!(server.accounts.session(&hash, long_ago).await.unwrap().is_some());
    server.clock.advance_millis(3_600_000);
    testkit::wait::until(Duration::from_secs(20), "the session is forgotten", async || {
        server.accounts.session(&hash, long_ago).await.unwrap().is_none().then_some(())
    })
    .await;
    server.stop().await;
}
