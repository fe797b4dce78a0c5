//! Where one is logged in, and how often one may try.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::server::{PASSWORD, Server};

#[tokio::test]
async fn sessions_are_listed_and_closed() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    server.settle("eve@example.org", false).await;
    let here = server.secret_of("ada@example.org").await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let phone = server.request(Method::POST, "/v1/sessions").header("user-agent", "Phone/1.0").json(&body);
    server.clock.advance_millis(1_000);
    let phone = server.send(phone).await.body["secret"].as_str().unwrap().to_owned();
    let list = server.get("/v1/sessions", &here).await;
    let sessions = list.body["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!((&sessions[0]["client"], &sessions[0]["current"]), (&json!("Phone/1.0"), &json!(false)));
    assert_eq!((&sessions[1]["client"], &sessions[1]["current"]), (&json!(""), &json!(true)));
    assert!(!list.body.to_string().contains(&phone));

    let path = format!("/v1/sessions/{}", sessions[0]["id"].as_str().unwrap());
    // Not by somebody else.
    let eve = server.secret_of("eve@example.org").await;
    assert_eq!(server.delete(&path, &eve).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.delete(&path, &here).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/sessions/current", &phone).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.delete(&path, &here).await.status, StatusCode::NOT_FOUND);

    let third = server.secret_of("ada@example.org").await;
    assert_eq!(server.delete("/v1/sessions", &here).await.status, StatusCode::NO_CONTENT);
    for secret in [&here, &third] {
        assert_eq!(server.get("/v1/sessions/current", secret).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(server.get("/v1/sessions/current", &eve).await.status, StatusCode::OK);
    server.stop().await;
}

/// As the web-app asks for somebody who is there.
async fn log_in_from(
    server: &Server,
    address: &str,
    email: &str,
    password: &str,
) -> (StatusCode, Option<u64>) {
    let body = json!({ "email": email, "password": password });
    let request = server.request(Method::POST, "/v1/sessions").header("x-forwarded-for", address).json(&body);
    let answer = server.send(request).await;
    let wait = answer.headers.get("retry-after").map(|wait| wait.to_str().unwrap().parse().unwrap());
    (answer.status, wait)
}

#[tokio::test]
async fn guessing_a_password_comes_to_an_end_and_locks_nobody_else_out() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    let (attacker, ada) = ("203.0.113.9", "192.0.2.1");
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..10 {
            assert_eq!(log_in_from(&server, attacker, email, "wrong").await.0, StatusCode::UNAUTHORIZED);
        }
        // The right password too: whoever guesses is not told that it was the one.
        let (status, wait) = log_in_from(&server, attacker, email, PASSWORD).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        assert!((1..=61).contains(&wait.unwrap()), "{wait:?}");
    }
    assert_eq!(log_in_from(&server, ada, "ada@example.org", PASSWORD).await.0, StatusCode::CREATED);
    // A header that the attacker adds stands before that of our own.
    let made_up = format!("198.51.100.7, {attacker}");
    let (status, _) = log_in_from(&server, &made_up, "ada@example.org", "wrong").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    server.clock.advance_millis(61_000);
    assert_eq!(log_in_from(&server, attacker, "ada@example.org", "wrong").await.0, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn who_logs_in_often_and_rightly_is_not_limited() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    for _ in 0..70 {
        assert_eq!(server.log_in("ada@example.org", PASSWORD).await.status, StatusCode::CREATED);
    }
    server.stop().await;
}
