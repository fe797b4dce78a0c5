//! In which language letters come.

use std::time::Duration;

use auth_service::PeopleConfig;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::servers::Smtp;

use crate::second_factor::code;
use crate::server::{PASSWORD, Server, letters_to};

const ADA: &str = "ada@example.org";
/// Of a browser whose system is German.
const GERMAN: &str = "de-AT,de;q=0.9,en;q=0.5";

/// A request of somebody whose browser asks for these languages.
async fn ask(
    server: &Server,
    (method, path): (Method, &str),
    session: Option<&str>,
    languages: &str,
    body: &Value,
) -> Value {
    let mut request = server.request(method, path).header("Accept-Language", languages).json(body);
    if let Some(session) = session {
        request = request.bearer_auth(session);
    }
    let answer = server.send(request).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
    answer.body
}

/// One more letter than there were, to this address and with this in its text.
async fn letter(smtp: &Smtp, count: &mut usize, to: &str, text: &str) -> String {
    *count += 1;
    let mails = testkit::wait::until(Duration::from_secs(20), text, async || {
        let mails = smtp.mails();
        (mails.len() == *count).then_some(mails)
    })
    .await;
    let texts = mails.iter().map(|mail| mail.replace("\r\n", "\n").replace("=\n", ""));
    let letter = texts.into_iter().find(|mail| mail.contains(&format!("To: {to}\n")) && mail.contains(text));
    letter.unwrap_or_else(|| panic!("no letter to {to} with {text:?} among {mails:#?}"))
}

async fn start() -> (Smtp, Server) {
    let smtp = tokio::task::spawn_blocking(Smtp::start).await.unwrap().unwrap();
    let people = PeopleConfig { smtp: Some(letters_to(&smtp)), ..PeopleConfig::default() };
    let server = Server::with_people(people).await;
    (smtp, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_come_in_the_language_of_the_page_or_else_of_the_browser() {
    let (smtp, server) = start().await;
    let mut count = 0;
    let mut sign_up = async |languages: &str, language: Option<&str>, text: &str| {
        let email = format!("ada+{count}@example.org");
        let mut wish = json!({ "email": email, "name": "Ada" });
        if let Some(language) = language {
            wish["language"] = json!(language);
        }
        ask(&server, (Method::POST, "/v1/people"), None, languages, &wish).await;
        letter(&smtp, &mut count, &email, text).await;
    };
    sign_up(GERMAN, None, "Jemand, hoffentlich Sie selbst").await;
    sign_up("en-GB, de;q=0.1", None, "Somebody, hopefully you").await;
    sign_up("fr", None, "Somebody, hopefully you").await;
    sign_up(GERMAN, Some("en"), "Somebody, hopefully you").await;
    sign_up("en", Some("de"), "Jemand, hoffentlich Sie selbst").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_an_account_comes_in_the_language_of_the_browser() {
    let (smtp, server) = start().await;
    server.settle(ADA, false).await;
    let session = server.secret_of(ADA).await;
    let session = Some(session.as_str());
    let mut count = 0;
    for (languages, changed, on, off) in [
        (
            GERMAN,
            "Ihr Passwort wurde",
            "fragt Wattline nach dem Passwort",
            "fragt nicht mehr nach einem Code",
        ),
        ("en", "Your password was changed", "asks you for a code of your app", "does not ask you for a code"),
    ] {
        let password = json!({ "current": PASSWORD, "new": PASSWORD });
        ask(&server, (Method::PUT, "/v1/people/current/password"), session, languages, &password).await;
        letter(&smtp, &mut count, ADA, changed).await;

        let path = "/v1/people/current/second-factor";
        let begun =
            ask(&server, (Method::POST, path), session, languages, &json!({ "password": PASSWORD })).await;
        let secret =
            data_encoding::BASE32_NOPAD.decode(begun["secret"].as_str().unwrap().as_bytes()).unwrap();
        let shown = json!({ "code": code(&secret, server.now()) });
        let codes = ask(&server, (Method::PUT, path), session, languages, &shown).await;
        letter(&smtp, &mut count, ADA, on).await;
        let removal = json!({ "password": PASSWORD, "code": codes["recovery_codes"][0] });
        ask(&server, (Method::POST, &format!("{path}/removal")), session, languages, &removal).await;
        letter(&smtp, &mut count, ADA, off).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_a_link_reads_what_comes_of_it_in_the_same_language() {
    let (smtp, server) = start().await;
    server.settle(ADA, false).await;
    let session = server.secret_of(ADA).await;
    let mut count = 0;
    let link = |letter: &str| {
        let text = letter.replace("=3D", "=").replace("=23", "#");
        let secret = text.split_once('#').unwrap_or_else(|| panic!("no link in {text}")).1;
        secret.split_whitespace().next().unwrap().to_owned()
    };
    let reset = json!({ "email": ADA });
    ask(&server, (Method::POST, "/v1/password-resets"), None, GERMAN, &reset).await;
    let secret = link(&letter(&smtp, &mut count, ADA, "Mit diesem Link setzen Sie").await);
    let new = json!({ "secret": secret, "password": PASSWORD });
    ask(&server, (Method::POST, "/v1/new-passwords"), None, GERMAN, &new).await;
    letter(&smtp, &mut count, ADA, "wurde ein neues Passwort gesetzt").await;

    assert_eq!(server.get("/v1/sessions/current", &session).await.status, StatusCode::UNAUTHORIZED);
    let session = server.secret_of(ADA).await;
    let change = json!({ "password": PASSWORD, "email": "ada@example.com" });
    ask(&server, (Method::PUT, "/v1/people/current/email"), Some(&session), GERMAN, &change).await;
    // Two: one to each address.
    count += 1;
    let secret = link(&letter(&smtp, &mut count, "ada@example.com", "Wattline soll Sie").await);
    count -= 1;
    letter(&smtp, &mut count, ADA, "mit ada@example.com bei Wattline anmelden").await;
    ask(&server, (Method::POST, "/v1/confirmations"), None, GERMAN, &json!({ "secret": secret })).await;
    letter(&smtp, &mut count, ADA, "melden Sie sich bei Wattline mit ada@example.com an").await;
    server.stop().await;
}
