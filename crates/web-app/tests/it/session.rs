use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::{EMAIL, PASSWORD, World, send};

#[tokio::test]
async fn logging_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let world = World::start().await;
    let answer = world.log_in_with(PASSWORD).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let parts: Vec<&str> = answer.cookie().split("; ").collect();
    assert!(parts[0].starts_with("wattline_session=") && parts[0].len() > 40, "{parts:?}");
    for part in ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"] {
        assert!(parts.contains(&part), "{parts:?}");
    }
    assert!(!parts.contains(&"Secure"));
    let secret = parts[0].split_once('=').unwrap().1;
    assert!(!answer.body.to_string().contains(secret), "the page never sees the secret");
    assert_eq!(answer.body["person"]["email"], EMAIL);
    assert_eq!(answer.body["households"][0]["id"], world.household.to_string());
    assert_eq!(answer.body["households"][0]["zone"], "Europe/Berlin");
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let world = World::start().await;
    let secure = world.another_web_app(&world.read.url, true).await;
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let answer = send(world.request_to(&secure.url, Method::POST, "/api/session").json(&body)).await;
    assert!(answer.cookie().starts_with("__Host-wattline_session="), "{}", answer.cookie());
    assert!(answer.cookie().ends_with("; Secure"), "{}", answer.cookie());
    let cookie = answer.cookie().split(';').next().unwrap().to_owned();
    let with = async |cookie: &str| {
        send(world.request_to(&secure.url, Method::GET, "/api/session").header(COOKIE, cookie)).await.status
    };
    assert_eq!(with(&cookie).await, StatusCode::OK);
    assert_eq!(with(cookie.trim_start_matches("__Host-")).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_password_is_the_auth_services_answer() {
    let world = World::start().await;
    let answer = world.log_in_with("wrong").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.body["detail"], "Wrong e-mail or password.");
    assert!(!answer.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn what_is_no_log_in_is_refused() {
    let world = World::start().await;
    let post = || world.request(Method::POST, "/api/session");
    for request in [
        post(),
        post().body("email=a&password=b"),
        post().json(&json!({ "email": EMAIL })),
        post().json(&json!({ "email": EMAIL, "password": PASSWORD, "role": "owner" })),
        post().json(&json!([])),
    ] {
        assert_eq!(send(request).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_session_can_be_asked_for_and_ended() {
    let world = World::start().await;
    assert_eq!(world.get("/api/session", "").await.status, StatusCode::UNAUTHORIZED);
    let cookie = world.log_in().await;
    let session = world.get("/api/session", &format!("theme=dark; {cookie}")).await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.body["person"]["name"], "Ada");
    assert!(session.body.get("secret").is_none());
    let usage = world.path("/usage?from=2026-11-21T00:00:00Z&to=2026-11-21T01:00:00Z");
    assert_eq!(world.get(&usage, &cookie).await.status, StatusCode::OK);

    let log_out = || send(world.request(Method::DELETE, "/api/session").header(COOKIE, &cookie));
    let gone = log_out().await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(gone.clears_the_cookie());
    for path in ["/api/session", &world.path(""), &usage, &world.path("/live")] {
        let answer = world.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.clears_the_cookie(), "{path}");
    }
    assert_eq!(log_out().await.status, StatusCode::NO_CONTENT, "who is logged out may log out");
}

#[tokio::test]
async fn a_session_that_has_expired_is_forgotten() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    world.clock.advance_millis(31 * 24 * 3_600 * 1_000);
    let answer = world.get("/api/session", &cookie).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.clears_the_cookie());
}
