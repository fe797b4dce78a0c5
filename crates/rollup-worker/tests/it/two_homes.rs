//! Two homes have a hub one after the other, on a real InfluxDB and a real PostgreSQL, and the owner of the second goes.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::accounts::{Accounts as _, Credentials, Household, HubAssignment, Person};
use domain::erasure::{Deletions as _, Erasures as _, MeasurementErasure, PersonDeletion};
use domain::measurement::{MeasurementQuery as _, MeasurementStore as _, StoreError, StoredTick};
use domain::members::Members as _;
use domain::rollup::{Detail, Mark, PackedDay, Rollups as _, UtcDay};
use domain::{Clock, HouseholdId, HubId, PersonId, TimeRange};
use influxdb::{Api, Config, Eraser, Reader, Rollups, Writer, prepare};
use rollup_worker::{Deps, Erasing, RollupConfig, Worker};
use testkit::FakeClock;
use testkit::containers::{ContainerBuilder, hub};
use testkit::servers::{InfluxDb, PostgreSql};
use tokio_util::sync::CancellationToken;

use crate::world::{DAY, HOUR, MINUTE, at, day};

/// Stops for ever where a process would be killed: when the ticks are erased and the days are not.
struct Stuck {
    eraser: Eraser,
    reached: CancellationToken,
}

#[async_trait]
impl MeasurementErasure for Stuck {
    async fn erase_ticks(&self, hub: HubId, range: TimeRange) -> Result<(), StoreError> {
        self.eraser.erase_ticks(hub, range).await
    }

    async fn erase_days(&self, _: HubId, _: Range<UtcDay>) -> Result<(), StoreError> {
        self.reached.cancel();
        std::future::pending().await
    }

    async fn replace_day(&self, _: &PackedDay) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

struct Place {
    influxdb: InfluxDb,
    _postgresql: PostgreSql,
    config: Config,
    accounts: Arc<postgres::Accounts>,
    clock: Arc<FakeClock>,
}

impl Place {
    async fn start() -> Self {
        let servers =
            tokio::task::spawn_blocking(|| (InfluxDb::start().unwrap(), PostgreSql::start().unwrap()));
        let (influxdb, postgresql) = servers.await.unwrap();
        // A store that is away is soon found to be.
        let config =
            Config { url: influxdb.url(), api: Api::V1, query_timeout_millis: 5_000, ..Config::default() };
        prepare(&config).await.unwrap();
        let url = postgresql.database("accounts").unwrap();
        let accounts = Arc::new(postgres::Accounts::connect(&postgres::Config::new(url.into())).unwrap());
        let clock = Arc::new(FakeClock::at(at(4 * DAY + HOUR)));
        Self { influxdb, _postgresql: postgresql, config, accounts, clock }
    }

    fn worker(&self, store: Arc<dyn MeasurementErasure>) -> Worker {
        Worker::new(Deps {
            metrics: service::Metrics::default(),
            query: Arc::new(Reader::new(&self.config).unwrap()),
            rollups: Arc::new(Rollups::new(&self.config).unwrap()),
            clock: self.clock.clone(),
            rollup: RollupConfig::default(),
            forgetting: None,
            erasing: Some(Erasing { list: self.accounts.clone(), store }),
        })
    }

    fn eraser(&self) -> Eraser {
        Eraser::new(&self.config).unwrap()
    }

    /// Somebody with a home, and the hub in it since then.
    async fn settle(&self, name: &str, since: i64) -> (PersonId, HouseholdId) {
        let id = PersonId::from_bytes(*hub(u64::from(name.as_bytes()[0])).as_bytes());
        let person = Person { id, email: format!("{name}@example.org"), name: name.to_owned() };
        let credentials = Credentials { person, password_hash: "hash".to_owned() };
        self.accounts.create_person(&credentials).await.unwrap();
        let household = HouseholdId::from_bytes(*id.as_bytes());
        let home = Household { id: household, name: name.to_owned(), zone: "UTC".parse().unwrap() };
        assert!(self.accounts.found_household(&home, id, 1, at(since)).await.unwrap());
        let name = "Cellar".to_owned();
        let assignment = HubAssignment { hub: hub(1), household, name, since: at(since), until: None };
        self.accounts.assign_hub(&assignment).await.unwrap();
        (id, household)
    }

    async fn ticks(&self, from: i64, until: i64) -> Vec<StoredTick> {
        let range = TimeRange::new(at(from), at(until));
        Reader::new(&self.config).unwrap().ticks(hub(1), range).await.unwrap()
    }

    async fn pages(&self) -> Vec<PackedDay> {
        let rollups = Rollups::new(&self.config).unwrap();
        rollups.days(hub(1), day(-1)..day(100), Detail::Power).await.unwrap()
    }

    /// Points of the hub from then on, as InfluxDB itself counts them.
    async fn count(&self, database: &str, measurement: &str, field: &str, from: i64) -> u64 {
        let question = format!(
            "SELECT count({field}) FROM {measurement} WHERE hub='{}' AND time>={}ms",
            hub(1),
            at(from).0
        );
        let url = format!("{}/query?db={database}&q={}", self.influxdb.url(), question.replace(' ', "%20"));
        let answer = testkit::client::get_json(&url).await.unwrap();
        answer["results"][0]["series"][0]["values"][0][1].as_u64().unwrap_or(0)
    }

    async fn is_anything_due(&self) -> bool {
        !self.accounts.due_erasures(self.clock.now(), None, 1).await.unwrap().is_empty()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_goes_to_the_tick_and_the_first_keeps_every_joule() {
    let mut place = Place::start().await;
    // The hub moves on the second day, within a quarter of an hour and between two ticks.
    let moved = DAY + 10 * HOUR + 7 * MINUTE + 3_456;
    let (ada, first) = place.settle("ada", 0).await;
    assert!(place.accounts.release_hub(first, hub(1), ada, at(moved)).await.unwrap());
    let (bob, second) = place.settle("bob", moved).await;
    let ticks = ContainerBuilder::new(hub(1)).ticks(4 * 8_640).sockets(3).build();
    Writer::new(&place.config).unwrap().write_containers(&[ticks]).await.unwrap();
    let never = CancellationToken::new();
    let rolled = place.worker(Arc::new(place.eraser())).pass(&never).await;
    assert_eq!((rolled.hubs, rolled.failures), (1, 0));
    let rollups = Rollups::new(&place.config).unwrap();
    let mark = |number| Mark { hub: hub(1), day: day(number), nonce: 7 };
    rollups.mark(&[mark(2), mark(3)]).await.unwrap();
    let (of_first, before) = (place.ticks(0, moved).await, place.pages().await);
    assert_eq!((of_first.len(), before.len()), (8_640 + 3_643, 4));

    let deleted = place.accounts.delete_person(bob, &[second], place.clock.now()).await.unwrap();
    assert_eq!(deleted, PersonDeletion::Deleted);

    // The store is away.
    place = tokio::task::spawn_blocking(move || {
        place.influxdb.kill();
        place
    })
    .await
    .unwrap();
    let away = place.worker(Arc::new(place.eraser())).pass(&never).await;
    assert!(away.failures > 0 && away.erasures == 0, "{away:?}");
    place = tokio::task::spawn_blocking(move || {
        place.influxdb.restart().unwrap();
        place
    })
    .await
    .unwrap();
    assert!(place.is_anything_due().await);

    // The worker is killed when the ticks are gone and the pages are not.
    let reached = CancellationToken::new();
    let stuck = Stuck { eraser: place.eraser(), reached: reached.clone() };
    let mut worker = place.worker(Arc::new(stuck));
    tokio::select! {
        pass = worker.pass(&never) => panic!("{pass:?} without being stuck"),
        () = reached.cancelled() => {}
        () = tokio::time::sleep(Duration::from_mins(1)) => panic!("it never erased any ticks"),
    }
    drop(worker);
    assert!(place.is_anything_due().await);

    let pass = place.worker(Arc::new(place.eraser())).pass(&never).await;
    assert_eq!((pass.erasures, pass.failures), (1, 0), "{pass:?}");
    assert!(!place.is_anything_due().await);
    assert_eq!(place.ticks(0, moved).await, of_first);
    assert_eq!(place.ticks(moved, 10 * DAY).await, []);
    assert_eq!(place.count("wattline", "energy", "dt", moved).await, 0);
    assert_eq!(place.count("wattline", "stale", "open", moved).await, 0);
    assert_eq!(place.count("wattline-rollups", "day", "q", moved).await, 0);
    let after = place.pages().await;
    assert_eq!(after.len(), 2);
    assert_eq!(after[0], before[0]);
    let quarters = |page: &PackedDay| page.unpack(Detail::Power).unwrap();
    let (old, new) = (quarters(&before[1]), quarters(&after[1]));
    // Forty quarter hours until ten; of the next one seven minutes and 3 s are the first one's: 43 ticks.
    for (old, new) in old.sockets.iter().zip(&new.sockets) {
        assert_eq!((&old.energy[..40], &old.peak[..40]), (&new.energy[..40], &new.peak[..40]));
        assert_eq!(new.measured_secs[40], 430);
        assert!(new.measured_secs[41..].iter().all(|&secs| secs == 0));
    }
}
