//! The same with a real Keycloak, with the realm that the compose file starts it with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use auth_service::{PeopleConfig, ProviderConfig};
use domain::Clock;
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use service::clock::SystemClock;
use testkit::FakeClock;
use testkit::servers::Keycloak;

use super::stage::{ADA, Journey, PAGE, assert_refused};
use crate::server::{Answer, PASSWORD, Server, shown_links};

const REALM: &str = include_str!("../../../../../deploy/keycloak/wattline-realm.json");
const SECRET: &str = "of-the-test-only-0123456789";
const EVE: &str = "eve@example.org";
const BOB: &str = "bob@example.org";

/// A browser at Keycloak, as far as Keycloak can tell.
struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

struct Stage {
    server: Server,
    _keycloak: Keycloak,
}

impl Browser {
    fn new() -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Goes where the page sent it, and fills in the form when there is one. Gives what it comes back with.
    async fn visit(&mut self, url: &Url, user: &str) -> Value {
        let mut answer = self.send(self.http.get(url.clone())).await;
        if answer.status() == StatusCode::OK {
            let action = action(&answer.text().await.unwrap());
            let form = self.http.post(action).body(format!("username={user}&password=password-of-{user}"));
            answer = self.send(form.header("content-type", "application/x-www-form-urlencoded")).await;
        }
        brought_back(&answer)
    }
}

/// Where the form of the log-in is sent to.
fn action(page: &str) -> Url {
    let form =
        page.split_once("id=\"kc-form-login\"").unwrap_or_else(|| panic!("no log-in form in {page}")).1;
    let action = form.split_once("action=\"").unwrap().1.split_once('"').unwrap().0;
    action.replace("&amp;", "&").parse().unwrap()
}

fn brought_back(answer: &reqwest::Response) -> Value {
    assert!(answer.status().is_redirection(), "{} of {}", answer.status(), answer.url());
    let back: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    assert_eq!(back.origin(), PAGE.parse::<Url>().unwrap().origin(), "{back}");
    // As the web-app does, which hands on what the auth-service knows and not Keycloak's session_state.
    let known = |name: &str| ["state", "code", "error", "iss"].contains(&name);
    let pairs = back.query_pairs().filter(|(name, _)| known(name));
    pairs.map(|(name, value)| (name.into_owned(), Value::from(value))).collect()
}

impl Stage {
    fn keycloak() -> Option<Keycloak> {
        let Some(distribution) = Keycloak::distribution() else {
            eprintln!("skipped: no Keycloak is here; cargo xtask test --keycloak downloads one");
            return None;
        };
        let mut realm: Value = serde_json::from_str(REALM).unwrap();
        let user = |name: &str, verified: bool| {
            json!({
                "username": name,
                "email": format!("{name}@example.org"),
                "emailVerified": verified,
                "firstName": name,
                "lastName": "Lovelace",
                "enabled": true,
                "credentials": [{ "type": "password", "value": format!("password-of-{name}") }],
            })
        };
        realm["users"] = json!([user("ada", true), user("eve", false), user("bob", true)]);
        let variables = [("WATTLINE_CLIENT_SECRET", SECRET), ("WATTLINE_PAGE_URL", PAGE)];
        let began = Instant::now();
        let keycloak = Keycloak::start(&distribution, &realm, &variables).unwrap();
        eprintln!("Keycloak was ready after {:.0} s", began.elapsed().as_secs_f64());
        Some(keycloak)
    }

    async fn with(keycloak: Keycloak) -> Self {
        let people = PeopleConfig {
            page_url: PAGE.to_owned(),
            providers: vec![ProviderConfig {
                id: "keycloak".to_owned(),
                name: "Keycloak".to_owned(),
                issuer: keycloak.issuer("wattline"),
                client_id: "wattline".to_owned(),
                ..ProviderConfig::default()
            }],
            provider_secrets: [("keycloak".to_owned(), SECRET.into())].into(),
            ..shown_links()
        };
        let clock = Arc::new(FakeClock::at(SystemClock.now()));
        Self { server: Server::with_clock(people, clock).await, _keycloak: keycloak }
    }

    async fn depart(&self) -> Journey {
        Journey::of(&self.server.ask("/v1/providers/keycloak/flows", &json!({ "language": "en" })).await)
    }

    async fn bring(&self, journey: &Journey, back: &Value) -> Answer {
        // Keycloak goes by the real time.
        self.server.clock.set(SystemClock.now());
        let mut body = back.clone();
        body["secret"] = json!(journey.secret);
        self.server.ask("/v1/providers/keycloak/answers", &body).await
    }

    /// There and back.
    async fn log_in(&self, browser: &mut Browser, user: &str) -> Answer {
        let journey = self.depart().await;
        let back = browser.visit(&journey.url, user).await;
        self.bring(&journey, &back).await
    }

    async fn person_of(&self, logged_in: &Answer) -> Value {
        assert_eq!(logged_in.status, StatusCode::CREATED, "{}", logged_in.body);
        let session = logged_in.body["secret"].as_str().unwrap();
        self.server.get("/v1/people/current", session).await.body
    }

    /// A new person, who comes again: to another browser, and to one that Keycloak still knows.
    async fn newcomer(&self) {
        let mut browser = Browser::new();
        let ada = self.person_of(&self.log_in(&mut browser, "ada").await).await;
        assert_eq!((&ada["email"], &ada["name"]), (&json!(ADA), &json!("ada Lovelace")));
        assert_eq!(ada["has_password"], false);
        let elsewhere = self.log_in(&mut Browser::new(), "ada").await;
        assert_eq!(self.person_of(&elsewhere).await["id"], ada["id"]);
        let journey = self.depart().await;
        let known = browser.send(browser.http.get(journey.url.clone())).await;
        let again = self.bring(&journey, &brought_back(&known)).await;
        assert_eq!(self.person_of(&again).await["id"], ada["id"]);
    }

    async fn unverified(&self) {
        assert_refused(&self.log_in(&mut Browser::new(), "eve").await, 403, "unverified");
        assert!(self.server.accounts.credentials_by_email(EVE).await.unwrap().is_none());
    }

    /// Who has an account already is not let into it before they have connected it.
    async fn connected(&self) {
        self.server.settle(BOB, false).await;
        assert_refused(&self.log_in(&mut Browser::new(), "bob").await, 409, "address-known");
        let session = self.server.secret_of(BOB).await;
        let wish = json!({ "provider": "keycloak", "password": PASSWORD });
        let journey = Journey::of(&self.server.post("/v1/people/current/identities", &session, &wish).await);
        let back = Browser::new().visit(&journey.url, "bob").await;
        let connected = self.bring(&journey, &back).await;
        assert_eq!(connected.status, StatusCode::NO_CONTENT, "{}", connected.body);
        let through = self.log_in(&mut Browser::new(), "bob").await;
        assert_eq!(self.person_of(&through).await["has_password"], true);
        assert_refused(&self.bring(&journey, &back).await, 410, "expired");
    }

    /// That the realm asks for what it should: PKCE, and the one address to send people back to.
    async fn strict_realm(&self) {
        let url = self.depart().await.url;
        let with = |change: &dyn Fn(&str, &str) -> Option<String>| {
            let mut changed = url.clone();
            changed.set_query(None);
            for (name, value) in url.query_pairs() {
                if let Some(value) = change(&name, &value) {
                    changed.query_pairs_mut().append_pair(&name, &value);
                }
            }
            changed
        };
        let mut browser = Browser::new();
        let bare = with(&|name, value| (!name.starts_with("code_challenge")).then(|| value.to_owned()));
        let answer = browser.send(browser.http.get(bare)).await;
        assert_eq!(brought_back(&answer)["error"], "invalid_request");
        let astray = with(&|name, value| {
            Some(if name == "redirect_uri" { format!("{value}/more") } else { value.to_owned() })
        });
        let answer = browser.send(browser.http.get(astray)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_real_keycloak_lets_people_in() {
    let Some(keycloak) = tokio::task::spawn_blocking(Stage::keycloak).await.unwrap() else { return };
    let stage = Stage::with(keycloak).await;
    stage.newcomer().await;
    stage.unverified().await;
    stage.connected().await;
    stage.strict_realm().await;
}
