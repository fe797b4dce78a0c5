use auth_service::PeopleConfig;
use reqwest::StatusCode;
use serde_json::json;
use testkit::provider::Account;

use super::stage::{ADA, Journey, Stage, assert_refused};
use crate::server::PASSWORD;

#[tokio::test]
async fn whoever_has_a_verified_address_is_somebody_from_then_on() {
    let stage = Stage::set().await;
    let list = stage.server.get("/v1/providers", "").await;
    assert_eq!(list.body, json!({ "providers": [{ "id": "home", "name": "Home ID" }] }));
    let session = stage.logged_in().await;
    let me = stage.server.get("/v1/people/current", &session).await.body;
    assert_eq!((&me["email"], &me["name"]), (&json!(ADA), &json!("Ada Lovelace")));
    assert_eq!(me["has_password"], false);
    let again = stage.logged_in().await;
    assert_eq!(stage.server.get("/v1/people/current", &again).await.body["id"], me["id"]);
    let sessions = stage.server.get("/v1/sessions", &again).await.body;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 2);
    // Logging out everywhere is logging out of what began at the provider too.
    assert_eq!(stage.server.delete("/v1/sessions", &again).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.server.get("/v1/people/current", &session).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_it_is_says_the_subject_and_not_the_address() {
    let stage = Stage::set().await;
    let session = stage.logged_in().await;
    let me = stage.server.get("/v1/people/current", &session).await.body["id"].clone();
    stage.provider.is(Account { email_verified: false, ..Account::new("ada-1", "moved@example.org") });
    let moved = stage.logged_in().await;
    assert_eq!(stage.server.get("/v1/people/current", &moved).await.body["id"], me);
    // Another account there with the same address is somebody else.
    stage.provider.is(Account::new("eve-1", ADA));
    assert_refused(&stage.log_in().await, 409, "address-known");
}

#[tokio::test]
async fn what_the_token_does_not_say_is_asked_for() {
    let stage = Stage::set().await;
    stage.provider.is_terse(true);
    let session = stage.logged_in().await;
    assert_eq!(stage.server.get("/v1/people/current", &session).await.body["email"], ADA);
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_makes_nobody() {
    let stage = Stage::set().await;
    for account in [
        Account { email_verified: false, ..Account::new("ada-1", ADA) },
        Account { email: None, ..Account::new("ada-1", ADA) },
        Account::new("ada-1", "no address"),
    ] {
        stage.provider.is(account);
        assert_refused(&stage.log_in().await, 403, "unverified");
    }
    assert!(stage.server.accounts.credentials_by_email(ADA).await.unwrap().is_none());
}

#[tokio::test]
async fn an_account_that_is_there_is_never_joined_silently() {
    let stage = Stage::set().await;
    stage.server.settle(ADA, false).await;
    assert_refused(&stage.log_in().await, 409, "address-known");
    let session = stage.server.secret_of(ADA).await;
    assert!(stage.identities(&session).await.is_empty());
    // Whether there is one is nobody's business whose address it is not.
    stage.provider.is(Account { email_verified: false, ..Account::new("eve-1", ADA) });
    assert_refused(&stage.log_in().await, 403, "unverified");
}

#[tokio::test]
async fn where_nobody_may_sign_up_one_has_to_be_invited() {
    let stage = Stage::with(|people| PeopleConfig { sign_up: false, ..people }).await;
    let household = stage.server.settle("owner@example.org", false).await;
    assert_refused(&stage.log_in().await, 403, "closed");
    let owner = stage.server.secret_of("owner@example.org").await;
    let path = format!("/v1/households/{household}/invitations");
    let wish = json!({ "email": ADA, "role": "member", "until": null });
    let invited = stage.server.post(&path, &owner, &wish).await;
    assert_eq!(invited.status, StatusCode::CREATED);
    let session = stage.logged_in().await;
    let link = crate::server::Server::link_of(&invited);
    let accepted = stage.server.post("/v1/invitations/accept", &session, &json!({ "secret": link })).await;
    assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
}

#[tokio::test]
async fn after_the_provider_the_code_of_the_second_factor_is_asked_for() {
    let stage = Stage::set().await;
    stage.server.settle(ADA, false).await;
    let session = stage.server.secret_of(ADA).await;
    let journey = Journey::of(&stage.connect(&session, PASSWORD).await);
    let back = journey.visit().await;
    assert_eq!(stage.bring("home", &journey.secret, &back).await.status, StatusCode::NO_CONTENT);
    let (secret, recovery) = crate::second_factor::turn_on(&stage.server, &session).await;

    let wanted = stage.log_in().await;
    assert_eq!(wanted.status, StatusCode::ACCEPTED, "{}", wanted.body);
    let flow = wanted.body["secret"].as_str().unwrap().to_owned();
    assert!(wanted.body.get("person").is_none());
    // It is no session, and no answer of a provider.
    assert_eq!(stage.server.get("/v1/sessions/current", &flow).await.status, StatusCode::UNAUTHORIZED);
    assert_refused(&stage.bring("home", &flow, &back).await, 410, "expired");

    let step = |code: &str| json!({ "secret": flow, "code": code });
    let wrong = stage.server.ask("/v1/second-steps", &step("000000")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.body["type"], "urn:wattline:code-needed");
    stage.server.clock.advance_millis(60_000);
    let code = crate::second_factor::code(&secret, stage.server.now());
    let done = stage.server.ask("/v1/second-steps", &step(&code)).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.body);
    assert_refused(&stage.server.ask("/v1/second-steps", &step(&recovery[0])).await, 410, "expired");
}

#[tokio::test]
async fn a_code_may_not_be_guessed_for_ever_and_not_for_long() {
    let stage = Stage::set().await;
    let session = stage.logged_in().await;
    let secret = session.clone();
    // Without a password a second factor cannot be switched on: a letter sets one first.
    let refused =
        stage.server.post("/v1/people/current/second-factor", &secret, &json!({ "password": "x" })).await;
    assert_refused(&refused, 409, "no-password");
    stage.set_password(PASSWORD).await;
    let session = stage.server.secret_of(ADA).await;
    let (_, recovery) = crate::second_factor::turn_on(&stage.server, &session).await;
    let wanted = stage.log_in().await.body["secret"].clone();
    let step = |code: &str| json!({ "secret": wanted, "code": code });
    // The try without a password counts too.
    for n in 0..10 {
        let status = stage.server.ask("/v1/second-steps", &step("000000")).await.status;
        let expected = if n < 9 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(status, expected, "{n}");
    }
    stage.server.clock.advance_millis(600_000);
    assert_refused(&stage.server.ask("/v1/second-steps", &step(&recovery[0])).await, 410, "expired");
}
