use auth_service::PeopleConfig;
use reqwest::StatusCode;
use serde_json::json;
use testkit::provider::Lie;

use super::stage::{Stage, assert_refused, config};

#[tokio::test]
async fn a_provider_that_is_down_stops_nobody_else() {
    let stage = Stage::with(|mut people: PeopleConfig| {
        // Nobody listens there.
        people.providers.push(config("gone", &format!("http://127.0.0.1:{}", testkit::servers::free_port())));
        people
    })
    .await;
    let refused = stage.server.ask("/v1/providers/gone/flows", &json!({})).await;
    assert_refused(&refused, 503, "away");
    assert!(refused.headers.contains_key("retry-after"));
    stage.logged_in().await;
    stage.provider.is_down(true);
    let journey = stage.depart().await;
    stage.provider.is_down(false);
    let back = journey.visit().await;
    stage.provider.is_down(true);
    assert_refused(&stage.bring("home", &journey.secret, &back).await, 503, "away");
    stage.provider.is_down(false);
    stage.logged_in().await;
}

#[tokio::test]
async fn what_the_provider_says_instead_of_a_code_is_told_apart() {
    let stage = Stage::set().await;
    for (error, status, reason) in [
        ("access_denied", 403, "cancelled"),
        ("temporarily_unavailable", 503, "away"),
        ("login_required", 403, "failed"),
    ] {
        stage.provider.denies(Some(error));
        assert_refused(&stage.log_in().await, status, reason);
    }
    // Neither a code nor an error.
    stage.provider.denies(None);
    let journey = stage.depart().await;
    let mut back = journey.visit().await;
    back.as_object_mut().unwrap().remove("code");
    assert_refused(&stage.bring("home", &journey.secret, &back).await, 403, "failed");
    let long = json!({ "state": "x", "code": "x".repeat(5_000) });
    let refused = stage.bring("home", &journey.secret, &long).await;
    assert_eq!((refused.status.as_u16(), &refused.body["field"]), (422, &json!("code")));
}

#[tokio::test]
async fn a_new_key_is_fetched_when_it_is_first_seen_but_not_all_the_time() {
    let stage = Stage::set().await;
    stage.logged_in().await;
    assert_eq!(stage.provider.key_sets(), 1);
    stage.provider.lies(Some(Lie::UnknownKey));
    for _ in 0..3 {
        assert_refused(&stage.log_in().await, 403, "failed");
    }
    assert_eq!(stage.provider.key_sets(), 1, "it was asked a moment ago");
    stage.provider.lies(None);
    stage.provider.rotate("second");
    stage.server.clock.advance_millis(30_000);
    stage.logged_in().await;
    assert_eq!(stage.provider.key_sets(), 2);
    assert_eq!(stage.server.get("/v1/providers", "").await.status, StatusCode::OK);
}
