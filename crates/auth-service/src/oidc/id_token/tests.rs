use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use serde_json::{Value, json};

use super::super::keys::KeySet;
use super::*;

/// RFC 8410, section 10.3.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const NOW: UtcMillis = UtcMillis(1_800_000_000_000);
const EXPECTED: Expected<'_> =
    Expected { issuer: "https://id.example.org", client_id: "wattline", nonce: "n-0S6_WzA2Mj", now: NOW };

fn key() -> EncodingKey {
    EncodingKey::from_ed_pem(PEM.as_bytes()).unwrap()
}

/// The same public key under each of these names.
fn keys(names: &[&str], r#use: &PublicKeyUse) -> Keys {
    let jwks = names.iter().map(|name| {
        let mut jwk = Jwk::from_encoding_key(&key(), Algorithm::EdDSA).unwrap();
        jwk.common.key_id = Some((*name).to_owned());
        jwk.common.public_key_use = Some(r#use.clone());
        serde_json::to_value(jwk).unwrap()
    });
    let set: KeySet = serde_json::from_value(json!({ "keys": jwks.collect::<Vec<_>>() })).unwrap();
    set.into()
}

fn token(name: Option<&str>, changes: &Value) -> String {
    let now = NOW.secs();
    let mut claims = json!({
        "iss": EXPECTED.issuer, "sub": "ada", "aud": EXPECTED.client_id, "nonce": EXPECTED.nonce,
        "iat": now, "exp": now + 300,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let header = Header { kid: name.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, &claims, &key()).unwrap()
}

fn verdict(changes: &Value) -> Result<String, IdTokenError> {
    let keys = keys(&["a"], &PublicKeyUse::Signature);
    verify(&token(Some("a"), changes), &keys, &EXPECTED).map(|claims| claims.sub)
}

#[test]
fn a_token_is_good_within_the_skew_of_clocks_and_not_beyond() {
    let now = NOW.secs();
    for good in [
        json!({}),
        json!({ "exp": now - 59 }),
        json!({ "iat": now + 60 }),
        json!({ "nbf": now + 60 }),
        json!({ "iat": now - 660 }),
        json!({ "aud": [EXPECTED.client_id] }),
        json!({ "aud": ["other", EXPECTED.client_id], "azp": EXPECTED.client_id }),
    ] {
        assert_eq!(verdict(&good), Ok("ada".to_owned()), "{good}");
    }
    for bad in [
        json!({ "exp": now - 60 }),
        json!({ "iat": now + 61 }),
        json!({ "nbf": now + 61 }),
        json!({ "iat": now - 661 }),
        json!({ "exp": i64::MIN }),
        json!({ "iat": i64::MAX }),
    ] {
        assert_eq!(verdict(&bad), Err(IdTokenError::Time), "{bad}");
    }
}

#[test]
fn what_is_missing_is_not_made_up() {
    for name in ["iss", "sub", "aud", "iat", "exp"] {
        assert_eq!(verdict(&json!({ name: null })), Err(IdTokenError::Malformed), "{name}");
    }
    assert_eq!(verdict(&json!({ "nonce": null })), Err(IdTokenError::Nonce));
    assert_eq!(verdict(&json!({ "aud": [] })), Err(IdTokenError::Audience));
    assert_eq!(verdict(&json!({ "sub": "x".repeat(256) })), Err(IdTokenError::Subject));
}

#[test]
fn a_key_is_found_by_its_name_or_where_there_is_no_choice() {
    let verdict = |name: Option<&str>, keys: &Keys| {
        verify(&token(name, &json!({})), keys, &EXPECTED).map(|claims| claims.sub)
    };
    let (one, two) = (keys(&["a"], &PublicKeyUse::Signature), keys(&["a", "b"], &PublicKeyUse::Signature));
    assert!(verdict(Some("a"), &two).is_ok() && verdict(Some("b"), &two).is_ok());
    assert!(verdict(None, &one).is_ok());
    assert_eq!(verdict(None, &two), Err(IdTokenError::UnknownKey));
    assert_eq!(verdict(Some("c"), &two), Err(IdTokenError::UnknownKey));
    assert_eq!(verdict(Some("a"), &keys(&["a"], &PublicKeyUse::Encryption)), Err(IdTokenError::UnknownKey));
}

#[test]
fn extensions_that_must_be_understood_are_not() {
    let header = Header {
        kid: Some("a".to_owned()),
        crit: Some(vec!["exp".to_owned()]),
        ..Header::new(Algorithm::EdDSA)
    };
    let text = jsonwebtoken::encode(&header, &json!({}), &key());
    // The library may refuse to write it at all.
    if let Ok(text) = text {
        assert_eq!(super::header(&text).err(), Some(IdTokenError::Malformed));
    }
    assert_eq!(super::header(&"a".repeat(MAX_TOKEN_BYTES + 1)).err(), Some(IdTokenError::Malformed));
}

#[test]
fn a_verified_address_is_one_that_is_said_to_be() {
    let verified = |value: Value| serde_json::from_value::<Profile>(value).unwrap().email_verified;
    assert!(verified(json!({ "email_verified": true })) && verified(json!({ "email_verified": "true" })));
    for value in [json!({}), json!({ "email_verified": false }), json!({ "email_verified": 1 })] {
        assert!(!verified(value.clone()), "{value}");
    }
    assert!(!verified(json!({ "email_verified": null })) && !verified(json!({ "email_verified": "yes" })));
}
