//! Going for good.

use domain::access::Role;
use domain::{HouseholdId, UtcMillis};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{HUB, PASSWORD, Server, hub};

const DELETION: &str = "/v1/people/current/deletion";
const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";

fn of_household(household: HouseholdId) -> String {
    format!("/v1/households/{household}/deletion")
}

fn wish(households: &[HouseholdId]) -> Value {
    let households: Vec<String> = households.iter().map(ToString::to_string).collect();
    json!({ "password": PASSWORD, "households": households })
}

#[tokio::test]
async fn what_was_shown_goes_and_somebody_is_gone() {
    let server = Server::with_sqlite().await;
    let home = server.settle(ADA, true).await;
    let ada = server.secret_of(ADA).await;
    let elsewhere = server.secret_of(ADA).await;
    server.clock.set(server.now().plus_millis(60_000));
    let preview = server.get(DELETION, &ada).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.body);
    let home_shown = &preview.body["households"][0];
    assert_eq!((&home_shown["name"], &home_shown["labels"]), (&json!("Home"), &json!(2)));
    let hub_shown = &home_shown["hubs"][0];
    assert_eq!((&hub_shown["hub"], &hub_shown["until"]), (&json!(HUB), &Value::Null));
    assert_eq!((&preview.body["sessions"], &preview.body["code_needed"]), (&json!(2), &json!(false)));
    assert_eq!((&preview.body["left"], &preview.body["blocked"]), (&json!([]), &json!([])));

    for (body, status) in [
        (json!({ "password": "wrong password", "households": [home.to_string()] }), 422),
        (json!({ "password": PASSWORD }), 422),
        (wish(&[]), 409),
        (wish(&[home, HouseholdId::from_bytes([9; 16])]), 409),
    ] {
        let refused = server.post(DELETION, &ada, &body).await;
        assert_eq!(refused.status.as_u16(), status, "{}", refused.body);
    }
    assert_eq!(server.get(DELETION, &ada).await.status, StatusCode::OK);

    let gone = server.post(DELETION, &ada, &wish(&[home])).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
    for secret in [&ada, &elsewhere] {
        assert_eq!(server.get("/v1/sessions/current", secret).await.status, StatusCode::UNAUTHORIZED);
        // Nobody is there who could go twice.
        assert_eq!(server.post(DELETION, secret, &wish(&[home])).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(server.log_in(ADA, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.accounts.household(home).await.unwrap(), None);
    let due = server.erasures.due_erasures(server.now(), None, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].hub, due[0].since, due[0].until), (hub(), UtcMillis(0), server.now()));
    server.stop().await;
}

#[tokio::test]
async fn who_is_the_only_owner_among_others_is_told_of_which_household() {
    let server = Server::with_sqlite().await;
    let home = server.settle(ADA, false).await;
    server.settle(BOB, false).await;
    let bob = server.person(BOB).await;
    server.accounts.put_member(home, bob, Role::Member).await.unwrap();
    let ada = server.secret_of(ADA).await;
    let blocked = server.get(DELETION, &ada).await.body["blocked"].clone();
    assert_eq!(blocked, json!([{ "id": home.to_string(), "name": "Home", "others": ["Ada"] }]));
    let refused = server.post(DELETION, &ada, &wish(&[])).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body["detail"].as_str().unwrap().contains("Make one of them an owner"));

    // Either another is an owner, and the household stays.
    server.accounts.put_member(home, bob, Role::Owner).await.unwrap();
    let preview = server.get(DELETION, &ada).await;
    assert_eq!((&preview.body["blocked"], &preview.body["left"][0]["name"]), (&json!([]), &json!("Home")));
    // Or it is deleted first.
    server.accounts.put_member(home, bob, Role::Guest).await.unwrap();
    let of_home = server.get(&of_household(home), &ada).await;
    assert_eq!(of_home.body["others"], json!(["Ada"]), "{}", of_home.body);
    let body = json!({ "password": PASSWORD });
    assert_eq!(server.post(&of_household(home), &ada, &body).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.post(&of_household(home), &ada, &body).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.post(DELETION, &ada, &wish(&[])).await.status, StatusCode::NO_CONTENT);
    // The other one is who they were.
    let bob = server.secret_of(BOB).await;
    assert_eq!(server.get("/v1/sessions/current", &bob).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn who_guesses_is_slowed_down() {
    let server = Server::with_sqlite().await;
    let home = server.settle(ADA, false).await;
    let ada = server.secret_of(ADA).await;
    let guess = json!({ "password": "wrong password", "households": [home.to_string()] });
    for _ in 0..10 {
        assert_eq!(server.post(DELETION, &ada, &guess).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    for path in [DELETION.to_owned(), of_household(home)] {
        let body = if path == DELETION { wish(&[home]) } else { json!({ "password": PASSWORD }) };
        let late = server.post(&path, &ada, &body).await;
        assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(late.headers.contains_key("retry-after"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_second_factor_is_asked_for_too() {
    let server = Server::with_sqlite().await;
    let (ada, _, codes) = crate::second_factor::protected(&server).await;
    let home = server.settle(ADA, false).await;
    assert_eq!(server.get(DELETION, &ada).await.body["code_needed"], true);
    for code in [Value::Null, json!(""), json!("000000")] {
        let mut body = wish(&[home]);
        body["code"] = code;
        let refused = server.post(DELETION, &ada, &body).await;
        assert_eq!((refused.status.as_u16(), &refused.body["field"]), (422, &json!("code")));
    }
    let mut body = wish(&[home]);
    body["code"] = json!(codes[0]);
    assert_eq!(server.post(DELETION, &ada, &body).await.status, StatusCode::NO_CONTENT);
    server.stop().await;
}
