use std::sync::Arc;

use auth_service::provision::Home;
use auth_service::{Deps, PeopleConfig, SealingKey, SessionsConfig, SigningKeys, Stores, provision};
use domain::accounts::Accounts;
use domain::alerts::Alerts;
use domain::audit::Audit;
use domain::erasure::Erasures;
use domain::hubs::HubCredentials;
use domain::identities::Identities;
use domain::personal_tokens::PersonalTokens;
use domain::{Clock, HouseholdId, HubId, PersonId, UtcMillis};
use mail::{Security, SmtpConfig};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use service::clock::SystemClock;
use tempfile::TempDir;
use testkit::FakeClock;
use testkit::servers::Smtp;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const HUB: &str = "0197a3c2-0000-7000-8000-000000000001";

/// The settings of a mail server that is there for the test.
pub(crate) fn letters_to(smtp: &Smtp) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: Some(smtp.port()),
        security: Security::None,
        user: None,
        password: None,
        from: "Wattline <home@example.org>".to_owned(),
        ca: None,
    }
}

/// The service on a port of its own. Its clock starts now and then stands still.
pub(crate) struct Server {
    url: String,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) alerts: Arc<dyn Alerts>,
    pub(crate) hub_credentials: Arc<dyn HubCredentials>,
    pub(crate) erasures: Arc<dyn Erasures>,
    pub(crate) identities: Arc<dyn Identities>,
    pub(crate) audit: Arc<dyn Audit>,
    pub(crate) personal_tokens: Arc<dyn PersonalTokens>,
    pub(crate) clock: Arc<FakeClock>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    http: reqwest::Client,
    _folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Server {
    pub(crate) async fn with_sqlite() -> Self {
        Self::with_settings(SessionsConfig::default()).await
    }

    pub(crate) async fn with_settings(sessions: SessionsConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap();
        Self::start(Arc::new(store).into(), sessions, shown_links(), folder).await
    }

    pub(crate) async fn with_people(people: PeopleConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap();
        Self::start(Arc::new(store).into(), SessionsConfig::default(), people, folder).await
    }

    pub(crate) async fn with_stores(stores: impl Into<Stores>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start(stores.into(), SessionsConfig::default(), shown_links(), folder).await
    }

    async fn start(stores: Stores, sessions: SessionsConfig, people: PeopleConfig, folder: TempDir) -> Self {
        let clock = Arc::new(FakeClock::at(SystemClock.now()));
        Self::start_at(clock, stores, sessions, people, folder).await
    }

    /// By a clock that others share.
    pub(crate) async fn with_clock(people: PeopleConfig, clock: Arc<FakeClock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap();
        Self::start_at(clock, Arc::new(store).into(), SessionsConfig::default(), people, folder).await
    }

    async fn start_at(
        clock: Arc<FakeClock>,
        stores: Stores,
        sessions: SessionsConfig,
        people: PeopleConfig,
        folder: TempDir,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let signing_keys = SigningKeys::open(&folder.path().join("signing-key.pem"), clock.now()).unwrap();
        let sealing_key = SealingKey::open(&folder.path().join("second-factor.key")).unwrap();
        let shutdown = CancellationToken::new();
        let (accounts, alerts) = (Arc::clone(&stores.accounts), Arc::clone(&stores.alerts));
        let hub_credentials = Arc::clone(&stores.hub_credentials);
        let erasures = Arc::clone(&stores.erasures);
        let identities = Arc::clone(&stores.identities);
        let audit = Arc::clone(&stores.audit);
        let personal_tokens = Arc::clone(&stores.personal_tokens);
        let clock_of_service = Arc::clone(&clock) as Arc<dyn Clock>;
        let metrics = service::Metrics::default();
        let deps =
            Deps { stores, clock: clock_of_service, metrics, signing_keys, sealing_key, sessions, people };
        let run = auth_service::run(deps, listener, shutdown.clone());
        let task = tokio::spawn(async move { run.await.unwrap() });
        Self {
            url,
            accounts,
            alerts,
            hub_credentials,
            erasures,
            identities,
            audit,
            personal_tokens,
            clock,
            shutdown,
            task,
            http: reqwest::Client::new(),
            _folder: folder,
        }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        testkit::wait::within(std::time::Duration::from_secs(10), "the service has stopped", self.task)
            .await
            .unwrap();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        if status.is_client_error() || status.is_server_error() {
            assert_eq!(headers["content-type"], "application/problem+json", "{status} {text}");
        }
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, headers, body }
    }

    pub(crate) async fn get(&self, path: &str, secret: &str) -> Answer {
        self.send(self.request(Method::GET, path).bearer_auth(secret)).await
    }

    pub(crate) async fn delete(&self, path: &str, secret: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).bearer_auth(secret)).await
    }

    pub(crate) async fn post(&self, path: &str, secret: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).bearer_auth(secret).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, secret: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).bearer_auth(secret).json(body)).await
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.send(self.request(Method::POST, "/v1/sessions").json(&body)).await
    }

    /// Without being logged in.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// The secret of the link that the answer shows.
    pub(crate) fn link_of(answer: &Answer) -> String {
        let link = answer.body["link"].as_str().unwrap_or_else(|| panic!("no link in {}", answer.body));
        link.split_once('#').unwrap().1.to_owned()
    }

    pub(crate) async fn secret_of(&self, email: &str) -> String {
        let answer = self.log_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.body["secret"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn person(&self, email: &str) -> PersonId {
        self.accounts.credentials_by_email(email).await.unwrap().unwrap().person.id
    }

    /// A person with a household, and [`HUB`] in it when `hub`.
    pub(crate) async fn settle(&self, email: &str, hub: bool) -> HouseholdId {
        let mut home = home(email);
        home.hubs.retain(|_| hub);
        provision(&*self.accounts, &*self.clock, &home).await.unwrap().household
    }

    pub(crate) fn now(&self) -> UtcMillis {
        self.clock.now()
    }
}

/// As in a demonstration.
pub(crate) fn shown_links() -> PeopleConfig {
    PeopleConfig { show_links: true, ..PeopleConfig::default() }
}

pub(crate) fn hub() -> HubId {
    HUB.parse().unwrap()
}

pub(crate) fn home(email: &str) -> Home {
    serde_json::from_value(json!({
        "person": { "email": email, "name": "Ada", "password": PASSWORD },
        "household": { "name": "Home", "zone": "Europe/Berlin" },
        "hubs": [{
            "id": HUB,
            "name": "Cellar",
            "since": "epoch",
            "sockets": [
                { "number": 3, "name": "Fridge", "room": "Kitchen", "icon": "fridge" },
                { "number": 0, "name": "Lamp" },
            ],
        }],
    }))
    .unwrap()
}
