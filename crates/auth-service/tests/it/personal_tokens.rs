use std::sync::Arc;
use std::time::Duration;

use auth_service::SessionsConfig;
use domain::access::{Role, Scope};
use domain::personal_tokens::{PersonalToken, PersonalTokenId, PersonalTokens as _};
use domain::{HouseholdId, UtcMillis};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::servers::PostgreSql;

use crate::server::{HUB, PASSWORD, Server};
use crate::tokens::verified;

const PATH: &str = "/v1/personal-tokens";
const DAY_MILLIS: i64 = 86_400_000;

fn wish(household: HouseholdId, scopes: &[&str]) -> Value {
    json!({
        "name": "Shelf", "household": household.to_string(), "scopes": scopes, "expires_in_days": 30,
        "password": PASSWORD,
    })
}

/// A token of the person's; its secret.
async fn make(server: &Server, session: &str, wish: &Value) -> String {
    let made = server.post(PATH, session, wish).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.body["token"].as_str().unwrap().to_owned()
}

async fn exchange(server: &Server, token: &str, household: HouseholdId) -> crate::server::Answer {
    server.post("/v1/tokens", token, &json!({ "household": household.to_string() })).await
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_without_its_secret() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let made = server.post(PATH, &ada, &wish(home, &["manage", "usage", "usage"])).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.headers["cache-control"], "no-store");
    let mut described = made.body;
    let token = described.as_object_mut().unwrap().remove("token").unwrap();
    let token = token.as_str().unwrap();
    assert!(token.starts_with("wlp_") && token.len() == 4 + 43, "{token}");
    let expected = json!({
        "id": described["id"], "name": "Shelf", "household": home.to_string(), "scopes": ["usage", "manage"],
        "created": server.now().to_string(), "expires": server.now().plus_millis(30 * DAY_MILLIS).to_string(),
        "last_used": null,
    });
    assert_eq!(described, expected);

    let listed = server.get(PATH, &ada).await;
    assert_eq!(listed.body, json!({ "tokens": [expected] }));
    assert!(!listed.body.to_string().contains("wlp_"));
    assert_eq!(exchange(&server, token, home).await.status, StatusCode::OK);
    let listed = server.get(PATH, &ada).await;
    assert_eq!(listed.body["tokens"][0]["last_used"], server.now().to_string());
    server.settle("eve@example.org", false).await;
    let eve = server.secret_of("eve@example.org").await;
    assert_eq!(server.get(PATH, &eve).await.body, json!({ "tokens": [] }));
    server.stop().await;
}

#[tokio::test]
async fn an_access_token_has_the_scopes_of_the_personal_one_and_no_longer_life() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let token = make(&server, &ada, &wish(home, &["live", "usage"])).await;
    let issued = exchange(&server, &token, home).await;
    assert_eq!((issued.status, &issued.body["expires_in"]), (StatusCode::OK, &json!(600)));
    let claims = verified(&server, issued.body["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.scope, "usage live");
    assert!(claims.allows(Scope::Live) && !claims.allows(Scope::Manage));
    assert_eq!((claims.sub, claims.household), (server.person("ada@example.org").await, home));
    assert_eq!(claims.role, Role::Owner);

    server.clock.advance_millis(30 * DAY_MILLIS - 60_000);
    let issued = exchange(&server, &token, home).await;
    assert_eq!(issued.body["expires_in"], 60, "{}", issued.body);
    server.stop().await;
}

#[tokio::test]
async fn a_token_opens_its_own_household_only() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let other = server.settle("bob@example.org", false).await;
    server.accounts.put_member(other, server.person("ada@example.org").await, Role::Owner).await.unwrap();
    let ada = server.secret_of("ada@example.org").await;
    let token = make(&server, &ada, &wish(home, &["usage", "live", "manage"])).await;
    assert_eq!(exchange(&server, &ada, other).await.status, StatusCode::OK, "she is at home there too");
    assert_eq!(exchange(&server, &token, other).await.status, StatusCode::FORBIDDEN);
    for path in ["", "/settings"] {
        let at = |household| format!("/v1/households/{household}{path}");
        assert_eq!(server.get(&at(home), &token).await.status, StatusCode::OK);
        assert_eq!(server.get(&at(other), &token).await.status, StatusCode::NOT_FOUND);
    }
    server.stop().await;
}

/// Reading the household, reading its settings, changing them, labelling a hub.
async fn tries(server: &Server, home: HouseholdId, token: &str) -> [StatusCode; 4] {
    let household = format!("/v1/households/{home}");
    let settings = format!("{household}/settings");
    let hub = format!("{household}/hubs/{HUB}");
    let session = server.secret_of("ada@example.org").await;
    let current = server.get(&settings, &session).await.body;
    [
        server.get(&household, token).await.status,
        server.get(&settings, token).await.status,
        server.put(&settings, token, &current).await.status,
        server.put(&hub, token, &json!({ "name": "Cellar", "sockets": [] })).await.status,
    ]
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let (yes, no) = (StatusCode::OK, StatusCode::FORBIDDEN);
    for (scope, expected) in
        [("usage", [yes, yes, no, no]), ("live", [no, no, no, no]), ("manage", [no, no, yes, yes])]
    {
        let token = make(&server, &ada, &wish(home, &[scope])).await;
        assert_eq!(tries(&server, home, &token).await, expected, "{scope}");
    }
    let token = make(&server, &ada, &wish(home, &["live"])).await;
    let refused = server.get(&format!("/v1/households/{home}"), &token).await;
    assert!(refused.body["detail"].as_str().unwrap().contains("usage"), "{}", refused.body);
    server.stop().await;
}

#[tokio::test]
async fn a_token_makes_no_tokens_and_is_no_session() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let all = wish(home, &["usage", "live", "manage"]);
    let token = make(&server, &ada, &all).await;
    let id = server.get(PATH, &ada).await.body["tokens"][0]["id"].as_str().unwrap().to_owned();
    for refused in [
        server.post(PATH, &token, &all).await,
        server.get(PATH, &token).await,
        server.delete(&format!("{PATH}/{id}"), &token).await,
        server.get("/v1/sessions/current", &token).await,
        server.delete("/v1/sessions/current", &token).await,
    ] {
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    }
    assert_eq!(server.get(PATH, &ada).await.body["tokens"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn an_expired_token_opens_nothing_and_is_forgotten_in_time() {
    let settings = SessionsConfig { purge_interval_seconds: 1, ..SessionsConfig::default() };
    let server = Server::with_settings(settings).await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let mut short = wish(home, &["usage", "manage"]);
    short["expires_in_days"] = json!(1);
    let token = make(&server, &ada, &short).await;
    let other = make(&server, &ada, &wish(home, &["usage"])).await;
    server.clock.advance_millis(DAY_MILLIS - 1);
    assert_eq!(tries(&server, home, &token).await, [StatusCode::OK; 4]);
    server.clock.advance_millis(1);
    assert_eq!(tries(&server, home, &token).await, [StatusCode::UNAUTHORIZED; 4]);
    let refused = exchange(&server, &token, home).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    testkit::wait::until(Duration::from_secs(20), "the token is forgotten", async || {
        let listed = server.get(PATH, &ada).await.body;
        (listed["tokens"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    assert_eq!(exchange(&server, &other, home).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn every_token_ends_but_those_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap());
    let server = Server::with_stores(Arc::clone(&store)).await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let secret = format!("wlp_{}", "A".repeat(43));
    let before = PersonalToken {
        id: PersonalTokenId::from_bytes([1; 16]),
        person: server.person("ada@example.org").await,
        household: home,
        name: "Attic".to_owned(),
        scopes: vec![Scope::Usage],
        secret_hash: Sha256::digest(&secret).into(),
        created: server.now().plus_millis(-DAY_MILLIS),
        expires: None,
        last_used: None,
    };
    assert!(store.create_token(&before, 50, None).await.unwrap());
    for without in [json!({ "expires_in_days": null }), json!({})] {
        let mut wish = wish(home, &["usage"]);
        wish.as_object_mut().unwrap().remove("expires_in_days");
        wish.as_object_mut().unwrap().extend(without.as_object().unwrap().clone());
        make(&server, &ada, &wish).await;
    }
    let listed = server.get(PATH, &ada).await.body;
    let ends: Vec<&Value> =
        listed["tokens"].as_array().unwrap().iter().map(|token| &token["expires"]).collect();
    let usual = json!(server.now().plus_millis(90 * DAY_MILLIS).to_string());
    assert_eq!(ends, [&Value::Null, &usual, &usual]);
    server.clock.advance_millis(800 * DAY_MILLIS);
    assert_eq!(exchange(&server, &secret, home).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn a_deleted_token_opens_nothing() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    server.settle("eve@example.org", false).await;
    let (ada, eve) = (server.secret_of("ada@example.org").await, server.secret_of("eve@example.org").await);
    let token = make(&server, &ada, &wish(home, &["usage", "manage"])).await;
    let id = server.get(PATH, &ada).await.body["tokens"][0]["id"].as_str().unwrap().to_owned();
    let address = format!("{PATH}/{id}");
    assert_eq!(server.delete(&address, &eve).await.status, StatusCode::NOT_FOUND);
    assert_eq!(exchange(&server, &token, home).await.status, StatusCode::OK);
    assert_eq!(server.delete(&address, &ada).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.delete(&address, &ada).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.delete(&format!("{PATH}/shelf"), &ada).await.status, StatusCode::NOT_FOUND);
    assert_eq!(exchange(&server, &token, home).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(tries(&server, home, &token).await, [StatusCode::UNAUTHORIZED; 4]);
    server.stop().await;
}

#[tokio::test]
async fn what_was_never_a_token_opens_nothing() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    let token = make(&server, &ada, &wish(home, &["usage"])).await;
    let stored: [u8; 32] = Sha256::digest(&token).into();
    let other_kind = format!("wls_{}", &token[4..]);
    let flipped = format!("{}{}", &token[..46], if token.ends_with('A') { 'E' } else { 'A' });
    for wrong in [other_kind, flipped, "wlp_".to_owned(), format!("wlp_{stored:?}")] {
        assert_eq!(exchange(&server, &wrong, home).await.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_guest_cannot_manage_with_a_token_either() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    server.settle("bob@example.org", false).await;
    let person = server.person("bob@example.org").await;
    server.accounts.put_member(home, person, Role::Member).await.unwrap();
    let bob = server.secret_of("bob@example.org").await;
    let token = make(&server, &bob, &wish(home, &["usage", "manage"])).await;
    assert_eq!(tries(&server, home, &token).await, [StatusCode::OK; 4]);

    server.accounts.put_member(home, person, Role::Guest).await.unwrap();
    let (yes, no) = (StatusCode::OK, StatusCode::FORBIDDEN);
    assert_eq!(tries(&server, home, &token).await, [yes, yes, no, no]);
    assert_eq!(server.post(PATH, &bob, &wish(home, &["usage", "manage"])).await.status, no);
    let token = make(&server, &bob, &wish(home, &["usage", "live"])).await;
    let issued = exchange(&server, &token, home).await;
    let claims = verified(&server, issued.body["access_token"].as_str().unwrap()).await;
    assert_eq!((claims.role, claims.scope.as_str()), (Role::Guest, "usage live"));
    server.stop().await;
}

#[tokio::test]
async fn malformed_wishes_name_the_field() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let other = server.settle("eve@example.org", false).await;
    let ada = server.secret_of("ada@example.org").await;
    for (field, value, named) in [
        ("name", json!("  "), "name"),
        ("name", json!("x".repeat(81)), "name"),
        ("scopes", json!([]), "scopes"),
        ("scopes", json!(["usage", "admin"]), "scopes[1]"),
        ("scopes", json!("usage live"), "scopes"),
        ("household", json!("home"), "household"),
        ("expires_in_days", json!(0), "expires_in_days"),
        ("expires_in_days", json!(731), "expires_in_days"),
        ("expires_in_days", json!(-1), "expires_in_days"),
        ("password", json!("wrong password"), "password"),
        ("password", json!(null), "password"),
        ("token", json!("wlp_mine"), "token"),
    ] {
        let mut wish = wish(home, &["usage"]);
        wish[field] = value;
        let refused = server.post(PATH, &ada, &wish).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wish}: {}", refused.body);
        assert_eq!(refused.body["field"], named, "{}", refused.body);
    }
    for household in [other, HouseholdId::from_bytes([9; 16])] {
        let refused = server.post(PATH, &ada, &wish(household, &["usage"])).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    }
    assert_eq!(server.get(PATH, &ada).await.body, json!({ "tokens": [] }));
    let mut longest = wish(home, &["usage"]);
    longest["expires_in_days"] = json!(730);
    make(&server, &ada, &longest).await;
    server.stop().await;
}

#[tokio::test]
async fn nobody_has_more_than_fifty() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let ada = server.secret_of("ada@example.org").await;
    for _ in 0..50 {
        make(&server, &ada, &wish(home, &["usage"])).await;
    }
    let refused = server.post(PATH, &ada, &wish(home, &["usage"])).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    let first = server.get(PATH, &ada).await.body["tokens"][0]["id"].as_str().unwrap().to_owned();
    server.delete(&format!("{PATH}/{first}"), &ada).await;
    make(&server, &ada, &wish(home, &["usage"])).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_leaves_no_token_behind() {
    let (postgres, store) = tokio::task::spawn_blocking(|| {
        let postgres = PostgreSql::start().unwrap();
        let config = postgres::Config::new(postgres.database("postgres").unwrap().into());
        (postgres, config)
    })
    .await
    .map(|(postgres, config)| (postgres, Arc::new(postgres::Accounts::connect(&config).unwrap())))
    .unwrap();
    let server = Server::with_stores(Arc::clone(&store)).await;
    let home = server.settle("ada@example.org", true).await;
    server.settle("bob@example.org", false).await;
    let person = server.person("bob@example.org").await;
    server.accounts.put_member(home, person, Role::Owner).await.unwrap();
    let bob = server.secret_of("bob@example.org").await;
    let token = make(&server, &bob, &wish(home, &["usage", "manage"])).await;
    assert_eq!(tries(&server, home, &token).await, [StatusCode::OK; 4]);

    let postgres =
        sql(postgres, format!("DELETE FROM membership WHERE person = '{person}' AND household = '{home}'"))
            .await;
    assert_eq!(tries(&server, home, &token).await, [StatusCode::UNAUTHORIZED; 4]);
    assert_eq!(exchange(&server, &token, home).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(exchange(&server, &bob, home).await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.get(PATH, &bob).await.body, json!({ "tokens": [] }));
    server.accounts.put_member(home, person, Role::Member).await.unwrap();
    assert_eq!(
        exchange(&server, &token, home).await.status,
        StatusCode::UNAUTHORIZED,
        "it does not come back"
    );

    let token = make(&server, &bob, &wish(home, &["usage"])).await;
    let hash: [u8; 32] = Sha256::digest(&token).into();
    assert!(store.use_token(&hash, UtcMillis(0)).await.unwrap().is_some());
    let _postgres = sql(postgres, format!("DELETE FROM person WHERE id = '{person}'")).await;
    assert_eq!(store.use_token(&hash, UtcMillis(0)).await.unwrap(), None);
    assert_eq!(exchange(&server, &token, home).await.status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

async fn sql(postgres: PostgreSql, statement: String) -> PostgreSql {
    let task = tokio::task::spawn_blocking(move || {
        postgres.sql(&statement).unwrap();
        postgres
    });
    task.await.unwrap()
}
