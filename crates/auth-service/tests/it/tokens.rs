use domain::HouseholdId;
use domain::access::{AUDIENCE, AccessClaims, HubGrant, ISSUER, Role, Scope};
use domain::accounts::HubAssignment;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Server, hub};

/// Checks a token as the read-service would: with nothing but the published keys.
pub(crate) async fn verified(server: &Server, token: &str) -> AccessClaims {
    let answer = server.send(server.request(Method::GET, "/.well-known/jwks.json")).await;
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    let keys: JwkSet = serde_json::from_value(answer.body).unwrap();
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    decode(token, &key, &validation).unwrap().claims
}

fn household(id: HouseholdId) -> Value {
    json!({ "household": id.to_string() })
}

#[tokio::test]
async fn a_token_carries_the_hubs_of_the_household_and_their_times() {
    let server = Server::with_sqlite().await;
    let id = server.settle("ada@example.org", true).await;
    let now = server.now();
    let gone = "0197a3c2-0000-7000-8000-00000000000f".parse().unwrap();
    let assignment = HubAssignment {
        hub: gone,
        household: id,
        name: "Gone".to_owned(),
        since: now.plus_millis(-2_000),
        until: None,
    };
    server.accounts.assign_hub(&assignment).await.unwrap();
    server
        .accounts
        .release_hub(id, gone, server.person("ada@example.org").await, now.plus_millis(-1_000))
        .await
        .unwrap();

    let secret = server.secret_of("ada@example.org").await;
    let answer = server.post("/v1/tokens", &secret, &household(id)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 600);
    let token = answer.body["access_token"].as_str().unwrap();
    let claims = verified(&server, token).await;
    assert_eq!(claims.household, id);
    assert_eq!(claims.role, Role::Owner);
    assert_eq!(claims.scope, "usage live manage");
    assert!(Scope::ALL.into_iter().all(|scope| claims.allows(scope)));
    assert_eq!(claims.zone.name(), "Europe/Berlin");
    assert_eq!((claims.iat, claims.exp), (now.secs(), now.secs() + 600));
    let until = Some(now.plus_millis(-1_000));
    assert_eq!(
        claims.hubs,
        [
            HubGrant { hub: hub(), since: domain::UtcMillis(0), until: None },
            HubGrant { hub: gone, since: now.plus_millis(-2_000), until },
        ]
    );
    server.stop().await;
}

#[tokio::test]
async fn a_token_does_not_outlive_its_session() {
    let server = Server::with_sqlite().await;
    let id = server.settle("ada@example.org", false).await;
    let secret = server.secret_of("ada@example.org").await;
    server.clock.advance_millis(30 * 24 * 3_600_000 - 60_000);
    let answer = server.post("/v1/tokens", &secret, &household(id)).await;
    assert_eq!(answer.body["expires_in"], 60, "{}", answer.body);
    server.stop().await;
}

#[tokio::test]
async fn only_members_get_a_token() {
    let server = Server::with_sqlite().await;
    let id = server.settle("ada@example.org", true).await;
    server.settle("eve@example.org", false).await;
    let eve = server.secret_of("eve@example.org").await;
    for household in [household(id), household(HouseholdId::from_bytes([9; 16]))] {
        let refused = server.post("/v1/tokens", &eve, &household).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(server.post("/v1/tokens", "wls_", &household(id)).await.status, StatusCode::UNAUTHORIZED);
    let malformed = server.post("/v1/tokens", &eve, &json!({ "household": "home" })).await;
    assert_eq!(malformed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(malformed.body["field"], "household");
    server.stop().await;
}
