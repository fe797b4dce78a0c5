//! Many hubs that are released at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_service::BrokerConfig;
use auth_service::broker::Broker;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::delete;
use domain::accounts::{Accounts as _, Household};
use domain::erasure::Deletions as _;
use domain::hubs::{Enrolment, HubCredentials as _};
use domain::{HouseholdId, HubId, UtcMillis};
use http::StatusCode;
use service::tls::TlsConfig;
use testkit::FakeClock;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Two pages of the store's, and one.
const COUNT: usize = 1_001;
const NOW: UtcMillis = UtcMillis(1_800_000_000_000);

type Closed = Arc<Mutex<BTreeSet<String>>>;

/// What RabbitMQ's management is asked to close.
async fn management(closed: Closed) -> String {
    async fn close(State(closed): State<Closed>, Path(hub): Path<String>) -> StatusCode {
        closed.lock().unwrap().insert(hub);
        StatusCode::NO_CONTENT
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/api/connections/username/{hub}", delete(close)).with_state(closed);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The clock stands still: nobody is out for good, and none makes room for another.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_them_does_not_wait_until_the_first_is_out_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap());
    let (id, zone) = (HouseholdId::from_bytes([1; 16]), "UTC".parse().unwrap());
    store.put_household(&Household { id, name: "Home".to_owned(), zone }).await.unwrap();
    let enrolment = |_| Enrolment {
        hub: HubId::from_bytes(rand::random()),
        serial: None,
        secret_hash: rand::random(),
        name: "Hub".to_owned(),
    };
    let hubs: Vec<Enrolment> = (0..COUNT).map(enrolment).collect();
    assert_eq!(store.enrol(id, &hubs, NOW.plus_millis(-1_000)).await.unwrap(), []);
    assert!(store.delete_household(id, NOW).await.unwrap());

    let closed = Closed::default();
    let config = BrokerConfig {
        management_url: Some(management(Arc::clone(&closed)).await),
        management_user: "guest".to_owned(),
        management_password: "guest".into(),
        ..BrokerConfig::default()
    };
    let clock = Arc::new(FakeClock::at(NOW));
    let broker = Broker::bind(config, &TlsConfig::default(), store, clock).await.unwrap();
    let stop = CancellationToken::new();
    let until = stop.clone();
    let running = tokio::spawn(async move { broker.run(&service::Metrics::default(), until).await });
    testkit::wait::until(Duration::from_mins(1), "all are closed", async || {
        (closed.lock().unwrap().len() == COUNT).then_some(())
    })
    .await;
    let expected: BTreeSet<String> = hubs.iter().map(|one| one.hub.to_string()).collect();
    assert_eq!(*closed.lock().unwrap(), expected);
    stop.cancel();
    running.await.unwrap().unwrap();
}
