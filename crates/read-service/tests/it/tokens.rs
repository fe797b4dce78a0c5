use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use domain::HouseholdId;
use domain::access::AccessClaims;
use jsonwebtoken::jwk::AlgorithmParameters;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use read_service::{KeySource, TokenVerifier};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::keys::Key;
use crate::server::{Server, household, send, utc};

async fn server() -> Server {
    Server::start(utc("2026-11-21T12:00:00Z")).await
}

fn path() -> String {
    format!("/v1/households/{}/usage?from=2026-11-21T00:00:00Z&to=2026-11-21T01:00:00Z", household())
}

async fn status(server: &Server, token: &str) -> StatusCode {
    server.get(&path(), token).await.status
}

fn signed_by_nobody(header: &serde_json::Value, claims: &AccessClaims, signature: &str) -> String {
    let part = |value: String| BASE64.encode(value);
    format!("{}.{}.{signature}", part(header.to_string()), part(serde_json::to_string(claims).unwrap()))
}

#[tokio::test]
async fn without_a_good_token_nobody_gets_in() {
    let server = server().await;
    let claims = server.claims("UTC", &[]);
    let good = server.key.sign(&claims);
    assert_eq!(status(&server, &good).await, StatusCode::OK);

    let changed = |change: fn(&mut AccessClaims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        server.key.sign(&claims)
    };
    let kid = server.key.id.clone();
    let AlgorithmParameters::OctetKeyPair(public) = &server.key.public.algorithm else {
        panic!("an Ed25519 key")
    };
    let hmac = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
    let secrets = [BASE64.decode(&public.x).unwrap(), public.x.clone().into_bytes()];
    let by_public_key =
        secrets.map(|x| jsonwebtoken::encode(&hmac, &claims, &EncodingKey::from_secret(&x)).unwrap());
    let (body, signature) = good.rsplit_once('.').unwrap();
    let other = server.key.sign(&AccessClaims { exp: claims.exp + 1, ..claims.clone() });
    let other_signature = other.rsplit_once('.').unwrap().1;
    let tokens = [
        ("garbage", "garbage".to_owned()),
        ("empty", String::new()),
        ("dots", "..".to_owned()),
        ("expired", changed(|claims| claims.exp = claims.iat - 31)),
        ("for ever", changed(|claims| claims.exp = claims.iat + 3_631)),
        ("other issuer", changed(|claims| claims.iss = "somebody".to_owned())),
        ("other audience", changed(|claims| claims.aud = "somebody".to_owned())),
        ("unknown key", Key::new(2, "second").sign(&claims)),
        ("another key under our name", Key::new(2, &kid).sign(&claims)),
        ("alg none", signed_by_nobody(&json!({ "alg": "none", "typ": "JWT", "kid": kid }), &claims, "")),
        ("alg none, signed", signed_by_nobody(&json!({ "alg": "none", "kid": kid }), &claims, signature)),
        ("no key id", signed_by_nobody(&json!({ "alg": "EdDSA" }), &claims, signature)),
        ("HS256 with the public key", by_public_key[0].clone()),
        ("HS256 with its text", by_public_key[1].clone()),
        ("signature of another", format!("{body}.{other_signature}")),
        ("signature cut off", format!("{body}.")),
    ];
    for (what, token) in tokens {
        let answer = server.get(&path(), &token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {}", answer.body);
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{what}");
    }
    for authorisation in [None, Some("Basic dTpw"), Some(good.as_str())] {
        let mut request = server.request(Method::GET, &path());
        if let Some(value) = authorisation {
            request = request.header("authorization", value);
        }
        assert_eq!(send(request).await.status, StatusCode::UNAUTHORIZED, "{authorisation:?}");
    }
    assert_eq!(status(&server, &good).await, StatusCode::OK);
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let server = server().await;
    let mut claims = server.claims("UTC", &[]);
    claims.exp = claims.iat - 29;
    assert_eq!(status(&server, &server.key.sign(&claims)).await, StatusCode::OK);
}

#[tokio::test]
async fn another_household_is_not_found_whether_or_not_it_exists() {
    let server = server().await;
    let claims = AccessClaims { household: HouseholdId::from_bytes([9; 16]), ..server.claims("UTC", &[]) };
    assert_eq!(status(&server, &server.key.sign(&claims)).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_keys_nobody_can_be_told_from_anybody() {
    let server = server().await;
    server.keys.fail();
    let token = server.token("UTC", &[]);
    for _ in 0..10 {
        let answer = server.get(&path(), &token).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers.contains_key("retry-after"));
    }
    assert_eq!(server.keys.asked(), 1, "who asks again at once is told so without a fetch");
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::SERVICE_UNAVAILABLE);

    server.keys.serve(&[&server.key]);
    server.clock.advance_millis(1_000);
    assert_eq!(status(&server, &token).await, StatusCode::OK);
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_is_remembered_ends_all_the_same() {
    let server = server().await;
    let claims = server.claims("UTC", &[]);
    let token = server.key.sign(&claims);
    for _ in 0..2 {
        assert_eq!(status(&server, &token).await, StatusCode::OK);
    }
    let forged = format!("{}x", &token[..token.len() - 1]);
    assert_eq!(status(&server, &forged).await, StatusCode::UNAUTHORIZED);
    server.clock.advance_millis((claims.exp - claims.iat + 31) * 1_000);
    assert_eq!(status(&server, &token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_the_old_one_forgotten() {
    let server = server().await;
    let old = server.token("UTC", &[]);
    assert_eq!(status(&server, &old).await, StatusCode::OK);
    assert_eq!(server.keys.asked(), 1);

    let second = Key::new(2, "second");
    server.keys.serve(&[&second]);
    let new = second.sign(&server.claims("UTC", &[]));
    assert_eq!(status(&server, &new).await, StatusCode::UNAUTHORIZED, "the keys were fetched just now");
    assert_eq!(server.keys.asked(), 1);

    server.clock.advance_millis(5_000);
    let together = futures_util::future::join_all((0..20).map(|_| status(&server, &new))).await;
    assert!(together.iter().all(|&status| status == StatusCode::OK), "{together:?}");
    assert_eq!(server.keys.asked(), 2);
    assert_eq!(status(&server, &old).await, StatusCode::UNAUTHORIZED);

    // Keys that cannot be had again do not turn away those who are known.
    server.keys.fail();
    server.clock.advance_millis(5_000);
    let third = Key::new(3, "third").sign(&server.claims("UTC", &[]));
    assert_eq!(status(&server, &third).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&server, &new).await, StatusCode::OK);
}

const FIVE_MINUTES: i64 = 300_000;

#[tokio::test]
async fn a_key_that_was_withdrawn_is_refused_after_five_minutes() {
    let server = server().await;
    let new = Key::new(2, "new");
    server.keys.serve(&[&server.key, &new]);
    let by_old = server.token("UTC", &[]);
    let by_new = new.sign(&server.claims("UTC", &[]));
    for token in [&by_old, &by_new] {
        assert_eq!(status(&server, token).await, StatusCode::OK);
    }

    server.keys.serve(&[&new]);
    server.clock.advance_millis(FIVE_MINUTES - 1);
    assert_eq!(status(&server, &by_old).await, StatusCode::OK, "as long as keys may be kept");
    assert_eq!(server.keys.asked(), 1);
    server.clock.advance_millis(1);
    // The first who notices is not served what is old, and nobody asks twice.
    let together = futures_util::future::join_all((0..20).map(|_| status(&server, &by_old))).await;
    assert!(together.iter().all(|&status| status == StatusCode::UNAUTHORIZED), "{together:?}");
    assert_eq!(status(&server, &by_new).await, StatusCode::OK);
    assert_eq!(server.keys.asked(), 2);
    let again = server.token("UTC", &[]);
    assert_eq!(status(&server, &again).await, StatusCode::UNAUTHORIZED, "nor is what it signs from now on");
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_again_do_for_an_hour() {
    let server = server().await;
    assert_eq!(status(&server, &server.token("UTC", &[])).await, StatusCode::OK);
    server.keys.fail();
    server.clock.advance_millis(FIVE_MINUTES);
    for _ in 0..5 {
        assert_eq!(status(&server, &server.token("UTC", &[])).await, StatusCode::OK);
    }
    assert_eq!(server.keys.asked(), 2, "whoever asks next does not wait for another fetch");
    server.clock.advance_millis(15_000);
    assert_eq!(status(&server, &server.token("UTC", &[])).await, StatusCode::OK);
    assert_eq!(server.keys.asked(), 3);

    server.clock.advance_millis(54 * 60_000);
    assert_eq!(status(&server, &server.token("UTC", &[])).await, StatusCode::OK);
    server.clock.advance_millis(60_000);
    assert_eq!(status(&server, &server.token("UTC", &[])).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    server.keys.serve(&[&server.key]);
    server.clock.advance_millis(15_000);
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::OK);
    assert_eq!(status(&server, &server.token("UTC", &[])).await, StatusCode::OK);
}

#[tokio::test]
async fn what_was_verified_is_remembered_as_long_as_its_key_is_there() {
    let server = server().await;
    let source = KeySource::new(server.keys.url.clone()).unwrap();
    let verifier = TokenVerifier::new(source, server.clock.clone());
    let goes = Key::new(2, "goes");
    server.keys.serve(&[&server.key, &goes]);
    let stays = server.token("UTC", &[]);
    let leaves = goes.sign(&server.claims("UTC", &[]));
    let first = verifier.verify(&stays).await.unwrap();
    verifier.verify(&leaves).await.unwrap();

    // Whoever names a key that never was has the keys fetched, and nothing else.
    server.clock.advance_millis(5_000);
    let asked = server.keys.asked();
    assert!(verifier.verify(&Key::new(3, "never").sign(&server.claims("UTC", &[]))).await.is_err());
    assert_eq!(server.keys.asked(), asked + 1);
    assert!(Arc::ptr_eq(&first, &verifier.verify(&stays).await.unwrap()));

    // Another key under the same name is another key.
    server.keys.serve(&[&server.key, &Key::new(4, "goes")]);
    server.clock.advance_millis(FIVE_MINUTES);
    assert!(Arc::ptr_eq(&first, &verifier.verify(&stays).await.unwrap()));
    assert!(verifier.verify(&leaves).await.is_err());
}
