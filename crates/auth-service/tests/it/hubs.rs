use domain::access::Role;
use domain::accounts::SocketLabel;
use domain::{HouseholdId, UtcMillis};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{HUB, Server, hub};

fn address(household: HouseholdId) -> String {
    format!("/v1/households/{household}/hubs/{HUB}")
}

fn labels() -> Value {
    let washer = json!({ "number": 7, "name": "Washer", "icon": "washer", "hidden": true });
    json!({ "name": " Cellar ", "sockets": [washer] })
}

#[tokio::test]
async fn a_hub_is_labelled_anew_and_keeps_its_start() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;
    server.clock.advance_millis(5_000);
    let put = server.put(&address(home), &secret, &labels()).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    let washer = json!({ "number": 7, "name": "Washer", "room": null, "icon": "washer", "hidden": true });
    assert_eq!(put.body, json!({ "id": HUB, "name": "Cellar", "sockets": [washer] }));
    let again = server.put(&address(home), &secret, &json!({ "name": "Attic", "sockets": [] })).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);
    let hubs = server.accounts.hubs(home).await.unwrap();
    assert_eq!((hubs.len(), hubs[0].name.as_str(), hubs[0].since), (1, "Attic", UtcMillis(0)));
    assert_eq!(server.accounts.sockets(home, hub()).await.unwrap(), Vec::<SocketLabel>::new());
    server.stop().await;
}

#[tokio::test]
async fn nobody_labels_a_hub_that_is_not_in_the_household() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let other = server.settle("bob@example.org", false).await;
    let (ada, bob) = (server.secret_of("ada@example.org").await, server.secret_of("bob@example.org").await);
    let elsewhere = server.put(&address(other), &bob, &labels()).await;
    server
        .accounts
        .release_hub(home, hub(), server.person("ada@example.org").await, server.now())
        .await
        .unwrap();
    let shown = server.get(&format!("/v1/households/{home}"), &ada).await;
    assert_eq!(shown.body["hubs"], json!([]));
    for refused in [
        elsewhere,
        server.put(&address(other), &bob, &labels()).await,
        server.put(&address(home), &ada, &labels()).await,
    ] {
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("Pair it"), "{}", refused.body);
    }
    assert_eq!(server.accounts.hubs(other).await.unwrap(), []);
    assert_eq!(server.accounts.sockets(other, hub()).await.unwrap(), Vec::<SocketLabel>::new());
    server.stop().await;
}

#[tokio::test]
async fn strangers_find_nothing_whether_it_exists_or_not() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    server.settle("eve@example.org", false).await;
    let eve = server.secret_of("eve@example.org").await;
    let nowhere = HouseholdId::from_bytes([9; 16]);
    let mut answers = Vec::new();
    for id in [home.to_string(), nowhere.to_string(), "home".to_owned()] {
        let shown = server.get(&format!("/v1/households/{id}"), &eve).await;
        let put = server.put(&format!("/v1/households/{id}/hubs/{HUB}"), &eve, &labels()).await;
        assert_eq!((shown.status, put.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        answers.extend([shown.body, put.body]);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    server.stop().await;
}

#[tokio::test]
async fn members_label_and_guests_look() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    server.settle("bob@example.org", false).await;
    let bob = server.secret_of("bob@example.org").await;
    let show = async || server.get(&format!("/v1/households/{home}"), &bob).await;
    server.accounts.put_member(home, server.person("bob@example.org").await, Role::Guest).await.unwrap();
    let before = show().await;
    assert_eq!((before.status, &before.body["role"]), (StatusCode::OK, &json!("guest")));
    let put = server.put(&address(home), &bob, &labels()).await;
    assert_eq!(put.status, StatusCode::FORBIDDEN, "{}", put.body);
    assert_eq!(show().await.body, before.body);

    server.accounts.put_member(home, server.person("bob@example.org").await, Role::Member).await.unwrap();
    let put = server.put(&address(home), &bob, &labels()).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    let sockets = &show().await.body["hubs"][0]["sockets"];
    assert_eq!((&sockets[0]["name"], &sockets[0]["hidden"]), (&json!("Washer"), &json!(true)));
    server.stop().await;
}

#[tokio::test]
async fn malformed_labels_name_the_field_and_change_nothing() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let secret = server.secret_of("ada@example.org").await;
    let before = server.get(&format!("/v1/households/{home}"), &secret).await.body;
    let socket = |socket: Value| json!({ "name": "Hub", "sockets": [{ "number": 1, "name": "A" }, socket] });
    let too_many: Vec<Value> = (0..65).map(|n| json!({ "number": n, "name": "A" })).collect();
    for (body, field) in [
        (json!({ "name": "  ", "sockets": [] }), "name"),
        (json!({ "name": "x".repeat(81), "sockets": [] }), "name"),
        (json!({ "name": "a\u{0}b", "sockets": [] }), "name"),
        (json!({ "name": "Hub", "sockets": too_many }), "sockets"),
        (socket(json!({ "number": 1, "name": "B" })), "sockets[1].number"),
        (socket(json!({ "number": 64, "name": "B" })), "sockets[1].number"),
        (socket(json!({ "number": -1, "name": "B" })), "sockets[1].number"),
        (socket(json!({ "number": 2, "name": "" })), "sockets[1].name"),
        (socket(json!({ "number": 2, "name": "B", "room": "x".repeat(81) })), "sockets[1].room"),
        (socket(json!({ "number": 2, "name": "B", "icon": "<svg>" })), "sockets[1].icon"),
    ] {
        let refused = server.put(&address(home), &secret, &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(refused.body["field"], field, "{}", refused.body);
    }
    assert_eq!(server.get(&format!("/v1/households/{home}"), &secret).await.body, before);
    server.stop().await;
}
