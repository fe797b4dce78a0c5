use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::access::{HubGrant, Role};
use domain::hubs::PAIRING_LIFE_MILLIS;
use domain::{HouseholdId, HubId, TimeRange, UtcMillis};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::server::{Answer, HUB, PASSWORD, Server, hub};
use crate::tokens::verified;

/// A hub as it leaves the factory, with a secret that it made itself.
struct Hub {
    id: HubId,
    secret: String,
}

impl Hub {
    fn new() -> Self {
        Self::with_id(HubId::from_uuid(Uuid::new_v4()))
    }

    fn with_id(id: HubId) -> Self {
        let secret = format!("wlh_{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
        Self { id, secret }
    }

    fn wish(&self) -> Value {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&self.secret));
        json!({ "hub": self.id.to_string(), "secret_hash": hash, "serial": "WL-00007" })
    }

    async fn ask(&self, server: &Server) -> Answer {
        server.send(server.request(Method::POST, "/v1/pairings").json(&self.wish())).await
    }

    /// The code that it shows.
    async fn code(&self, server: &Server) -> String {
        let answer = self.ask(server).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.body["code"].as_str().unwrap().to_owned()
    }

    async fn state(&self, server: &Server) -> (StatusCode, Value) {
        let answer = server.get("/v1/pairings/current", &self.secret).await;
        (answer.status, answer.body["state"].clone())
    }
}

fn path(household: HouseholdId) -> String {
    format!("/v1/households/{household}/pairings")
}

async fn enter(server: &Server, person: &str, household: HouseholdId, code: &str) -> Answer {
    server.post(&path(household), person, &json!({ "code": code, "name": " Cellar " })).await
}

#[tokio::test]
async fn a_hub_shows_a_code_and_an_owner_enters_it() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", false).await;
    let ada = server.secret_of("ada@example.org").await;
    let hub = Hub::new();
    assert_eq!(hub.state(&server).await.0, StatusCode::UNAUTHORIZED);
    let asked = hub.ask(&server).await;
    assert_eq!(asked.headers["cache-control"], "no-store");
    let expires = server.now().plus_millis(PAIRING_LIFE_MILLIS).to_string();
    assert_eq!(asked.body["expires_at"], expires);
    let code = asked.body["code"].as_str().unwrap();
    let waits = server.get("/v1/pairings/current", &hub.secret).await;
    assert_eq!(waits.body, json!({ "state": "waiting", "expires_at": expires }));

    let begin = server.now();
    let entered = enter(&server, &ada, home, &code.to_lowercase().replace('-', " ")).await;
    assert_eq!(entered.status, StatusCode::CREATED, "{}", entered.body);
    assert_eq!(entered.body, json!({ "id": hub.id.to_string(), "name": "Cellar", "sockets": [] }));
    let paired = server.get("/v1/pairings/current", &hub.secret).await;
    assert_eq!(paired.body, json!({ "state": "paired", "expires_at": null }));
    let hubs = server.accounts.hubs(home).await.unwrap();
    assert_eq!((hubs.len(), hubs[0].hub, hubs[0].since), (1, hub.id, begin));
    assert_eq!(enter(&server, &ada, home, code).await.status, StatusCode::NOT_FOUND, "a code works once");
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_code_and_one_that_has_expired_name_the_field() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", false).await;
    let ada = server.secret_of("ada@example.org").await;
    let hub = Hub::new();
    let code = hub.code(&server).await;
    server.clock.advance_millis(PAIRING_LIFE_MILLIS);
    for wrong in [code.as_str(), "ABCD-EFGH", "", "ABCD", "0000-0000"] {
        let refused = enter(&server, &ada, home, wrong).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{wrong}: {}", refused.body);
        assert_eq!(refused.body["field"], "code");
    }
    assert_eq!(hub.state(&server).await.0, StatusCode::UNAUTHORIZED);
    // It asks again, with the same secret.
    let code = hub.code(&server).await;
    assert_eq!(enter(&server, &ada, home, &code).await.status, StatusCode::CREATED);
    server.stop().await;
}

#[tokio::test]
async fn only_an_owner_takes_a_hub_in_or_gives_it_up() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    server.settle("bob@example.org", false).await;
    let bob = server.secret_of("bob@example.org").await;
    let code = Hub::new().code(&server).await;
    let release = format!("/v1/households/{home}/hubs/{HUB}");
    let person = server.person("bob@example.org").await;
    for (role, expected) in [
        (None, StatusCode::NOT_FOUND),
        (Some(Role::Guest), StatusCode::FORBIDDEN),
        (Some(Role::Member), StatusCode::FORBIDDEN),
    ] {
        if let Some(role) = role {
            server.accounts.put_member(home, person, role).await.unwrap();
        }
        let entered = enter(&server, &bob, home, &code).await;
        assert_eq!(entered.status, expected, "{role:?}: {}", entered.body);
        assert_eq!(server.delete(&release, &bob).await.status, expected, "{role:?}");
    }
    assert_eq!(server.accounts.hubs(home).await.unwrap().len(), 1);
    server.accounts.put_member(home, person, Role::Owner).await.unwrap();
    assert_eq!(enter(&server, &bob, home, &code).await.status, StatusCode::CREATED);
    assert_eq!(server.delete(&release, &bob).await.status, StatusCode::NO_CONTENT);
    server.stop().await;
}

#[tokio::test]
async fn a_personal_token_needs_the_scope_to_manage() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", false).await;
    let ada = server.secret_of("ada@example.org").await;
    let code = Hub::new().code(&server).await;
    for (scopes, expected) in
        [(["usage", "live"].as_slice(), StatusCode::FORBIDDEN), (&["manage"], StatusCode::CREATED)]
    {
        let wish =
            json!({ "name": "Shelf", "household": home.to_string(), "scopes": scopes, "password": PASSWORD });
        let token = server.post("/v1/personal-tokens", &ada, &wish).await.body["token"].clone();
        let entered = enter(&server, token.as_str().unwrap(), home, &code).await;
        assert_eq!(entered.status, expected, "{scopes:?}: {}", entered.body);
    }
    server.stop().await;
}

#[tokio::test]
async fn nobody_can_steal_a_hub_by_its_id() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", true).await;
    let other = server.settle("eve@example.org", false).await;
    let (ada, eve) = (server.secret_of("ada@example.org").await, server.secret_of("eve@example.org").await);
    let fake = Hub::with_id(hub());
    let code = fake.code(&server).await;
    let refused = enter(&server, &eve, other, &code).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(server.accounts.hubs(other).await.unwrap(), []);
    let shown = server.get(&format!("/v1/households/{home}"), &ada).await;
    assert_eq!(shown.body["hubs"][0]["id"], HUB);
    server.stop().await;
}

/// What the household's token says of the hub.
async fn grants(server: &Server, person: &str, household: HouseholdId) -> Vec<HubGrant> {
    let issued = server.post("/v1/tokens", person, &json!({ "household": household.to_string() })).await;
    verified(server, issued.body["access_token"].as_str().unwrap()).await.hubs
}

#[tokio::test]
async fn a_hub_that_moves_brings_nothing_along_and_leaves_its_history() {
    let server = Server::with_sqlite().await;
    let home = server.settle("ada@example.org", false).await;
    let other = server.settle("bob@example.org", false).await;
    let (ada, bob) = (server.secret_of("ada@example.org").await, server.secret_of("bob@example.org").await);
    let begin = server.now();
    let first = Hub::new();
    let code = first.code(&server).await;
    enter(&server, &ada, home, &code).await;
    server.clock.advance_millis(3_600_000);
    let end = server.now();
    let released = server.delete(&format!("/v1/households/{home}/hubs/{}", first.id), &ada).await;
    assert_eq!(released.status, StatusCode::NO_CONTENT);
    assert_eq!(first.state(&server).await, (StatusCode::OK, json!("revoked")));

    server.clock.advance_millis(3_600_000);
    // The secret of before is worth nothing for ever.
    let refused = first.ask(&server).await;
    assert_eq!((refused.status, &refused.body["field"]), (StatusCode::CONFLICT, &json!("secret_hash")));
    let second = Hub::with_id(first.id);
    let code = second.code(&server).await;
    let moved = server.now();
    assert_eq!(enter(&server, &bob, other, &code).await.status, StatusCode::CREATED);

    let ever = TimeRange::new(UtcMillis(0), moved.plus_millis(1_000));
    let clipped = |grants: Vec<HubGrant>| grants.iter().map(|grant| grant.clip(ever)).collect::<Vec<_>>();
    assert_eq!(clipped(grants(&server, &ada, home).await), [TimeRange::new(begin, end)]);
    assert_eq!(clipped(grants(&server, &bob, other).await), [TimeRange::new(moved, ever.end)]);
    let again = server.delete(&format!("/v1/households/{home}/hubs/{}", first.id), &ada).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "it is not theirs any more");
    server.stop().await;
}

#[tokio::test]
async fn guessing_codes_is_slow() {
    let server = Server::with_sqlite().await;
    let home = server.settle("eve@example.org", false).await;
    let bobs = server.settle("bob@example.org", false).await;
    let (eve, bob) = (server.secret_of("eve@example.org").await, server.secret_of("bob@example.org").await);
    let code = Hub::new().code(&server).await;
    // Ten at a time are not more than ten one by one.
    let wrong: Vec<String> =
        (0..20).map(|n| format!("ABCD-EF{}{}", (b'A' + n / 4 % 5) as char, 2 + n % 4)).collect();
    let tries = wrong.iter().map(|code| enter(&server, &eve, home, code));
    let answers = futures_util::future::join_all(tries).await;
    let refused: Vec<&Answer> =
        answers.iter().filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS).collect();
    assert_eq!(refused.len(), 10);
    assert_eq!(refused[0].headers["retry-after"], "61");
    assert_eq!(enter(&server, &eve, home, &code).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(enter(&server, &bob, bobs, "ABCD-EFGH").await.status, StatusCode::NOT_FOUND);
    server.clock.advance_millis(10 * 60_000);
    let code = Hub::new().code(&server).await;
    assert_eq!(enter(&server, &eve, home, &code).await.status, StatusCode::CREATED);
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_wishes_is_held_back() {
    let server = Server::with_sqlite().await;
    let mut refused = None;
    for number in 0..=100 {
        let answer = Hub::new().ask(&server).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some((number, answer.headers["retry-after"].clone()));
            break;
        }
    }
    assert_eq!(refused.unwrap(), (40, "4".parse().unwrap()), "all from one address");
    server.clock.advance_millis(60_000);
    Hub::new().code(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn malformed_wishes_name_the_field() {
    let server = Server::with_sqlite().await;
    for (field, value) in [
        ("hub", json!("cellar")),
        ("hub", json!(Uuid::nil().to_string())),
        ("secret_hash", json!("wlh_mine")),
        ("secret_hash", json!("A".repeat(44))),
        ("serial", json!("x".repeat(41))),
        ("serial", json!("a\u{7}")),
        ("secret", json!("wlh_mine")),
    ] {
        let mut wish = Hub::new().wish();
        wish[field] = value;
        let refused = server.send(server.request(Method::POST, "/v1/pairings").json(&wish)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wish}: {}", refused.body);
        assert_eq!(refused.body["field"], field, "{}", refused.body);
    }
    for secret in ["", "wlh_", "wlp_AAAA"] {
        let refused = server.get("/v1/pairings/current", secret).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{secret}");
    }
    server.stop().await;
}
