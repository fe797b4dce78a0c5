//! What the provider answers.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::tokens::id_token;
use super::{CLIENT_ID, CLIENT_SECRET, Grant, Lie, Shared, lock};

type Parameters = HashMap<String, String>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let realm = Router::new()
        .route("/.well-known/openid-configuration", get(describe))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/keys", get(keys))
        .route("/userinfo", get(userinfo))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), unless_down))
        .with_state(shared);
    Router::new().nest("/realms/home", realm)
}

async fn unless_down(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if lock(&shared.script).is_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}

async fn describe(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", shared.issuer);
    Json(json!({
        "issuer": shared.issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("keys"),
        "userinfo_endpoint": at("userinfo"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

fn refusal(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}

async fn authorize(State(shared): State<Arc<Shared>>, Query(asked): Query<Parameters>) -> Response {
    let of = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let is_good = of("client_id") == CLIENT_ID
        && of("redirect_uri") == shared.redirect_uri
        && of("response_type") == "code"
        && of("scope").split(' ').any(|scope| scope == "openid")
        && of("code_challenge_method") == "S256"
        && of("code_challenge").len() == 43
        && of("state").len() >= 22
        && of("nonce").len() >= 22;
    // Nothing of a log-in may be of another one.
    if !is_good || !lock(&shared.seen_nonces).insert(of("nonce").to_owned()) {
        return refusal("invalid_request");
    }
    let script = lock(&shared.script).clone();
    let mut answer = vec![("state", of("state").to_owned())];
    match script.lie {
        Some(Lie::NoIss) => {}
        Some(Lie::Iss) => answer.push(("iss", "https://another.example".to_owned())),
        _ => answer.push(("iss", shared.issuer.clone())),
    }
    if let Some(error) = script.denial {
        answer.push(("error", error.to_owned()));
    } else {
        let code = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let grant = Grant {
            redirect_uri: of("redirect_uri").to_owned(),
            challenge: of("code_challenge").to_owned(),
            nonce: of("nonce").to_owned(),
            account: script.account,
        };
        lock(&shared.codes).insert(code.clone(), grant);
        answer.push(("code", code));
    }
    let mut url = reqwest::Url::parse(&shared.redirect_uri).expect("the test gave an address");
    url.query_pairs_mut().extend_pairs(answer);
    Redirect::to(url.as_str()).into_response()
}

async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(asked): Form<Parameters>,
) -> Response {
    if !is_client(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let of = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let grant = lock(&shared.codes).remove(of("code"));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier").as_bytes()));
    let Some(grant) = grant.filter(|grant| {
        of("grant_type") == "authorization_code"
            && grant.redirect_uri == of("redirect_uri")
            && grant.challenge == challenge
    }) else {
        return refusal("invalid_grant");
    };
    let script = lock(&shared.script).clone();
    let access_token = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let id_token = id_token(&shared, &grant, script.lie, script.is_terse);
    lock(&shared.access_tokens).insert(access_token.clone(), grant.account);
    let answer = json!({
        "id_token": id_token,
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": 60,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// RFC 6749, section 2.3.1: both are encoded as in a form, then put into the header.
fn is_client(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let encoded = |text: &str| {
        let url = reqwest::Url::parse_with_params("http://form/", [("x", text)]).expect("an address");
        url.query().unwrap_or_default()[2..].to_owned()
    };
    let expected = BASE64_STANDARD.encode(format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)));
    sent == Some(&format!("Basic {expected}"))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    *lock(&shared.key_sets) += 1;
    let keys = lock(&shared.keys);
    let mut published: Vec<Value> =
        keys.iter().map(|key| serde_json::to_value(&key.public).expect("a key is JSON")).collect();
    // What others publish besides: a key to encrypt with, one of a kind that nobody knows, and one that should not be there.
    published.push(
        json!({ "kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "enc", "n": "AQAB", "e": "AQAB" }),
    );
    published.push(json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "new", "pub": "AAAA" }));
    published.push(json!({ "kty": "oct", "kid": "shared", "k": "AAAA" }));
    Json(json!({ "keys": published }))
}

async fn userinfo(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let Some(account) = bearer.and_then(|token| lock(&shared.access_tokens).get(token).cloned()) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let lies = lock(&shared.script).lie == Some(Lie::Userinfo);
    let subject = if lies { "somebody-else".to_owned() } else { account.subject };
    let (email, verified, name) = (account.email, account.email_verified, account.name);
    // Some say so in words.
    let verified = if verified { "true" } else { "false" };
    Json(json!({ "sub": subject, "email": email, "email_verified": verified, "name": name })).into_response()
}
