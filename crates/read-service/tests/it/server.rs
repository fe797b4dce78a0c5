use std::sync::Arc;
use std::time::Duration;

use domain::access::{AUDIENCE, AccessClaims, HubGrant, ISSUER, Role, every_scope};
use domain::accounts::{Accounts as _, Household, HubAssignment, SocketLabel};
use domain::calendar::Zone;
use domain::measurement::{MeasurementQuery, MeasurementStore as _};
use domain::presence::Presence;
use domain::registry::{HomeSettings, Registry as _};
use domain::rollup::{PackedDay, Roller, Rollups, UtcDay, ripe_until};
use domain::transport::ContainerPublisher as _;
use domain::{Clock, Container, HouseholdId, HubId, PersonId, SocketNumber, TimeRange, UtcMillis};
use read_service::{Deps, KeySource, TokenVerifier};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use testkit::FakeClock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::keys::{Key, KeyServer};

pub(crate) fn utc(text: &str) -> UtcMillis {
    UtcMillis::parse_rfc3339(text).unwrap()
}

pub(crate) fn household() -> HouseholdId {
    HouseholdId::from_bytes([1; 16])
}

/// A grant without a beginning or an end.
pub(crate) fn always(hub: HubId) -> HubGrant {
    HubGrant { hub, since: UtcMillis(0), until: None }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

/// The service on a port of its own, with a clock that stands still.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) keys: KeyServer,
    pub(crate) key: Key,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<()>,
    pub(crate) store: sqlite::Measurements,
    accounts: Arc<sqlite::Accounts>,
    publisher: inprocess::Publisher,
    pub(crate) live: inprocess::Live,
    http: reqwest::Client,
    _source: inprocess::Source,
    _folder: TempDir,
}

impl Server {
    pub(crate) async fn start(now: UtcMillis) -> Self {
        Self::start_with(now, None, None).await
    }

    /// With other stores than its own.
    pub(crate) async fn start_with(
        now: UtcMillis,
        query: Option<Arc<dyn MeasurementQuery>>,
        rollups: Option<Arc<dyn Rollups>>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite::Measurements::open(folder.path().join("measurements.db")).await.unwrap();
        let accounts = Arc::new(sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap());
        let home = Household { id: household(), name: "Home".to_owned(), zone: Zone::utc() };
        accounts.put_household(&home).await.unwrap();
        let clock = Arc::new(FakeClock::at(now));
        let (publisher, source, live) =
            inprocess::transport(64, folder.path(), clock.clone() as Arc<dyn Clock>);
        let key = Key::new(1, "first");
        let keys = KeyServer::start(&[&key]).await;
        let source_of_keys = KeySource::new(keys.url.clone()).unwrap();
        let deps = Deps {
            metrics: service::Metrics::default(),
            query: query.unwrap_or_else(|| Arc::new(store.clone())),
            rollups: rollups.unwrap_or_else(|| Arc::new(store.clone())),
            registry: accounts.clone(),
            live: Arc::new(live.clone()),
            clock: clock.clone(),
            tokens: Arc::new(TokenVerifier::new(source_of_keys, clock.clone())),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let run = read_service::run(deps, listener, shutdown.clone());
        let task = tokio::spawn(async move { run.await.unwrap() });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            url,
            clock,
            keys,
            key,
            shutdown,
            task,
            store,
            accounts,
            publisher,
            live,
            http,
            _source: source,
            _folder: folder,
        }
    }

    pub(crate) async fn store(&self, containers: &[Container]) {
        self.store.write_containers(containers).await.unwrap();
    }

    /// Rolls up what the hub measured on the UTC days of the range, as the worker would.
    pub(crate) async fn roll_up(&self, hub: HubId, range: TimeRange) {
        roll_up(&self.store, &self.store, hub, range, self.clock.now()).await;
    }

    /// From the JSON that the page would send.
    pub(crate) async fn set(&self, settings: Value) {
        let settings = serde_json::from_value(settings).unwrap();
        HomeSettings::check(&settings).unwrap();
        let revision = self.accounts.settings(household()).await.unwrap().revision;
        assert!(self.accounts.put_settings(household(), revision, &settings).await.unwrap().is_some());
    }

    /// What people call the sockets of a hub: number, name and room.
    pub(crate) async fn label(&self, hub: HubId, sockets: &[(u8, &str, Option<&str>)]) {
        let since = UtcMillis(0);
        let assignment =
            HubAssignment { hub, household: household(), name: "Hub".to_owned(), since, until: None };
        self.accounts.assign_hub(&assignment).await.unwrap();
        let label = |&(number, name, room): &(u8, &str, Option<&str>)| SocketLabel {
            number: SocketNumber::new(number).unwrap(),
            name: name.to_owned(),
            room: room.map(str::to_owned),
            icon: None,
            hidden: false,
        };
        let all: Vec<SocketLabel> = sockets.iter().map(label).collect();
        self.accounts.put_sockets(household(), hub, &all).await.unwrap();
    }

    /// As a hub does. Viewers see it before it is stored, and nobody stores it here.
    pub(crate) fn publish(&self, container: &Container) {
        let (publisher, hub, body) = (self.publisher.clone(), container.hub, wire::encode(container));
        tokio::spawn(async move { publisher.publish(hub, body).await });
    }

    /// As a hub does.
    pub(crate) async fn announce(&self, presence: &Presence) {
        self.publisher.announce(presence).await.unwrap();
    }

    /// Good for ten minutes.
    pub(crate) fn claims(&self, zone: &str, hubs: &[HubGrant]) -> AccessClaims {
        let now = self.clock.now().secs();
        AccessClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: PersonId::from_bytes([2; 16]),
            iat: now,
            exp: now + 600,
            household: household(),
            role: Role::Owner,
            zone: zone.parse().unwrap(),
            hubs: hubs.to_vec(),
            scope: every_scope(),
        }
    }

    pub(crate) fn token(&self, zone: &str, hubs: &[HubGrant]) -> String {
        self.key.sign(&self.claims(zone, hubs))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).timeout(Duration::from_secs(30))
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// Whatever is asked of the household's usage.
    pub(crate) async fn ask(&self, token: &str, query: &[(&str, &str)]) -> Answer {
        let path = format!("/v1/households/{}/usage", household());
        send(self.request(Method::GET, &path).bearer_auth(token).query(query)).await
    }

    pub(crate) async fn usage(&self, token: &str, from: &str, to: &str, bucket: &str) -> Value {
        let answer = self.ask(token, &[("from", from), ("to", to), ("bucket", bucket)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body
    }

    /// Something else of the household, which must be there.
    pub(crate) async fn see(&self, token: &str, what: &str) -> Value {
        let answer = self.get(&format!("/v1/households/{}/{what}", household()), token).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body
    }

    /// The live stream, still open.
    pub(crate) async fn watch(&self, token: &str) -> reqwest::Response {
        let url = format!("{}/v1/households/{}/live", self.url, household());
        let request = self.http.get(url).bearer_auth(token).header("accept-encoding", "gzip");
        request.send().await.unwrap()
    }
}

/// Rolls up the UTC days of the range, as the worker would.
pub(crate) async fn roll_up(
    query: &dyn MeasurementQuery,
    rollups: &dyn Rollups,
    hub: HubId,
    range: TimeRange,
    now: UtcMillis,
) {
    let days = UtcDay::touching(range);
    for day in (days.start.0..days.end.0).map(UtcDay) {
        let mut sums = Roller::new(hub, day);
        for tick in query.ticks(hub, day.range()).await.unwrap() {
            sums.push(&tick);
        }
        let rolled = sums.finish(day.range().end.min(ripe_until(now)));
        rollups.put_days(&[PackedDay::pack(&rolled)]).await.unwrap();
    }
}

/// Every refusal has to be a problem.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(headers["content-type"], "application/problem+json", "{status} {body}");
        assert_eq!(body["status"], status.as_u16());
    }
    Answer { status, headers, body }
}
