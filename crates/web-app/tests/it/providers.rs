//! Logging in through a provider, as a browser does.

use domain::accounts::Accounts as _;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};
use testkit::provider::Account;

use crate::world::{Answer, EMAIL, PASSWORD, World, send};

const NEW: &str = "new@wattline.example";

/// The cookies that an answer sets, by name; empty ones are gone.
fn cookies(answer: &Answer) -> Vec<String> {
    let all = answer.headers.get_all(SET_COOKIE).iter();
    all.map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn cookie_of(answer: &Answer, name: &str) -> String {
    let all = cookies(answer);
    let found = all.iter().find(|text| text.starts_with(&format!("{name}=")));
    found.unwrap_or_else(|| panic!("no {name} in {all:?}")).split(';').next().unwrap().to_owned()
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.headers["location"].to_str().unwrap()
}

async fn begin(world: &World) -> Answer {
    let begun = send(world.request(Method::POST, "/api/providers/home/flows").json(&json!({}))).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
    assert!(begun.body.get("secret").is_none(), "the page has no business with it");
    begun
}

/// Logs in there, and gives where the browser is sent back to.
async fn visit(begun: &Answer) -> String {
    let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let answer = http.get(begun.body["url"].as_str().unwrap()).send().await.unwrap();
    let back: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    format!("{}?{}", back.path(), back.query().unwrap())
}

/// As after a navigation that began at another site: no cookie comes along that is strict.
async fn come_back(world: &World, path: &str, cookie: &str) -> Answer {
    let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let request = http.get(format!("{}{path}", world.web.url)).header("sec-fetch-site", "cross-site");
    send(request.header(COOKIE, cookie)).await
}

#[tokio::test]
async fn a_browser_goes_there_and_comes_back_logged_in() {
    let world = World::start().await;
    world.provider.is(Account::new("new-1", NEW));
    let providers = send(world.request(Method::GET, "/api/providers")).await;
    assert_eq!(providers.body["providers"], json!([{ "id": "home", "name": "Home ID" }]));
    let begun = begin(&world).await;
    let [flow] = &cookies(&begun)[..] else { panic!("not one cookie") };
    for part in ["wattline_flow=wlf_", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(flow.contains(part), "{flow}");
    }
    let back = visit(&begun).await;
    let done = come_back(&world, &back, &cookie_of(&begun, "wattline_flow")).await;
    assert_eq!(location(&done), "/");
    assert_eq!(cookie_of(&done, "wattline_flow"), "wattline_flow=");
    assert!(
        cookies(&done)
            .iter()
            .any(|text| text.starts_with("wattline_session=wls_") && text.contains("Strict"))
    );
    let session = cookie_of(&done, "wattline_session");
    assert_eq!(world.get("/api/session", &session).await.body["person"]["email"], NEW);
    let again = come_back(&world, &back, &cookie_of(&begun, "wattline_flow")).await;
    assert_eq!(location(&again), "/continue#expired");
    assert!(cookies(&again).is_empty());
}

#[tokio::test]
async fn a_link_with_the_answer_of_somebody_else_logs_nobody_in() {
    let world = World::start().await;
    world.provider.is(Account::new("eve-1", "eve@wattline.example"));
    let (eve, ada) = (begin(&world).await, begin(&world).await);
    let back_of_eve = visit(&eve).await;
    for cookie in ["", "wattline_flow=short", &cookie_of(&ada, "wattline_flow")] {
        let answer = come_back(&world, &back_of_eve, cookie).await;
        assert_eq!(location(&answer), "/continue#expired");
        assert!(cookies(&answer).is_empty(), "a log-in that is under way goes on");
    }
    world.provider.is(Account::new("new-1", NEW));
    let back = visit(&ada).await;
    assert_eq!(location(&come_back(&world, &back, &cookie_of(&ada, "wattline_flow")).await), "/");
}

#[tokio::test]
async fn other_sites_begin_no_log_in() {
    let world = World::start().await;
    let request = world.request(Method::POST, "/api/providers/home/flows").json(&json!({}));
    assert_eq!(send(request.header("sec-fetch-site", "cross-site")).await.status, StatusCode::FORBIDDEN);
    for name in ["nobody", "..", "%2e%2e", "home%2f..%2fhome"] {
        let request = world.request(Method::POST, &format!("/api/providers/{name}/flows"));
        let status = send(request.json(&json!({}))).await.status;
        assert!(
            status == StatusCode::NOT_FOUND || status == StatusCode::METHOD_NOT_ALLOWED,
            "{name}: {status}"
        );
    }
}

#[tokio::test]
async fn every_refusal_is_a_word_for_the_page() {
    let world = World::start().await;
    let ends = async || {
        let begun = begin(&world).await;
        let back = visit(&begun).await;
        let answer = come_back(&world, &back, &cookie_of(&begun, "wattline_flow")).await;
        assert_eq!(cookie_of(&answer, "wattline_flow"), "wattline_flow=");
        location(&answer).to_owned()
    };
    world.provider.is(Account::new("ada-1", EMAIL));
    assert_eq!(ends().await, "/continue#address-known");
    world.provider.is(Account { email_verified: false, ..Account::new("new-1", NEW) });
    assert_eq!(ends().await, "/continue#unverified");
    world.provider.denies(Some("access_denied"));
    assert_eq!(ends().await, "/continue#cancelled");
    world.provider.denies(None);
    let begun = begin(&world).await;
    let back = visit(&begun).await;
    world.provider.is_down(true);
    let away = come_back(&world, &back, &cookie_of(&begun, "wattline_flow")).await;
    assert_eq!(location(&away), "/continue#away");
}

#[tokio::test]
async fn who_is_logged_in_connects_a_provider() {
    let world = World::start().await;
    world.provider.is(Account::new("ada-1", EMAIL));
    let session = world.log_in().await;
    let wish = json!({ "provider": "home", "password": PASSWORD });
    let path = "/api/people/current/identities";
    let begun = send(world.request(Method::POST, path).header(COOKIE, &session).json(&wish)).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
    let back = visit(&begun).await;
    let done = come_back(&world, &back, &cookie_of(&begun, "wattline_flow")).await;
    assert_eq!(location(&done), "/continue#connected");
    assert!(!cookies(&done).iter().any(|text| text.starts_with("wattline_session")));
    let list = world.get(path, &session).await;
    let id = list.body["identities"][0]["id"].as_str().unwrap().to_owned();
    let removal = world.request(Method::POST, &format!("{path}/{id}/removal")).header(COOKIE, &session);
    let removed = send(removal.json(&json!({ "password": PASSWORD }))).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(path, &session).await.body["identities"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn without_a_log_in_under_way_no_code_is_good() {
    let world = World::start().await;
    let step = world.request(Method::POST, "/api/second-steps").json(&json!({ "code": "000000" }));
    let refused = send(step).await;
    assert_eq!(
        (refused.status, &refused.body["type"]),
        (StatusCode::GONE, &json!("urn:wattline:provider:expired"))
    );
    assert!(world.accounts.credentials_by_email(NEW).await.unwrap().is_none());
}
