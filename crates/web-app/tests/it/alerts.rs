use domain::alerts::AlertKind;
use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::{Answer, PASSWORD, World, send};

async fn acknowledge(world: &World, cookie: &str, id: &str) -> Answer {
    let path = world.path(&format!("/alerts/{id}/acknowledge"));
    send(world.request(Method::POST, &path).header(COOKIE, cookie)).await
}

#[tokio::test]
async fn alerts_are_read_and_acknowledged() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let path = world.path("/alerts");
    let read = world.get(&path, &cookie).await;
    assert_eq!((read.status, read.body), (StatusCode::OK, json!({ "open": 0, "alerts": [] })));
    let id = world.raise([1; 16], AlertKind::HubOffline).await.to_string();
    let read = world.get(&path, &cookie).await.body;
    assert_eq!((&read["open"], &read["alerts"][0]["id"]), (&json!(1), &json!(id)));
    for _ in 0..2 {
        let done = acknowledge(&world, &cookie, &id).await;
        assert_eq!((done.status, done.body), (StatusCode::NO_CONTENT, json!("")));
    }
    assert_eq!(world.get(&path, &cookie).await.body["open"], 0);
    for nobody in ["09090909-0909-0909-0909-090909090909", "first", "..%2f..%2fsettings"] {
        assert_eq!(acknowledge(&world, &cookie, nobody).await.status, StatusCode::NOT_FOUND, "{nobody}");
    }
}

#[tokio::test]
async fn nobody_sees_or_acknowledges_alerts_without_a_session() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let id = world.raise([1; 16], AlertKind::HubOffline).await.to_string();
    for refused in [world.get(&world.path("/alerts"), "").await, acknowledge(&world, "", &id).await] {
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.clears_the_cookie());
    }
    let path = world.path(&format!("/alerts/{id}/acknowledge"));
    let from_elsewhere = world.request(Method::POST, &path).header(COOKIE, &cookie);
    let refused = send(from_elsewhere.header("sec-fetch-site", "cross-site")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let looked_at = send(world.request(Method::GET, &path).header(COOKIE, &cookie)).await;
    assert_eq!(looked_at.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.get(&world.path("/alerts"), &cookie).await.body["open"], 1);
}

#[tokio::test]
async fn a_token_acknowledges_alerts_when_it_may_manage() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let id = world.raise([1; 16], AlertKind::HubOffline).await;
    let path = world.path(&format!("/alerts/{id}/acknowledge"));
    for (scope, status) in [("usage", StatusCode::FORBIDDEN), ("manage", StatusCode::NO_CONTENT)] {
        let wish = json!({
            "name": "Shelf", "household": world.household.to_string(), "scopes": [scope], "expires_in_days": 30,
            "password": PASSWORD,
        });
        let made = send(world.request(Method::POST, "/api/tokens").header(COOKIE, &cookie).json(&wish)).await;
        let token = made.body["token"].as_str().unwrap();
        let answer = send(world.request(Method::POST, &path).bearer_auth(token)).await;
        assert_eq!(answer.status, status, "{scope}: {}", answer.body);
    }
    assert_eq!(world.get(&world.path("/alerts"), &cookie).await.body["open"], 0);
}
