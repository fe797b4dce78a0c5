use std::time::Duration;

use serde_json::{Value, json};
use testkit::client::Client;
use testkit::system::{EMAIL, HUB, System, SystemSetup, test_binaries};
use testkit::wait;

const PATIENCE: Duration = Duration::from_mins(2);
const SOCKETS: u8 = 12;

/// From the hub across all services to what a person is told and says that they have seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_what_was_left_on_and_says_that_they_have_seen_it() {
    let setup = SystemSetup {
        binaries: test_binaries(),
        folder: None,
        port: None,
        agent: format!("[agent.sensor.simulated]\nseed = 7\nsockets = {SOCKETS}\nhistory_hours = 2\n"),
        sockets: Vec::new(),
    };
    let system = tokio::task::spawn_blocking(move || System::start(&setup))
        .await
        .expect("starting does not panic")
        .unwrap_or_else(|error| panic!("{error}"));
    let client = Client::log_in(&system.url, EMAIL, &system.password).await.expect("the person can log in");
    let home = format!("/households/{}", client.household);
    // A simulated home has a fridge or a router that always draws something.
    let (_, mut settings) = client.json(&format!("{home}/settings")).await;
    let rules = (0..SOCKETS).map(|socket| json!({ "hub": HUB, "socket": socket, "above_w": 1, "mins": 15 }));
    settings["alerts"]["left_on"] = rules.collect();
    let put = client.put(&format!("{home}/settings"), &settings).await.expect("the page answers");
    assert_eq!(put.status(), 200);

    let told = wait::until(PATIENCE, "somebody is told", async || {
        let (_, alerts) = client.json(&format!("{home}/alerts")).await;
        alerts["alerts"].as_array()?.iter().find(|alert| alert["kind"] == "left_on").cloned()
    })
    .await;
    let alert = &told;
    assert_eq!((&alert["hub"], &alert["ended"]), (&json!(HUB.to_string()), &Value::Null));
    assert!(alert["power_mw"].as_i64().is_some_and(|power| power >= 1_000), "{alert}");

    let id = alert["id"].as_str().expect("an id");
    let seen = client.post(&format!("{home}/alerts/{id}/acknowledge")).await.expect("the page answers");
    assert_eq!(seen.status(), 204);
    let (_, after) = client.json(&format!("{home}/alerts")).await;
    let alert = after["alerts"].as_array().expect("a list").iter().find(|alert| alert["id"] == id);
    assert!(alert.expect("it is still there")["acknowledged"].is_i64(), "{after}");
}
