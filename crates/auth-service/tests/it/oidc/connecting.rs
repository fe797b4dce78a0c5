use domain::accounts::NO_PASSWORD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::provider::Account;

use super::stage::{ADA, Journey, Stage, assert_refused};
use crate::server::PASSWORD;

impl Stage {
    /// As who was sent a letter for a forgotten password.
    pub(super) async fn set_password(&self, password: &str) {
        let sent = self.server.ask("/v1/password-resets", &json!({ "email": ADA })).await;
        let secret = crate::server::Server::link_of(&sent);
        // The link is kept after the answer, so that the answer takes as long for nobody.
        let body = json!({ "secret": secret, "password": password });
        testkit::wait::until(std::time::Duration::from_secs(10), "the link is good", async || {
            self.server.ask("/v1/new-passwords", &body).await.status.is_success().then_some(())
        })
        .await;
    }

    async fn remove(&self, session: &str, identity: &Value, password: &str) -> crate::server::Answer {
        let path = format!("/v1/people/current/identities/{}/removal", identity["id"].as_str().unwrap());
        self.server.post(&path, session, &json!({ "password": password })).await
    }
}

#[tokio::test]
async fn who_is_logged_in_connects_a_provider_and_removes_it() {
    let stage = Stage::set().await;
    stage.server.settle(ADA, false).await;
    let session = stage.server.secret_of(ADA).await;
    assert_eq!(stage.connect(&session, "wrong password").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let journey = Journey::of(&stage.connect(&session, PASSWORD).await);
    let back = journey.visit().await;
    let connected = stage.bring("home", &journey.secret, &back).await;
    assert_eq!(connected.status, StatusCode::NO_CONTENT, "{}", connected.body);
    let [identity] = &stage.identities(&session).await[..] else { panic!("not one identity") };
    assert_eq!((&identity["provider"], &identity["label"]), (&json!("Home ID"), &json!("Ada@Example.org")));
    assert_eq!(identity["usable"], true);
    let through = stage.logged_in().await;
    let me = stage.server.get("/v1/people/current", &through).await.body;
    assert_eq!((&me["email"], &me["has_password"]), (&json!(ADA), &json!(true)));

    let refused = stage.remove(&session, identity, "wrong password").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stage.remove(&session, identity, PASSWORD).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.remove(&session, identity, PASSWORD).await.status, StatusCode::NOT_FOUND);
    assert_refused(&stage.log_in().await, 409, "address-known");
}

#[tokio::test]
async fn the_last_way_in_is_not_removed_before_there_is_a_password() {
    let stage = Stage::set().await;
    let session = stage.logged_in().await;
    let identity = stage.identities(&session).await.remove(0);
    for password in ["", NO_PASSWORD, PASSWORD] {
        assert_refused(&stage.remove(&session, &identity, password).await, 409, "no-password");
    }
    assert_refused(&stage.connect(&session, PASSWORD).await, 409, "no-password");
    // What stands in the place of a hash is no password.
    assert_eq!(stage.server.log_in(ADA, NO_PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    stage.set_password(PASSWORD).await;
    let session = stage.server.secret_of(ADA).await;
    assert_eq!(stage.remove(&session, &identity, PASSWORD).await.status, StatusCode::NO_CONTENT);
    stage.server.secret_of(ADA).await;
}

#[tokio::test]
async fn an_account_that_is_somebody_elses_is_not_connected() {
    let stage = Stage::set().await;
    stage.provider.is(Account::new("bob-1", "bob@example.org"));
    stage.logged_in().await;
    stage.server.settle(ADA, false).await;
    let session = stage.server.secret_of(ADA).await;
    let journey = Journey::of(&stage.connect(&session, PASSWORD).await);
    let back = journey.visit().await;
    assert_refused(&stage.bring("home", &journey.secret, &back).await, 409, "taken");
    assert!(stage.identities(&session).await.is_empty());
}

#[tokio::test]
async fn who_has_logged_out_meanwhile_connects_nothing() {
    let stage = Stage::set().await;
    stage.server.settle(ADA, false).await;
    let (session, other) = (stage.server.secret_of(ADA).await, stage.server.secret_of(ADA).await);
    let journey = Journey::of(&stage.connect(&session, PASSWORD).await);
    let back = journey.visit().await;
    stage.server.delete("/v1/sessions/current", &session).await;
    assert_refused(&stage.bring("home", &journey.secret, &back).await, 410, "expired");
    assert!(stage.identities(&other).await.is_empty());
}

#[tokio::test]
async fn connecting_takes_the_code_where_there_is_a_second_factor() {
    let stage = Stage::set().await;
    let (session, _, codes) = crate::second_factor::protected(&stage.server).await;
    let without = stage.connect(&session, PASSWORD).await;
    assert_eq!((without.status.as_u16(), &without.body["field"]), (422, &json!("code")));
    let wish = json!({ "provider": "home", "password": PASSWORD, "code": codes[0] });
    Journey::of(&stage.server.post("/v1/people/current/identities", &session, &wish).await);
}

#[tokio::test]
async fn with_another_password_nothing_is_connected_that_had_begun() {
    let stage = Stage::set().await;
    stage.server.settle(ADA, false).await;
    let session = stage.server.secret_of(ADA).await;
    let journey = Journey::of(&stage.connect(&session, PASSWORD).await);
    let back = journey.visit().await;
    let change = json!({ "current": PASSWORD, "new": "another horse, another staple" });
    let changed = stage.server.put("/v1/people/current/password", &session, &change).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    assert_refused(&stage.bring("home", &journey.secret, &back).await, 410, "expired");
    assert!(stage.identities(&session).await.is_empty());
}

#[tokio::test]
async fn with_another_password_no_code_completes_a_log_in_that_had_begun() {
    let stage = Stage::set().await;
    stage.logged_in().await;
    stage.set_password(PASSWORD).await;
    let session = stage.server.secret_of(ADA).await;
    let (_, codes) = crate::second_factor::turn_on(&stage.server, &session).await;
    let wanted = stage.log_in().await;
    assert_eq!(wanted.status, StatusCode::ACCEPTED, "{}", wanted.body);
    stage.set_password("another horse, another staple").await;
    let step = json!({ "secret": wanted.body["secret"], "code": codes[0] });
    assert_refused(&stage.server.ask("/v1/second-steps", &step).await, 410, "expired");
}
