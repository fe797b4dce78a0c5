//! Signing up, forgotten passwords, and what people change about themselves.

use std::time::Duration;

use auth_service::PeopleConfig;
use reqwest::StatusCode;
use serde_json::json;
use testkit::servers::Smtp;

use crate::server::{PASSWORD, Server, letters_to, shown_links};

const HOUR_MILLIS: i64 = 3_600_000;

#[tokio::test]
async fn somebody_signs_up_and_has_a_home() {
    let server = Server::with_sqlite().await;
    let wish = json!({ "email": " Ada@Example.org ", "name": "Ada", "language": "de" });
    let sent = server.ask("/v1/people", &wish).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.body);
    assert!(sent.body["link"].as_str().unwrap().starts_with("http://127.0.0.1:8080/welcome#wlt_"));
    let secret = Server::link_of(&sent);
    // Nobody is anybody before the link was opened.
    assert_eq!(server.log_in("ada@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let without = server.ask("/v1/confirmations", &json!({ "secret": secret })).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(without.body["field"], "password");
    let short = server.ask("/v1/confirmations", &json!({ "secret": secret, "password": "short" })).await;
    assert_eq!(short.body["field"], "password");
    let done = server.ask("/v1/confirmations", &json!({ "secret": secret, "password": PASSWORD })).await;
    assert_eq!((done.status, &done.body["email"]), (StatusCode::OK, &json!("ada@example.org")));
    // Once.
    let again = server.ask("/v1/confirmations", &json!({ "secret": secret, "password": PASSWORD })).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(again.body["field"], "secret");

    let session = server.secret_of("ada@example.org").await;
    let current = server.get("/v1/sessions/current", &session).await;
    assert_eq!(current.body["households"], json!([]));
    let home = json!({ "name": "Home", "zone": "Asia/Kathmandu" });
    let founded = server.post("/v1/households", &session, &home).await;
    assert_eq!(founded.status, StatusCode::CREATED, "{}", founded.body);
    assert_eq!(founded.body["role"], "owner");
    let current = server.get("/v1/sessions/current", &session).await;
    assert_eq!(current.body["households"][0], founded.body);
    let nowhere = json!({ "name": "Home", "zone": "Mars/Olympus" });
    assert_eq!(server.post("/v1/households", &session, &nowhere).await.body["field"], "zone");
    server.stop().await;
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_another_letter() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    let known = server.ask("/v1/people", &json!({ "email": "ada@example.org", "name": "Eve" })).await;
    let unknown = server.ask("/v1/people", &json!({ "email": "bob@example.org", "name": "Bob" })).await;
    assert_eq!(known.status, unknown.status);
    // What Eve cannot see: the link is for a new password, and only in Ada's mails.
    assert!(known.body["link"].as_str().unwrap().contains("/new-password#"));
    let secret = Server::link_of(&known);
    let taken = server.ask("/v1/confirmations", &json!({ "secret": secret, "password": PASSWORD })).await;
    assert_eq!(taken.status, StatusCode::NOT_FOUND);
    assert_eq!(server.log_in("ada@example.org", PASSWORD).await.status, StatusCode::CREATED);
    server.stop().await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_all_sessions_end() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    let session = server.secret_of("ada@example.org").await;
    let sent = server.ask("/v1/password-resets", &json!({ "email": "ada@example.org" })).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);
    let secret = Server::link_of(&sent);
    let new = json!({ "secret": secret, "password": "another horse, another staple" });
    // The link is kept in the background, so that the answer does not tell whether there is anybody.
    testkit::wait::until(Duration::from_secs(10), "the new password is set", async || {
        (server.ask("/v1/new-passwords", &new).await.status == StatusCode::NO_CONTENT).then_some(())
    })
    .await;
    assert_eq!(server.ask("/v1/new-passwords", &new).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/v1/sessions/current", &session).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.log_in("ada@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let there = server.log_in("ada@example.org", "another horse, another staple").await;
    assert_eq!(there.status, StatusCode::CREATED);

    let nobody = server.ask("/v1/password-resets", &json!({ "email": "nobody@example.org" })).await;
    assert_eq!(nobody.status, StatusCode::ACCEPTED);
    let secret = Server::link_of(&nobody);
    let refused = server.ask("/v1/new-passwords", &json!({ "secret": secret, "password": PASSWORD })).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn a_link_ends() {
    let server = Server::with_sqlite().await;
    let sent = server.ask("/v1/people", &json!({ "email": "ada@example.org", "name": "Ada" })).await;
    server.clock.advance_millis(24 * HOUR_MILLIS);
    let late = json!({ "secret": Server::link_of(&sent), "password": PASSWORD });
    assert_eq!(server.ask("/v1/confirmations", &late).await.status, StatusCode::NOT_FOUND);
    for nonsense in ["", "wlt_", "nonsense", "wls_AAAA"] {
        let body = json!({ "secret": nonsense, "password": PASSWORD });
        assert_eq!(server.ask("/v1/confirmations", &body).await.status, StatusCode::NOT_FOUND);
    }
    server.stop().await;
}

#[tokio::test]
async fn only_the_latest_letter_counts() {
    let server = Server::with_sqlite().await;
    let wish = json!({ "email": "ada@example.org", "name": "Ada" });
    let first = Server::link_of(&server.ask("/v1/people", &wish).await);
    let second = Server::link_of(&server.ask("/v1/people", &wish).await);
    let confirm = |secret| json!({ "secret": secret, "password": PASSWORD });
    assert_eq!(server.ask("/v1/confirmations", &confirm(first)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.ask("/v1/confirmations", &confirm(second)).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn names_passwords_and_addresses_change() {
    let server = Server::with_sqlite().await;
    server.settle("ada@example.org", false).await;
    server.settle("bob@example.org", false).await;
    let session = server.secret_of("ada@example.org").await;
    let elsewhere = server.secret_of("ada@example.org").await;
    let renamed = server.put("/v1/people/current", &session, &json!({ "name": "Ada L." })).await;
    assert_eq!(renamed.body["name"], "Ada L.");

    let path = "/v1/people/current/password";
    let wrong = json!({ "current": "wrong", "new": "a better password" });
    let refused = server.put(path, &session, &wrong).await;
    assert_eq!(
        (refused.status, &refused.body["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("current"))
    );
    let right = json!({ "current": PASSWORD, "new": "a better password" });
    assert_eq!(server.put(path, &session, &right).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/v1/sessions/current", &session).await.status, StatusCode::OK);
    assert_eq!(server.get("/v1/sessions/current", &elsewhere).await.status, StatusCode::UNAUTHORIZED);

    let path = "/v1/people/current/email";
    let change = |email: &str| json!({ "password": "a better password", "email": email });
    let sent = server.put(path, &session, &change("ada@example.com")).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.body);
    let confirm = json!({ "secret": Server::link_of(&sent) });
    assert_eq!(server.ask("/v1/confirmations", &confirm).await.body["email"], "ada@example.com");
    assert_eq!(server.log_in("ada@example.com", "a better password").await.status, StatusCode::CREATED);
    assert_eq!(server.log_in("ada@example.org", "a better password").await.status, StatusCode::UNAUTHORIZED);
    // Bob's address is said to be taken to who reads Bob's letters only.
    let sent = server.put(path, &session, &change("bob@example.org")).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);
    let confirm = json!({ "secret": Server::link_of(&sent) });
    let taken = server.ask("/v1/confirmations", &confirm).await;
    assert_eq!((taken.status, &taken.body["field"]), (StatusCode::CONFLICT, &json!("email")));
    server.stop().await;
}

#[tokio::test]
async fn where_nobody_may_sign_up_it_is_said() {
    let server = Server::with_people(PeopleConfig { sign_up: false, ..shown_links() }).await;
    let refused = server.ask("/v1/people", &json!({ "email": "ada@example.org", "name": "Ada" })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    server.stop().await;
    let server = Server::with_people(PeopleConfig::default()).await;
    for (path, body) in [
        ("/v1/people", json!({ "email": "ada@example.org", "name": "Ada" })),
        ("/v1/password-resets", json!({ "email": "ada@example.org" })),
    ] {
        let refused = server.ask(path, &body).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{path}");
        assert!(refused.body["detail"].as_str().unwrap().contains("mail server"));
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_address_or_name_is_refused() {
    let server = Server::with_sqlite().await;
    for (body, field) in [
        (json!({ "email": "ada", "name": "Ada" }), "email"),
        (json!({ "email": "ada@example.org\r\nBcc: eve@example.org", "name": "Ada" }), "email"),
        (json!({ "email": format!("{}@example.org", "a".repeat(250)), "name": "Ada" }), "email"),
        (json!({ "email": "ada@example.org", "name": " " }), "name"),
        (json!({ "email": "ada@example.org", "name": "Ada", "language": "fr" }), "language"),
        (json!({ "email": "ada@example.org", "name": "Ada", "role": "owner" }), "role"),
    ] {
        let refused = server.ask("/v1/people", &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(refused.body["field"], field, "{body}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_arrive_with_their_links_and_answers_do_not_have_them() {
    let smtp = Smtp::start().unwrap();
    let page_url = "https://home.example.org/".to_owned();
    let server = Server::with_people(PeopleConfig {
        smtp: Some(letters_to(&smtp)),
        page_url,
        ..PeopleConfig::default()
    })
    .await;
    let sent = server.ask("/v1/people", &json!({ "email": "ada@example.org", "name": "Ada" })).await;
    assert_eq!((sent.status, sent.body), (StatusCode::ACCEPTED, json!({})));
    let mail =
        testkit::wait::until(Duration::from_secs(20), "the letter is there", async || smtp.mails().pop())
            .await;
    let text = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=").replace("=23", "#");
    let at =
        text.find("https://home.example.org/welcome#wlt_").unwrap_or_else(|| panic!("no link in {text}"));
    let link: String = text[at..].chars().take_while(|letter| !letter.is_whitespace()).collect();
    let secret = link.split_once('#').unwrap().1;
    let done = server.ask("/v1/confirmations", &json!({ "secret": secret, "password": PASSWORD })).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(mail.contains("ada@example.org") && mail.contains("Auto-Submitted: auto-generated"), "{mail}");
    server.stop().await;
}
