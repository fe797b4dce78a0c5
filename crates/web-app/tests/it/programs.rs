//! Programs with a personal token in place of a browser with a cookie.

use reqwest::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, PASSWORD, World, hub, send};

const USAGE: &str = "/usage?from=2012-01-16T00:00:00Z&to=2012-01-17T00:00:00Z";

struct Token {
    id: String,
    secret: String,
}

async fn make(world: &World, cookie: &str, scopes: &[&str]) -> Token {
    let wish = json!({
        "name": "Shelf", "household": world.household.to_string(), "scopes": scopes, "expires_in_days": 30,
        "password": PASSWORD,
    });
    let made = send(world.request(Method::POST, "/api/tokens").header(COOKIE, cookie).json(&wish)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let text = |field: &str| made.body[field].as_str().unwrap().to_owned();
    Token { id: text("id"), secret: text("token") }
}

/// No cookie ever comes back.
async fn with_token(world: &World, method: Method, path: &str, secret: &str, body: Option<&Value>) -> Answer {
    let mut request = world.request(method, path).bearer_auth(secret);
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = send(request).await;
    assert!(!answer.headers.contains_key(SET_COOKIE), "{path}");
    answer
}

async fn get(world: &World, path: &str, secret: &str) -> Answer {
    with_token(world, Method::GET, path, secret, None).await
}

#[tokio::test]
async fn a_token_is_made_listed_and_revoked_in_the_browser() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let token = make(&world, &cookie, &["usage"]).await;
    let listed = world.get("/api/tokens", &cookie).await;
    assert_eq!(listed.body["tokens"][0]["id"], token.id);
    assert!(!listed.body.to_string().contains("wlp_"));
    assert_eq!(get(&world, &world.path(USAGE), &token.secret).await.status, StatusCode::OK);

    let revoke = async |id: &str| {
        send(world.request(Method::DELETE, &format!("/api/tokens/{id}")).header(COOKIE, &cookie)).await.status
    };
    assert_eq!(revoke(&token.id).await, StatusCode::NO_CONTENT);
    let refused = get(&world, &world.path(USAGE), &token.secret).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "at once, although its access token was still good");
    assert_eq!(revoke(&token.id).await, StatusCode::NOT_FOUND);
    assert_eq!(revoke("shelf").await, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/tokens", &cookie).await.body, json!({ "tokens": [] }));
    assert_eq!(world.get("/api/tokens", "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_say() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let settings = world.get(&world.path("/settings"), &cookie).await.body;
    let labels = json!({ "name": "Cellar", "sockets": [] });
    let (yes, no) = (StatusCode::OK, StatusCode::FORBIDDEN);
    for (scope, reads, manages) in [("usage", yes, no), ("live", no, no), ("manage", no, yes)] {
        let Token { secret, .. } = make(&world, &cookie, &[scope]).await;
        for path in [USAGE, "", "/settings", "/alerts", "/metrics", "/today"] {
            let answer = get(&world, &world.path(path), &secret).await;
            assert_eq!(answer.status, reads, "{scope} {path}: {}", answer.body);
        }
        for (path, body) in [("/settings".to_owned(), &settings), (format!("/hubs/{}", hub()), &labels)] {
            let put = with_token(&world, Method::PUT, &world.path(&path), &secret, Some(body)).await;
            assert_eq!(put.status, manages, "{scope} {path}: {}", put.body);
        }
        let live = world.request(Method::GET, &world.path("/live")).bearer_auth(&secret);
        let status = live.send().await.unwrap().status();
        assert_eq!(status, if scope == "live" { yes } else { no }, "{scope}");
    }
}

#[tokio::test]
async fn what_is_no_token_is_challenged_and_no_cookie_makes_up_for_it() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let never = format!("wlp_{}", "A".repeat(43));
    for secret in [never.as_str(), "wlp_", "wlp_short"] {
        for path in [world.path(USAGE), world.path(""), world.path("/live"), "/api/session".to_owned()] {
            let request = world.request(Method::GET, &path).bearer_auth(secret).header(COOKIE, &cookie);
            let answer = send(request).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{secret} {path}");
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"), "{path}");
            assert!(!answer.headers.contains_key(SET_COOKIE), "{path}");
        }
        let log_out =
            world.request(Method::DELETE, "/api/session").bearer_auth(secret).header(COOKIE, &cookie);
        let answer = send(log_out).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(!answer.headers.contains_key(SET_COOKIE));
    }
    assert_eq!(world.get("/api/session", &cookie).await.status, StatusCode::OK, "nobody was logged out");
}

#[tokio::test]
async fn a_token_is_no_session() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let token = make(&world, &cookie, &["usage", "live", "manage"]).await;
    let one = format!("/api/tokens/{}", token.id);
    for (method, path) in [
        (Method::GET, "/api/session"),
        (Method::DELETE, "/api/session"),
        (Method::GET, "/api/tokens"),
        (Method::POST, "/api/tokens"),
        (Method::DELETE, one.as_str()),
    ] {
        let refused = with_token(&world, method.clone(), path, &token.secret, Some(&json!({}))).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}: {}", refused.body);
    }
    assert_eq!(get(&world, &world.path(USAGE), &token.secret).await.status, StatusCode::OK);
}

#[tokio::test]
async fn other_credentials_than_ours_leave_the_cookie_alone() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let request = world.request(Method::GET, &world.path(USAGE)).header(COOKIE, &cookie);
    let answer = send(request.header(AUTHORIZATION, "Basic YWRhOmE=")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_a_token_either() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let token = make(&world, &cookie, &["manage"]).await;
    let put = world.request(Method::PUT, &world.path("/settings")).bearer_auth(&token.secret);
    let answer = send(put.header("sec-fetch-site", "cross-site").json(&json!({}))).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.body["detail"], "This request comes from another site.");
}

#[tokio::test]
async fn a_token_is_for_its_own_household() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let token = make(&world, &cookie, &["usage", "live"]).await;
    let other = "/api/households/00000000-0000-0000-0000-000000000001";
    for (rest, status) in
        [("", StatusCode::NOT_FOUND), (USAGE, StatusCode::FORBIDDEN), ("/live", StatusCode::FORBIDDEN)]
    {
        assert_eq!(get(&world, &format!("{other}{rest}"), &token.secret).await.status, status, "{rest}");
    }
}
