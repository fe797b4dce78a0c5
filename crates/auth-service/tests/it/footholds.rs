//! What somebody who should not be there can come back by, and when that ends.

use std::time::Duration;

use auth_service::PeopleConfig;
use domain::HouseholdId;
use reqwest::StatusCode;
use serde_json::json;
use testkit::servers::Smtp;

use crate::second_factor::protected;
use crate::server::{Answer, PASSWORD, Server, letters_to};

const ADA: &str = "ada@example.org";
const EVE: &str = "eve@example.org";
const EMAIL: &str = "/v1/people/current/email";
const ANOTHER: &str = "another horse, another staple";

/// Somebody has Ada's password and is logged in: the session, and the secret of the link that makes the account theirs.
async fn intrude(server: &Server) -> (String, String) {
    let session = server.secret_of(ADA).await;
    let sent = server.put(EMAIL, &session, &json!({ "password": PASSWORD, "email": EVE })).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.body);
    (session, Server::link_of(&sent))
}

/// A link for a new password. That of somebody who signs up with a known address is there with the answer.
async fn ask_for_a_reset(server: &Server, email: &str) -> String {
    Server::link_of(&server.ask("/v1/people", &json!({ "email": email, "name": "Ada" })).await)
}

async fn reset(server: &Server, secret: &str, password: &str) -> Answer {
    server.ask("/v1/new-passwords", &json!({ "secret": secret, "password": password })).await
}

async fn confirm(server: &Server, secret: &str) -> StatusCode {
    server.ask("/v1/confirmations", &json!({ "secret": secret })).await.status
}

async fn token(server: &Server, session: &str, home: HouseholdId) -> String {
    let wish = json!({
        "name": "Shelf", "household": home.to_string(), "scopes": ["usage", "manage"], "password": PASSWORD,
    });
    let made = server.post("/v1/personal-tokens", session, &wish).await;
    made.body["token"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned()
}

#[tokio::test]
async fn a_reset_ends_sessions_tokens_and_a_change_of_address() {
    let server = Server::with_sqlite().await;
    let home = server.settle(ADA, false).await;
    let (session, change) = intrude(&server).await;
    let token = token(&server, &session, home).await;
    let path = format!("/v1/households/{home}");
    assert_eq!(server.get(&path, &token).await.status, StatusCode::OK);
    let link = ask_for_a_reset(&server, ADA).await;
    assert_eq!(reset(&server, &link, ANOTHER).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/sessions/current", &session).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get(&path, &token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(confirm(&server, &change).await, StatusCode::NOT_FOUND);
    assert_eq!(server.log_in(ADA, ANOTHER).await.status, StatusCode::CREATED);
    server.stop().await;
}

#[tokio::test]
async fn another_password_ends_a_change_of_address_and_links_that_reset_it() {
    let server = Server::with_sqlite().await;
    let home = server.settle(ADA, false).await;
    let (_, change) = intrude(&server).await;
    let link = ask_for_a_reset(&server, ADA).await;
    let session = server.secret_of(ADA).await;
    let token = token(&server, &session, home).await;
    let wish = json!({ "current": PASSWORD, "new": ANOTHER });
    let changed = server.put("/v1/people/current/password", &session, &wish).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.body);
    assert_eq!(confirm(&server, &change).await, StatusCode::NOT_FOUND);
    assert_eq!(reset(&server, &link, PASSWORD).await.status, StatusCode::NOT_FOUND);
    // Who just wants another password keeps what programs have.
    assert_eq!(server.get(&format!("/v1/households/{home}"), &token).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn to_log_out_everywhere_ends_a_change_of_address_too() {
    let server = Server::with_sqlite().await;
    server.settle(ADA, false).await;
    let (intruder, change) = intrude(&server).await;
    let session = server.secret_of(ADA).await;
    assert_eq!(server.delete("/v1/sessions", &session).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/sessions/current", &intruder).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(confirm(&server, &change).await, StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn a_link_to_the_address_of_before_sets_no_password() {
    let server = Server::with_sqlite().await;
    server.settle(ADA, false).await;
    let session = server.secret_of(ADA).await;
    let old = ask_for_a_reset(&server, ADA).await;
    let sent =
        server.put(EMAIL, &session, &json!({ "password": PASSWORD, "email": "ada@example.com" })).await;
    assert_eq!(confirm(&server, &Server::link_of(&sent)).await, StatusCode::OK);
    assert_eq!(reset(&server, &old, ANOTHER).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.log_in("ada@example.com", PASSWORD).await.status, StatusCode::CREATED);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_is_to_go_is_told_before_it_goes() {
    let smtp = tokio::task::spawn_blocking(Smtp::start).await.unwrap().unwrap();
    let people = PeopleConfig { smtp: Some(letters_to(&smtp)), ..crate::server::shown_links() };
    let server = Server::with_people(people).await;
    server.settle(ADA, false).await;
    intrude(&server).await;
    let told = testkit::wait::until(Duration::from_secs(20), "both are told", async || {
        let mails = smtp.mails();
        let mut to_ada = mails.iter().filter(|mail| mail.contains(&format!("To: {ADA}")));
        let letter = to_ada.next().cloned();
        letter.filter(|_| mails.len() == 2)
    })
    .await;
    let told = told.replace("\r\n", "\n").replace("=\n", "");
    assert!(told.contains("Your address at Wattline is to change"), "{told}");
    assert!(told.contains("log in to Wattline with eve@example.org from now on"), "{told}");
    // No way in for who reads Ada's letters.
    assert!(!told.contains("wlt_"), "{told}");
    server.stop().await;
}

#[tokio::test]
async fn what_lasts_takes_the_code_where_there_is_a_second_factor() {
    let server = Server::with_sqlite().await;
    let (session, _, codes) = protected(&server).await;
    let home = server.get("/v1/sessions/current", &session).await.body["households"][0]["id"].clone();
    let token = json!({ "name": "Shelf", "household": home, "scopes": ["usage"], "password": PASSWORD });
    let email = json!({ "password": PASSWORD, "email": "ada@example.com" });
    let mut codes = codes.iter();
    for (method, path, wish, status) in [
        (reqwest::Method::POST, "/v1/personal-tokens", token, StatusCode::CREATED),
        (reqwest::Method::PUT, EMAIL, email, StatusCode::ACCEPTED),
    ] {
        let ask = async |code: Option<&str>| {
            let mut wish = wish.clone();
            if let Some(code) = code {
                wish["code"] = json!(code);
            }
            server.send(server.request(method.clone(), path).bearer_auth(&session).json(&wish)).await
        };
        for wrong in [None, Some(""), Some("000000")] {
            let refused = ask(wrong).await;
            assert_eq!((refused.status.as_u16(), &refused.body["field"]), (422, &json!("code")), "{path}");
        }
        assert_eq!(ask(codes.next().map(String::as_str)).await.status, status, "{path}");
    }
    server.stop().await;
}
