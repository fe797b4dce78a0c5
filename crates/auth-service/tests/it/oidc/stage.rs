use std::sync::Arc;

use auth_service::{PeopleConfig, ProviderConfig};
use domain::Clock;
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};
use service::clock::SystemClock;
use testkit::FakeClock;
use testkit::provider::{Account, CLIENT_ID, CLIENT_SECRET, Provider};

use crate::server::{Answer, Server, shown_links};

pub(super) const PAGE: &str = "https://home.example.org";
pub(super) const ADA: &str = "ada@example.org";

/// The service and a provider at which Ada is logged in.
pub(super) struct Stage {
    pub(super) server: Server,
    pub(super) provider: Provider,
}

/// A browser that is on its way: what it keeps to itself, and where it was sent.
pub(super) struct Journey {
    pub(super) secret: String,
    pub(super) url: Url,
}

impl Stage {
    pub(super) async fn set() -> Self {
        Self::with(|people| people).await
    }

    pub(super) async fn with(change: impl FnOnce(PeopleConfig) -> PeopleConfig) -> Self {
        let clock = Arc::new(FakeClock::at(SystemClock.now()));
        let provider = provider("home", &clock).await;
        let config = config("home", provider.issuer());
        let secrets = [("home".to_owned(), CLIENT_SECRET.into())].into();
        let people = PeopleConfig {
            page_url: PAGE.to_owned(),
            providers: vec![config],
            provider_secrets: secrets,
            ..shown_links()
        };
        let server = Server::with_clock(change(people), clock).await;
        Self { server, provider }
    }

    pub(super) async fn depart(&self) -> Journey {
        self.depart_to("home").await
    }

    pub(super) async fn depart_to(&self, provider: &str) -> Journey {
        let path = format!("/v1/providers/{provider}/flows");
        Journey::of(&self.server.ask(&path, &json!({ "language": "de" })).await)
    }

    /// As the browser brings the answer back.
    pub(super) async fn bring(&self, provider: &str, secret: &str, back: &Value) -> Answer {
        let mut body = back.clone();
        body["secret"] = json!(secret);
        self.server.ask(&format!("/v1/providers/{provider}/answers"), &body).await
    }

    /// There and back.
    pub(super) async fn log_in(&self) -> Answer {
        let journey = self.depart().await;
        let back = journey.visit().await;
        self.bring("home", &journey.secret, &back).await
    }

    /// The secret of the session.
    pub(super) async fn logged_in(&self) -> String {
        let answer = self.log_in().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.body["secret"].as_str().unwrap().to_owned()
    }

    pub(super) async fn identities(&self, session: &str) -> Vec<Value> {
        let answer = self.server.get("/v1/people/current/identities", session).await;
        answer.body["identities"].as_array().unwrap().clone()
    }

    /// Begins to connect.
    pub(super) async fn connect(&self, session: &str, password: &str) -> Answer {
        let body = json!({ "provider": "home", "password": password });
        self.server.post("/v1/people/current/identities", session, &body).await
    }
}

impl Journey {
    pub(super) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Self { secret: text("secret"), url: text("url").parse().unwrap() }
    }

    /// Logs in there, and gives what the browser is sent back with.
    pub(super) async fn visit(&self) -> Value {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = http.request(Method::GET, self.url.clone()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "the provider refuses {}", self.url);
        let back: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
        assert_eq!(back.origin(), PAGE.parse::<Url>().unwrap().origin());
        back.query_pairs().map(|(name, value)| (name.into_owned(), Value::from(value))).collect()
    }
}

pub(super) async fn provider(id: &str, clock: &Arc<FakeClock>) -> Provider {
    let redirect_uri = format!("{PAGE}/api/providers/{id}/answer");
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Provider::start(clock, &redirect_uri, Account::new("ada-1", "Ada@Example.org")).await
}

pub(super) fn config(id: &str, issuer: &str) -> ProviderConfig {
    ProviderConfig {
        id: id.to_owned(),
        name: "Home ID".to_owned(),
        issuer: issuer.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        ..ProviderConfig::default()
    }
}

/// Refused for this reason, and nobody is logged in.
pub(super) fn assert_refused(answer: &Answer, status: u16, reason: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert_eq!(answer.body["type"], format!("urn:wattline:provider:{reason}"));
    assert!(answer.body.get("secret").is_none());
}
