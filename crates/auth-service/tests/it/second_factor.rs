//! Log-in in two steps.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use domain::UtcMillis;
use domain::accounts::Accounts as _;
use domain::second_factor::SecondFactors as _;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha1::Sha1;

use crate::server::{Answer, PASSWORD, Server};

const EMAIL: &str = "ada@example.org";
const PATH: &str = "/v1/people/current/second-factor";

/// What an app shows, computed apart from the service.
pub(crate) fn code(secret: &[u8], now: UtcMillis) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).unwrap();
    mac.update(&u64::try_from(now.secs() / 30).unwrap().to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] % 16);
    let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) % (1 << 31);
    format!("{:06}", number % 1_000_000)
}

async fn log_in(server: &Server, code: Option<&str>) -> Answer {
    let body = json!({ "email": EMAIL, "password": PASSWORD, "code": code });
    server.ask("/v1/sessions", &body).await
}

/// Somebody with a second factor: the session, the app's secret, the recovery codes.
pub(crate) async fn protected(server: &Server) -> (String, Vec<u8>, Vec<String>) {
    server.settle(EMAIL, false).await;
    let session = server.secret_of(EMAIL).await;
    let (secret, codes) = turn_on(server, &session).await;
    (session, secret, codes)
}

/// The app's secret, and the recovery codes.
pub(crate) async fn turn_on(server: &Server, session: &str) -> (Vec<u8>, Vec<String>) {
    let begun = server.post(PATH, session, &json!({ "password": PASSWORD })).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
    let typed = begun.body["secret"].as_str().unwrap();
    assert!(begun.body["uri"].as_str().unwrap().contains(typed));
    let secret = BASE32_NOPAD.decode(typed.as_bytes()).unwrap();
    // As long as no code was shown, none is asked for.
    assert_eq!(log_in(server, None).await.status, StatusCode::CREATED);
    let confirmed = server.put(PATH, session, &json!({ "code": code(&secret, server.now()) })).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.body);
    let codes: Vec<Value> = confirmed.body["recovery_codes"].as_array().unwrap().clone();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn a_code_is_asked_for_and_is_good_once() {
    let server = Server::with_sqlite().await;
    let (session, secret, _) = protected(&server).await;
    let current = server.get("/v1/people/current", &session).await;
    assert_eq!(
        (&current.body["second_factor"], &current.body["recovery_codes_left"]),
        (&json!(true), &json!(10))
    );

    let needed = log_in(&server, None).await;
    assert_eq!(needed.status, StatusCode::UNAUTHORIZED);
    assert_eq!(needed.body["type"], "urn:wattline:code-needed");
    // Who does not know the password does not learn that there is a second factor.
    let wrong = server.log_in(EMAIL, "wrong").await;
    assert_eq!(wrong.body["type"], "about:blank");

    // The code that switched it on is used up.
    let used = log_in(&server, Some(&code(&secret, server.now()))).await;
    assert_eq!((used.status, &used.body["field"]), (StatusCode::UNAUTHORIZED, &json!("code")));
    server.clock.advance_millis(30_000);
    let now = code(&secret, server.now());
    assert_eq!(log_in(&server, Some(&now)).await.status, StatusCode::CREATED);
    assert_eq!(log_in(&server, Some(&now)).await.status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn a_recovery_code_is_good_once() {
    let server = Server::with_sqlite().await;
    let (session, _, codes) = protected(&server).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    assert_eq!(log_in(&server, Some(&typed)).await.status, StatusCode::CREATED);
    assert_eq!(log_in(&server, Some(&codes[3])).await.status, StatusCode::UNAUTHORIZED);
    let current = server.get("/v1/people/current", &session).await;
    assert_eq!(current.body["recovery_codes_left"], 9);
    server.stop().await;
}

#[tokio::test]
async fn it_is_switched_off_with_both_factors() {
    let server = Server::with_sqlite().await;
    let (session, _, codes) = protected(&server).await;
    let again = server.post(PATH, &session, &json!({ "password": PASSWORD })).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let removal = format!("{PATH}/removal");
    for (body, field) in [
        (json!({ "password": "wrong", "code": codes[0] }), "password"),
        (json!({ "password": PASSWORD, "code": "000000" }), "code"),
    ] {
        let refused = server.post(&removal, &session, &body).await;
        assert_eq!(
            (refused.status, &refused.body["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field))
        );
    }
    let body = json!({ "password": PASSWORD, "code": codes[0] });
    assert_eq!(server.post(&removal, &session, &body).await.status, StatusCode::NO_CONTENT);
    assert_eq!(log_in(&server, None).await.status, StatusCode::CREATED);
    server.stop().await;
}

#[tokio::test]
async fn guessing_codes_comes_to_an_end() {
    let server = Server::with_sqlite().await;
    let (_, secret, _) = protected(&server).await;
    let mut statuses = Vec::new();
    for guess in 0..20 {
        let guess = format!("{guess:06}");
        if guess != code(&secret, server.now()) {
            statuses.push(log_in(&server, Some(&guess)).await.status);
        }
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
    server.stop().await;
}

#[tokio::test]
async fn what_is_kept_is_sealed_and_what_was_kept_before_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap());
    let server = Server::with_stores(Arc::clone(&store)).await;
    let (_, secret, _) = protected(&server).await;
    let ada = store.credentials_by_email(EMAIL).await.unwrap().unwrap().person.id;
    let kept = store.second_factor(ada).await.unwrap().unwrap().secret;
    assert!(!kept.windows(4).any(|part| secret.windows(4).any(|other| other == part)), "it can be read");

    // As before there was a key: twenty bytes that can be read.
    assert!(store.remove_second_factor(ada).await.unwrap());
    assert!(store.begin_second_factor(ada, &secret).await.unwrap());
    assert!(store.confirm_second_factor(ada, &secret, 0, &[]).await.unwrap());
    let now = code(&secret, server.now());
    assert_eq!(log_in(&server, Some(&now)).await.status, StatusCode::CREATED);
    server.stop().await;
}
