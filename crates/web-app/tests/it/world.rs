use std::sync::Arc;
use std::time::Duration;

use auth_service::provision::Home;
use auth_service::{PeopleConfig, ProviderConfig, SealingKey, SessionsConfig, SigningKeys, provision};
use domain::alerts::{Alert, AlertId, AlertKey, AlertKind, Alerts as _, Facts};
use domain::measurement::MeasurementStore as _;
use domain::transport::ContainerPublisher as _;
use domain::{Clock, Container, HouseholdId, HubId};
use read_service::{KeySource, TokenVerifier};
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use service::clock::SystemClock;
use tempfile::TempDir;
use testkit::provider::{Account, CLIENT_ID, CLIENT_SECRET, Provider};
use testkit::{FakeClock, containers, wait};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use web_app::{Deps, UpstreamConfig};

pub(crate) const EMAIL: &str = "ada@wattline.example";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) fn hub() -> HubId {
    containers::hub(1)
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn cookie(&self) -> &str {
        self.headers[SET_COOKIE].to_str().unwrap()
    }

    pub(crate) fn clears_the_cookie(&self) -> bool {
        self.headers.get(SET_COOKIE).is_some_and(|value| {
            let text = value.to_str().unwrap();
            text.starts_with("wattline_session=;") && text.contains("Max-Age=0")
        })
    }
}

/// One of the three services on a port of its own.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    async fn start<F>(run: impl FnOnce(TcpListener, CancellationToken) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(run(listener, shutdown.clone()));
        Self { url, shutdown, task }
    }

    pub(crate) async fn stop(&mut self) {
        self.shutdown.cancel();
        wait::within(Duration::from_secs(10), "the service has stopped", &mut self.task).await.unwrap();
    }
}

/// All three, with a home in them; the clock starts now and stands still.
pub(crate) struct World {
    pub(crate) web: Running,
    pub(crate) auth: Running,
    pub(crate) read: Running,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) household: HouseholdId,
    pub(crate) live: inprocess::Live,
    pub(crate) provider: Provider,
    pub(crate) accounts: Arc<sqlite::Accounts>,
    store: sqlite::Measurements,
    publisher: inprocess::Publisher,
    http: reqwest::Client,
    _source: inprocess::Source,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(SystemClock.now()));
        let accounts = Arc::new(sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap());
        let household = provision(&*accounts, &*clock, &home()).await.unwrap().household;
        let redirect_uri = format!("{}/api/providers/home/answer", PeopleConfig::default().page_url);
        let account = Account::new("ada-1", EMAIL);
        let provider = Provider::start(clock.clone(), &redirect_uri, account).await;
        let deps = auth_service::Deps {
            metrics: service::Metrics::default(),
            stores: Arc::clone(&accounts).into(),
            clock: clock.clone(),
            signing_keys: SigningKeys::open(&folder.path().join("key.pem"), clock.now()).unwrap(),
            sealing_key: SealingKey::open(&folder.path().join("second-factor.key")).unwrap(),
            sessions: SessionsConfig::default(),
            people: people(&provider),
        };
        let auth = Running::start(|listener, stop| async move {
            auth_service::run(deps, listener, stop).await.unwrap();
        })
        .await;

        let store = sqlite::Measurements::open(folder.path().join("measurements.db")).await.unwrap();
        let (publisher, source, live) =
            inprocess::transport(16, folder.path(), clock.clone() as Arc<dyn Clock>);
        let keys = KeySource::new(format!("{}/.well-known/jwks.json", auth.url)).unwrap();
        let deps = read_service::Deps {
            metrics: service::Metrics::default(),
            query: Arc::new(store.clone()),
            rollups: Arc::new(store.clone()),
            registry: accounts.clone(),
            live: Arc::new(live.clone()),
            clock: clock.clone(),
            tokens: Arc::new(TokenVerifier::new(keys, clock.clone())),
        };
        let read = Running::start(|listener, stop| async move {
            read_service::run(deps, listener, stop).await.unwrap();
        })
        .await;
        let web = web_app(&auth.url, &read.url, false, clock.clone()).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            web,
            auth,
            read,
            clock,
            household,
            live,
            provider,
            accounts,
            store,
            publisher,
            http,
            _source: source,
            _folder: folder,
        }
    }

    /// Another web app in front of the same two.
    pub(crate) async fn another_web_app(&self, read_url: &str, secure_cookies: bool) -> Running {
        web_app(&self.auth.url, read_url, secure_cookies, self.clock.clone()).await
    }

    /// A read-service that takes only tokens of somebody else.
    pub(crate) async fn distrustful_read_service(&self, keys_url: String) -> Running {
        let deps = read_service::Deps {
            metrics: service::Metrics::default(),
            query: Arc::new(self.store.clone()),
            rollups: Arc::new(self.store.clone()),
            registry: self.accounts.clone(),
            live: Arc::new(self.live.clone()),
            clock: self.clock.clone(),
            tokens: Arc::new(TokenVerifier::new(KeySource::new(keys_url).unwrap(), self.clock.clone())),
        };
        Running::start(|listener, stop| async move {
            read_service::run(deps, listener, stop).await.unwrap();
        })
        .await
    }

    pub(crate) async fn store(&self, container: &Container) {
        self.store.write_containers(std::slice::from_ref(container)).await.unwrap();
    }

    /// An open alert of the home.
    pub(crate) async fn raise(&self, id: [u8; 16], kind: AlertKind) -> AlertId {
        let (now, id) = (self.clock.now(), AlertId::from_bytes(id));
        let alert = Alert {
            id,
            household: self.household,
            key: AlertKey::hub(kind, hub()),
            began: now,
            raised: now,
            ended: None,
            acknowledged: None,
            facts: Facts::default(),
        };
        assert!(self.accounts.raise(&[alert], &[]).await.unwrap());
        id
    }

    pub(crate) fn publish(&self, container: &Container) {
        let (publisher, hub, body) = (self.publisher.clone(), container.hub, wire::encode(container));
        tokio::spawn(async move { publisher.publish(hub, body).await });
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.web.url))
    }

    pub(crate) fn request_to(&self, url: &str, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{url}{path}"))
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        send(self.request(Method::GET, path).header(COOKIE, cookie)).await
    }

    pub(crate) async fn put(&self, path: &str, cookie: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).header(COOKIE, cookie).json(body)).await
    }

    pub(crate) async fn log_in_with(&self, password: &str) -> Answer {
        let body = json!({ "email": EMAIL, "password": password });
        send(self.request(Method::POST, "/api/session").json(&body)).await
    }

    /// What the browser then sends as `Cookie`.
    pub(crate) async fn log_in(&self) -> String {
        let answer = self.log_in_with(PASSWORD).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.cookie().split(';').next().unwrap().to_owned()
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/households/{}{rest}", self.household)
    }
}

fn people(provider: &Provider) -> PeopleConfig {
    let config = ProviderConfig {
        id: "home".to_owned(),
        name: "Home ID".to_owned(),
        issuer: provider.issuer().to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.into()),
        ..ProviderConfig::default()
    };
    PeopleConfig { show_links: true, providers: vec![config], ..PeopleConfig::default() }
}

async fn web_app(auth_url: &str, read_url: &str, secure_cookies: bool, clock: Arc<FakeClock>) -> Running {
    let upstream = UpstreamConfig {
        auth_url: auth_url.to_owned(),
        read_url: read_url.to_owned(),
        secure_cookies,
        ..UpstreamConfig::default()
    };
    Running::start(|listener, stop| async move {
        web_app::run(Deps { upstream, clock, metrics: service::Metrics::default() }, listener, stop)
            .await
            .unwrap();
    })
    .await
}

fn home() -> Home {
    serde_json::from_value(json!({
        "person": { "email": EMAIL, "name": "Ada", "password": PASSWORD },
        "household": { "name": "Home", "zone": "Europe/Berlin" },
        "hubs": [{
            "id": hub().to_string(),
            "name": "Cellar",
            "since": "epoch",
            "sockets": [{ "number": 0, "name": "Lamp" }],
        }],
    }))
    .unwrap()
}

/// Every refusal of the API has to be a problem, and every answer guarded.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.timeout(Duration::from_secs(30)).send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let path = response.url().path().to_owned();
    let text = response.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let refused = status.is_client_error() || status.is_server_error();
    if refused && path.starts_with("/api") {
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json", "{status} {body}");
        assert_eq!(body["status"], status.as_u16());
    }
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-opener-policy",
        "permissions-policy",
        "x-request-id",
    ] {
        assert!(headers.contains_key(name), "{path}: no {name}");
    }
    if path.starts_with("/api") {
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
    Answer { status, headers, body }
}
