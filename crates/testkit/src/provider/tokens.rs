//! ID tokens, true ones and others.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::key::Key;
use super::{CLIENT_ID, Grant, Lie, Shared, lock};

const DAY_SECS: i64 = 86_400;

fn claims(shared: &Shared, grant: &Grant, lie: Option<Lie>, is_terse: bool) -> Value {
    let now = shared.clock.now().secs();
    let account = &grant.account;
    let mut claims = json!({
        "iss": shared.issuer,
        "sub": account.subject,
        "aud": CLIENT_ID,
        "azp": CLIENT_ID,
        "iat": now,
        "exp": now + 300,
        "nonce": grant.nonce,
    });
    if !is_terse {
        claims["name"] = json!(account.name);
        claims["email"] = json!(account.email);
        claims["email_verified"] = json!(account.email_verified);
    }
    match lie {
        Some(Lie::Nonce) => claims["nonce"] = json!("another"),
        Some(Lie::NoNonce) => claims["nonce"] = Value::Null,
        Some(Lie::Audience) => claims["aud"] = json!("another"),
        Some(Lie::SeveralAudiences) => {
            claims["aud"] = json!([CLIENT_ID, "another"]);
            claims["azp"] = Value::Null;
        }
        Some(Lie::AuthorizedParty) => claims["azp"] = json!("another"),
        Some(Lie::Issuer) => claims["iss"] = json!(format!("{}/", shared.issuer)),
        Some(Lie::Expired) => {
            claims["iat"] = json!(now - 400);
            claims["exp"] = json!(now - 61);
        }
        Some(Lie::Stale) => {
            claims["iat"] = json!(now - DAY_SECS);
            claims["exp"] = json!(now + DAY_SECS);
        }
        Some(Lie::FromTheFuture) => {
            claims["iat"] = json!(now + DAY_SECS);
            claims["exp"] = json!(now + 2 * DAY_SECS);
        }
        Some(Lie::NoSubject) => claims["sub"] = json!(""),
        _ => {}
    }
    claims
}

pub(super) fn id_token(shared: &Shared, grant: &Grant, lie: Option<Lie>, is_terse: bool) -> String {
    let claims = claims(shared, grant, lie, is_terse);
    let keys = lock(&shared.keys);
    let key = &keys[0];
    let header = |name: &str| Header { kid: Some(name.to_owned()), ..Header::new(Algorithm::RS256) };
    let signed = |header: &Header, key: &EncodingKey| encode(header, &claims, key).expect("it can be signed");
    match lie {
        Some(Lie::NoAlgorithm) => {
            let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT", "kid": key.name })), part(&claims))
        }
        Some(Lie::PublicKeyAsSecret) => {
            let public = serde_json::to_vec(&key.public).expect("a key can be written down");
            let header = Header { alg: Algorithm::HS256, ..header(&key.name) };
            signed(&header, &EncodingKey::from_secret(&public))
        }
        Some(Lie::UnknownKey) => signed(&header("nobody's"), &Key::generate("nobody's").private),
        Some(Lie::ForgedKey) => signed(&header(&key.name), &Key::generate("forged").private),
        Some(Lie::Changed) => {
            let token = signed(&header(&key.name), &key.private);
            let mut other = claims.clone();
            other["sub"] = json!("somebody-else");
            let parts: Vec<&str> = token.split('.').collect();
            format!("{}.{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode(other.to_string()), parts[2])
        }
        _ => signed(&header(&key.name), &key.private),
    }
}
