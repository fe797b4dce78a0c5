use domain::access::Role;
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Facts};
use domain::tariff::Nano;
use domain::{HouseholdId, Joules, Milliwatts, SocketNumber, UtcMillis};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Answer, HUB, PASSWORD, Server, hub};

const DAY_MILLIS: i64 = 86_400_000;

fn address(household: HouseholdId) -> String {
    format!("/v1/households/{household}/alerts")
}

/// An open one about [`HUB`], whose id ends in `n`.
fn alert(household: HouseholdId, n: u8, kind: AlertKind, raised: UtcMillis) -> Alert {
    let mut id = [0; 16];
    id[15] = n;
    Alert {
        id: AlertId::from_bytes(id),
        household,
        key: AlertKey::hub(kind, hub()),
        began: raised.plus_millis(-60_000),
        raised,
        ended: None,
        acknowledged: None,
        facts: Facts::default(),
    }
}

async fn raise(server: &Server, alert: Alert) -> AlertId {
    let id = alert.id;
    assert!(server.alerts.raise(&[alert], &[]).await.unwrap());
    id
}

async fn acknowledge(server: &Server, secret: &str, household: HouseholdId, id: impl ToString) -> Answer {
    let path = format!("{}/{}/acknowledge", address(household), id.to_string());
    server.send(server.request(Method::POST, &path).bearer_auth(secret)).await
}

async fn person(server: &Server, email: &str, home: HouseholdId, role: Role) -> String {
    server.settle(email, false).await;
    server.accounts.put_member(home, server.person(email).await, role).await.unwrap();
    server.secret_of(email).await
}

/// What a program gets that may do this.
async fn token(server: &Server, secret: &str, home: HouseholdId, scopes: &[&str]) -> String {
    let wish =
        json!({ "name": "Shelf", "household": home.to_string(), "scopes": scopes, "password": PASSWORD });
    let made = server.post("/v1/personal-tokens", secret, &wish).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.body["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn alerts_are_listed_with_their_figures_and_nulls_for_what_they_have_not() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let listed = server.get(&address(home), &ada).await;
    assert_eq!((listed.status, listed.body), (StatusCode::OK, json!({ "open": 0, "alerts": [] })));

    let now = server.now();
    let lamp = Alert {
        key: AlertKey::socket(AlertKind::LeftOn, hub(), SocketNumber::new(3).unwrap()),
        facts: Facts { power: Some(Milliwatts(60_000)), ..Facts::default() },
        ..alert(home, 1, AlertKind::LeftOn, now)
    };
    let budget = Alert {
        key: AlertKey::home(AlertKind::Budget),
        facts: Facts { expected: Some(Nano(90)), budget: Some(Nano(80)), ..Facts::default() },
        acknowledged: Some(now),
        ..alert(home, 2, AlertKind::Budget, now.plus_millis(-1_000))
    };
    let unusual = Alert {
        facts: Facts { energy: Some(Joules(5)), usual: Some(Joules(0)), ..Facts::default() },
        ended: Some(now),
        ..alert(home, 3, AlertKind::Unusual, now.plus_millis(-2_000))
    };
    for alert in [&budget, &unusual, &lamp] {
        raise(&server, alert.clone()).await;
    }
    let described = |alert: &Alert, changes: Value| {
        let mut all = json!({
            "id": alert.id.to_string(), "kind": alert.key.kind.as_str(), "hub": HUB, "socket": null,
            "began": alert.began.secs(), "raised": alert.raised.secs(), "ended": null, "acknowledged": null,
            "power_mw": null, "energy_j": null, "usual_j": null, "expected_n": null, "budget_n": null,
        });
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    let expected = [
        described(&lamp, json!({ "socket": 3, "power_mw": 60_000 })),
        described(
            &budget,
            json!({ "hub": null, "acknowledged": now.secs(), "expected_n": 90, "budget_n": 80 }),
        ),
        described(&unusual, json!({ "ended": now.secs(), "energy_j": 5, "usual_j": 0 })),
    ];
    // Neither what somebody has seen nor what is over is waiting for anybody.
    assert_eq!(server.get(&address(home), &ada).await.body, json!({ "open": 1, "alerts": expected }));
    server.stop().await;
}

#[tokio::test]
async fn what_ended_is_shown_for_thirty_days_and_what_is_open_for_ever() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let then = server.now();
    raise(&server, alert(home, 1, AlertKind::HubOffline, then)).await;
    raise(&server, Alert { ended: Some(then), ..alert(home, 2, AlertKind::Unusual, then) }).await;
    let token = token(&server, &ada, home, &["usage"]).await;
    let shown = async || server.get(&address(home), &token).await.body["alerts"].as_array().unwrap().len();
    server.clock.advance_millis(30 * DAY_MILLIS);
    assert_eq!(shown().await, 2);
    server.clock.advance_millis(1);
    assert_eq!(shown().await, 1);
    server.stop().await;
}

#[tokio::test]
async fn two_hundred_are_shown_and_those_that_are_open_first_of_all() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let now = server.now();
    let over: Vec<Alert> = (0..201)
        .map(|n| Alert {
            ended: Some(now),
            ..alert(home, n, AlertKind::Unusual, now.plus_millis(-i64::from(n)))
        })
        .collect();
    assert!(server.alerts.raise(&over, &[]).await.unwrap());
    let open = raise(&server, alert(home, 201, AlertKind::HubOffline, now.plus_millis(-9_000))).await;
    let shown = server.get(&address(home), &ada).await.body;
    let ids: Vec<String> =
        over[..199].iter().map(|alert| alert.id).chain([open]).map(|id| id.to_string()).collect();
    assert_eq!(shown["open"], 1);
    let shown: Vec<&str> =
        shown["alerts"].as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    assert_eq!(shown, ids);
    server.stop().await;
}

#[tokio::test]
async fn an_alert_is_acknowledged_once_by_an_owner_or_a_member() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let bob = person(&server, "bob@example.org", home, Role::Member).await;
    let first = raise(&server, alert(home, 1, AlertKind::HubOffline, server.now())).await;
    let second = raise(&server, alert(home, 2, AlertKind::Unusual, server.now())).await;
    let begin = server.now();
    assert_eq!(server.get(&address(home), &ada).await.body["open"], 2);
    let done = acknowledge(&server, &ada, home, first).await;
    assert_eq!((done.status, done.body), (StatusCode::NO_CONTENT, json!("")));
    server.clock.advance_millis(9_000);
    assert_eq!(acknowledge(&server, &bob, home, first).await.status, StatusCode::NO_CONTENT);
    assert_eq!(acknowledge(&server, &bob, home, second).await.status, StatusCode::NO_CONTENT);
    let shown = server.get(&address(home), &ada).await.body;
    assert_eq!(shown["open"], 0);
    let seen = [0, 1].map(|n| shown["alerts"][n]["acknowledged"].as_i64().unwrap());
    assert_eq!(seen, [begin.secs(), begin.plus_millis(9_000).secs()]);
    server.stop().await;
}

#[tokio::test]
async fn guests_look_and_strangers_find_nothing() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let bob = person(&server, "bob@example.org", home, Role::Guest).await;
    server.settle("eve@example.org", false).await;
    let eve = server.secret_of("eve@example.org").await;
    let id = raise(&server, alert(home, 1, AlertKind::HubOffline, server.now())).await;

    let shown = server.get(&address(home), &bob).await;
    assert_eq!((shown.status, &shown.body["open"]), (StatusCode::OK, &json!(1)));
    assert_eq!(acknowledge(&server, &bob, home, id).await.status, StatusCode::FORBIDDEN);
    for household in [home, HouseholdId::from_bytes([9; 16])] {
        assert_eq!(server.get(&address(household), &eve).await.status, StatusCode::NOT_FOUND);
        assert_eq!(acknowledge(&server, &eve, household, id).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(server.get(&address(home), "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(acknowledge(&server, "", home, id).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get(&address(home), &bob).await.body["alerts"][0]["acknowledged"], Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_alert_of_the_household_is_not_found() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let other = server.settle("eve@example.org", false).await;
    let eve = server.secret_of("eve@example.org").await;
    let theirs = raise(&server, alert(other, 1, AlertKind::HubOffline, server.now())).await;
    for id in [theirs.to_string(), AlertId::from_bytes([9; 16]).to_string(), "first".to_owned()] {
        assert_eq!(acknowledge(&server, &ada, home, &id).await.status, StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(server.get(&address(home), &ada).await.body, json!({ "open": 0, "alerts": [] }));
    assert_eq!(server.get(&address(other), &eve).await.body["open"], 1);
    server.stop().await;
}

#[tokio::test]
async fn a_token_does_with_alerts_what_its_scopes_say() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let other = server.settle("bob@example.org", false).await;
    let ada = server.secret_of("ada@example.org").await;
    server.accounts.put_member(other, server.person("ada@example.org").await, Role::Owner).await.unwrap();
    let id = raise(&server, alert(home, 1, AlertKind::HubOffline, server.now())).await;
    let theirs = raise(&server, alert(other, 2, AlertKind::HubOffline, server.now())).await;
    let (yes, no) = (StatusCode::OK, StatusCode::FORBIDDEN);
    for (scope, reads, manages) in
        [("usage", yes, no), ("live", no, no), ("manage", no, StatusCode::NO_CONTENT)]
    {
        let token = token(&server, &ada, home, &[scope]).await;
        assert_eq!(server.get(&address(home), &token).await.status, reads, "{scope}");
        assert_eq!(acknowledge(&server, &token, home, id).await.status, manages, "{scope}");
        assert_eq!(server.get(&address(other), &token).await.status, StatusCode::NOT_FOUND, "{scope}");
        assert_eq!(
            acknowledge(&server, &token, other, theirs).await.status,
            StatusCode::NOT_FOUND,
            "{scope}"
        );
    }
    assert_eq!(server.get(&address(home), &ada).await.body["open"], 0);
    assert_eq!(server.get(&address(other), &ada).await.body["open"], 1);
    server.stop().await;
}
