use reqwest::header::{CONTENT_TYPE, COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{World, hub, send};

fn tariff(price_n: i64) -> Value {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let band = json!({ "name": "All day", "price_n": price_n, "from": "00:00", "to": "24:00", "days": days });
    json!({
        "valid_from": "2012-01-01", "name": "Flat", "bands": [band],
        "standing_n": 0, "standing_per": "year", "feed_in_n": null,
    })
}

#[tokio::test]
async fn settings_are_read_changed_and_read_again() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let path = world.path("/settings");
    let read = world.get(&path, &cookie).await;
    assert_eq!((read.status, &read.body["revision"]), (StatusCode::OK, &json!(0)));
    let mut settings = read.body;
    settings["tariffs"] = json!([tariff(300_000_000)]);
    let put = world.put(&path, &cookie, &settings).await;
    assert_eq!((put.status, &put.body["revision"]), (StatusCode::OK, &json!(1)));
    assert_eq!(world.get(&path, &cookie).await.body, put.body);
    let late = world.put(&path, &cookie, &settings).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn faults_of_settings_come_through_with_their_field() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let path = world.path("/settings");
    let mut settings = world.get(&path, &cookie).await.body;
    settings["tariffs"] = json!([tariff(1), tariff(2)]);
    let refused = world.put(&path, &cookie, &settings).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["field"], "tariffs[1].valid_from");
    assert!(refused.body["detail"].as_str().unwrap().contains("2012-01-01"));
}

#[tokio::test]
async fn another_zone_counts_from_the_next_question_on() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let usage = world.path("/usage?from=2012-01-16T00:00:00Z&to=2012-01-17T00:00:00Z");
    assert_eq!(world.get(&usage, &cookie).await.body["zone"], "Europe/Berlin");
    let mut settings = world.get(&world.path("/settings"), &cookie).await.body;
    settings["zone"] = json!("Asia/Kathmandu");
    assert_eq!(world.put(&world.path("/settings"), &cookie, &settings).await.status, StatusCode::OK);
    assert_eq!(world.get(&usage, &cookie).await.body["zone"], "Asia/Kathmandu");
}

#[tokio::test]
async fn sockets_are_labelled_and_hidden() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let path = world.path(&format!("/hubs/{}", hub()));
    let lamp = json!({ "number": 0, "name": "Lamp", "room": "Hall", "icon": "lamp", "hidden": true });
    let put = world.put(&path, &cookie, &json!({ "name": "Cellar", "sockets": [lamp] })).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    let household = world.get(&world.path(""), &cookie).await.body;
    assert_eq!(household["hubs"][0]["sockets"], json!([lamp]));
    let refused = world.put(&path, &cookie, &json!({ "name": "", "sockets": [] })).await;
    assert_eq!((refused.status, &refused.body["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("name")));
    for nowhere in ["/hubs/cellar", "/hubs/..%2fsettings"] {
        let refused = world.put(&world.path(nowhere), &cookie, &json!({})).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
}

#[tokio::test]
async fn what_is_sent_goes_on_as_it_is_and_within_bounds() {
    let world = World::start().await;
    let cookie = world.log_in().await;
    let put = |body: String, media_type: &str| {
        let request = world.request(Method::PUT, &world.path("/settings")).header(COOKIE, &cookie);
        send(request.header(CONTENT_TYPE, media_type).body(body))
    };
    let settings = world.get(&world.path("/settings"), &cookie).await.body.to_string();
    assert_eq!(put(settings.clone(), "text/plain").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(put("{".to_owned(), "application/json").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let padded = |bytes: usize| settings.clone() + &" ".repeat(bytes);
    let fits = put(padded(60_000), "application/json; charset=utf-8").await;
    assert_eq!(fits.status, StatusCode::OK, "{}", fits.body);
    // The server refuses it before the web app sees it.
    let request = world.request(Method::PUT, &world.path("/settings")).header(COOKIE, &cookie);
    let too_large =
        request.header(CONTENT_TYPE, "application/json").body(padded(70_000)).send().await.unwrap();
    assert_eq!(too_large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(too_large.headers()[CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn nobody_changes_anything_without_a_session() {
    let world = World::start().await;
    for path in [world.path("/settings"), world.path(&format!("/hubs/{}", hub()))] {
        let refused = world.put(&path, "", &json!({})).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(refused.clears_the_cookie(), "{path}");
    }
}
