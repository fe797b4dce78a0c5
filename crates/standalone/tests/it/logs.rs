//! What is in the logs of all services, also at `debug`: ids, and nothing that says more of a person.

#![expect(clippy::unwrap_used, reason = "an answer that is not there fails the test")]

use std::fs::{self, File};

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::process::{Standalone, command};

/// Somebody's browser.
struct Browser {
    http: reqwest::Client,
    url: String,
    cookie: String,
    /// Whatever was given out that nobody else may see.
    secrets: Vec<String>,
}

impl Browser {
    async fn ask(&mut self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.header(COOKIE, &self.cookie);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            let value = pair.split_once('=').unwrap().1.to_owned();
            if !value.is_empty() {
                self.cookie = if self.cookie.is_empty() { pair } else { format!("{}; {pair}", self.cookie) };
                self.secrets.push(value);
            }
        }
        let text = answer.text().await.unwrap_or_default();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(link) = body["link"].as_str() {
            self.secrets.push(secret_of(link));
        }
        for field in ["token", "secret"] {
            self.secrets.extend(body[field].as_str().map(ToOwned::to_owned));
        }
        for code in body["recovery_codes"].as_array().into_iter().flatten() {
            self.secrets.push(code.as_str().unwrap().to_owned());
        }
        (status, body)
    }

    async fn done(&mut self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, &body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    async fn refused(&mut self, method: Method, path: &str, body: Value) {
        let (status, answer) = self.ask(method, path, &body).await;
        assert!(status.is_client_error(), "{path}: {status} {answer}");
    }
}

fn secret_of(link: &str) -> String {
    link.split_once('#').unwrap().1.to_owned()
}

const EMAIL: &str = "quillfeather@example.org";
const GUEST: &str = "brambleworth@example.org";
const NAME: &str = "Zephyrine Quillfeather";
const HOME: &str = "Marzipanvilla";
const LABEL: &str = "Elderberrylamp";
const ROOM: &str = "Gingerbreadroom";
const PASSWORD: &str = "tangerine gyroscope seven";
const WRONG: &str = "persimmon gyroscope eight";
const TOKEN_NAME: &str = "Nutcrackershelf";

/// All that people do, in the wrong way too.
async fn a_life(browser: &mut Browser) {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    browser
        .refused(post.clone(), "/api/people", json!({ "email": EMAIL, "name": "", "language": "en" }))
        .await;
    let sign_up = json!({ "email": EMAIL, "name": NAME, "language": "en" });
    let sent = browser.done(post.clone(), "/api/people", sign_up.clone()).await;
    let link = json!({ "secret": secret_of(sent["link"].as_str().unwrap()), "password": PASSWORD });
    browser.done(post.clone(), "/api/confirmations", link.clone()).await;
    browser.refused(post.clone(), "/api/confirmations", link).await;
    // Known already.
    browser.done(post.clone(), "/api/people", sign_up).await;
    let log_in = |password: &str| json!({ "email": EMAIL, "password": password });
    browser.refused(post.clone(), "/api/session", log_in(WRONG)).await;
    browser.refused(post.clone(), "/api/session", json!({ "email": EMAIL, "password": WRONG, "x": 1 })).await;
    browser.done(post.clone(), "/api/session", log_in(PASSWORD)).await;

    let home = browser.done(post.clone(), "/api/households", json!({ "name": HOME, "zone": "UTC" })).await;
    let path = format!("/api/households/{}", home["id"].as_str().unwrap());
    let settings = browser.done(get.clone(), &format!("{path}/settings"), Value::Null).await;
    browser.done(put.clone(), &format!("{path}/settings"), settings).await;
    let invitation = json!({ "email": GUEST, "role": "guest", "until": null, "language": "en" });
    let invited = browser.done(post.clone(), &format!("{path}/invitations"), invitation.clone()).await;
    let secret = secret_of(invited["link"].as_str().unwrap());
    browser.done(post.clone(), "/api/invitations/look", json!({ "secret": secret })).await;
    browser.done(Method::DELETE, &format!("{path}/invitations/{GUEST}"), Value::Null).await;
    let token = json!({
        "name": TOKEN_NAME, "household": home["id"], "scopes": ["usage"], "expires_in_days": 1, "password": PASSWORD,
    });
    browser.done(post.clone(), "/api/tokens", token).await;
    let labels = json!({ "name": LABEL, "sockets": [{ "number": 0, "name": LABEL, "room": ROOM, "icon": null, "hidden": false }] });
    let hub = "0197a3c2-0000-7000-8000-000000000001";
    browser.refused(put.clone(), &format!("{path}/hubs/{hub}"), labels).await;
    browser
        .refused(post.clone(), &format!("{path}/pairings"), json!({ "code": "ABCD-EFGH", "name": LABEL }))
        .await;

    let me = "/api/people/current";
    browser.done(put, me, json!({ "name": NAME })).await;
    browser.refused(post.clone(), &format!("{me}/second-factor"), json!({ "password": WRONG })).await;
    browser.done(post.clone(), &format!("{me}/second-factor"), json!({ "password": PASSWORD })).await;
    browser.done(post.clone(), "/api/password-resets", json!({ "email": EMAIL, "language": "de" })).await;
    let range = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
    browser.done(get.clone(), &format!("{path}/export?{range}"), Value::Null).await;
    browser.done(get.clone(), &format!("{path}/usage?{range}"), Value::Null).await;
    browser.refused(post.clone(), &format!("{me}/archive"), json!({ "password": WRONG, "code": null })).await;
    browser.done(post.clone(), &format!("{me}/archive"), json!({ "password": PASSWORD, "code": null })).await;
    let id = "0197a3c2-0000-7000-8000-0000000000aa";
    browser.done(get.clone(), &format!("{me}/archive?id={id}"), Value::Null).await;
    browser.done(get, &format!("{me}/deletion"), Value::Null).await;
    let wish = |password: &str| json!({ "password": password, "code": null, "households": [home["id"]], "language": "en" });
    browser.refused(post.clone(), &format!("{me}/deletion"), wish(WRONG)).await;
    browser.done(post.clone(), &format!("{me}/deletion"), wish(PASSWORD)).await;
    browser.refused(post, "/api/session", log_in(PASSWORD)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_say_ids_and_nothing_of_people() {
    let (day, folder) = (testkit::traces::recorded_day(), tempfile::tempdir().unwrap());
    let log = folder.path().join("log");
    let mut standalone = command();
    standalone
        .args(["--json", "demo", "--days", "1", "--port", "0", "--traces"])
        .arg(day.files()[0].parent().unwrap())
        .arg("--data")
        .arg(folder.path().join("data"))
        .env("WATTLINE_LOG", "debug")
        .stderr(File::create(&log).unwrap());
    let standalone = Standalone::start(&mut standalone);
    let mut browser = Browser {
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
        url: standalone.ready.url.clone(),
        cookie: String::new(),
        secrets: vec![standalone.ready.password.clone()],
    };
    a_life(&mut browser).await;
    drop(standalone);

    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("DEBUG") && said.contains("person deleted"), "nothing was logged:\n{said}");
    assert!(browser.secrets.len() >= 8, "{}", browser.secrets.len());
    let names = [EMAIL, GUEST, NAME, HOME, LABEL, ROOM, PASSWORD, WRONG, TOKEN_NAME];
    // As they stand in addresses, too.
    let escaped = [EMAIL, GUEST].map(|email| email.replace('@', "%40"));
    let all = names.iter().map(|name| (*name).to_owned()).chain(escaped).chain(browser.secrets);
    let found: Vec<String> = all
        .filter_map(|text| {
            let line = said.lines().find(|line| line.to_lowercase().contains(&text.to_lowercase()))?;
            Some(format!("{text:?} in: {line}"))
        })
        .collect();
    assert!(found.is_empty(), "the logs say too much:\n{}", found.join("\n"));
}
