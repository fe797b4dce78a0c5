//! A home whose measurements are made up, and a clock.

use std::sync::Arc;

use alert_worker::{AlertConfig, Deps, Pass, Post, Sending, Worker};
use domain::access::Role;
use domain::accounts::{Accounts as _, Credentials, Household, HubAssignment, Person, SocketLabel};
use domain::alerts::{Alert, AlertKind, AlertSettings, Alerts as _};
use domain::measurement::MeasurementStore as _;
use domain::registry::{HomeSettings, Registry as _};
use domain::{
    Container, HouseholdId, HubId, Joules, PersonId, SocketJoules, SocketNumber, TickEnergy, TickLength,
    UtcMillis,
};
use tempfile::TempDir;
use testkit::FakeClock;
use testkit::containers::hub;

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Monday 2026-02-02 00:00 in Berlin.
const START: &str = "2026-02-01T23:00:00Z";

pub(crate) const KETTLE: u8 = 0;
pub(crate) const FREEZER: u8 = 1;

pub(crate) struct World {
    pub(crate) accounts: Arc<sqlite::Accounts>,
    measurements: Arc<sqlite::Measurements>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) worker: Worker,
    pub(crate) config: AlertConfig,
    pub(crate) household: HouseholdId,
    pub(crate) hub: HubId,
    _folder: TempDir,
}

/// So long after the start of the first day, local midnight.
pub(crate) fn at(millis: i64) -> UtcMillis {
    UtcMillis::parse_rfc3339(START).unwrap().plus_millis(millis)
}

pub(crate) fn socket(number: u8) -> SocketNumber {
    SocketNumber::new(number).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(AlertConfig::default()).await
    }

    /// A home with one hub, a kettle and a freezer, and two people of whom one is a guest.
    pub(crate) async fn with(config: AlertConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let accounts = sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap();
        let measurements = sqlite::Measurements::open(folder.path().join("measurements.db")).await.unwrap();
        let (accounts, measurements) = (Arc::new(accounts), Arc::new(measurements));
        let clock = Arc::new(FakeClock::at(at(0)));
        let household = HouseholdId::from_bytes([7; 16]);
        let worker = Worker::new(deps(&accounts, &measurements, &clock, &config));
        let hub = hub(1);
        let world = Self { accounts, measurements, clock, worker, config, household, hub, _folder: folder };
        world.add_home(household, hub).await;
        for (number, role) in [(1, Role::Owner), (2, Role::Guest)] {
            let id = PersonId::from_bytes([number; 16]);
            let email = format!("person{number}@example.org");
            let person = Person { id, email, name: "Somebody".to_owned() };
            let credentials = Credentials { person, password_hash: String::new() };
            world.accounts.create_person(&credentials).await.unwrap();
            world.accounts.put_member(household, id, role).await.unwrap();
        }
        let label = |number: u8, name: &str| SocketLabel {
            number: socket(number),
            name: name.to_owned(),
            room: None,
            icon: None,
            hidden: false,
        };
        let labels = [label(KETTLE, "Kettle"), label(FREEZER, "Freezer")];
        world.accounts.put_sockets(household, hub, &labels).await.unwrap();
        world
    }

    pub(crate) async fn add_home(&self, id: HouseholdId, hub: HubId) {
        let zone = "Europe/Berlin".parse().unwrap();
        self.accounts.put_household(&Household { id, name: "Home".to_owned(), zone }).await.unwrap();
        let name = "Hall".to_owned();
        let assignment = HubAssignment { hub, household: id, name, since: at(0), until: None };
        self.accounts.assign_hub(&assignment).await.unwrap();
    }

    /// The process ends and another one starts.
    pub(crate) fn restart(&mut self) {
        self.worker = Worker::new(deps(&self.accounts, &self.measurements, &self.clock, &self.config));
    }

    pub(crate) fn sending(&self) -> Sending {
        let deps = deps(&self.accounts, &self.measurements, &self.clock, &self.config);
        Sending::new(&deps, Post::new(&self.config).unwrap())
    }

    pub(crate) async fn set(&self, change: impl FnOnce(&mut HomeSettings)) {
        let stored = self.accounts.settings(self.household).await.unwrap();
        let mut settings = stored.settings;
        change(&mut settings);
        settings.check().unwrap();
        let put = self.accounts.put_settings(self.household, stored.revision, &settings).await.unwrap();
        assert!(put.is_some());
    }

    pub(crate) async fn set_alerts(&self, change: impl FnOnce(&mut AlertSettings)) {
        self.set(|settings| change(&mut settings.alerts)).await;
    }

    /// Ticks of a minute from `from` until `to`, of the watts that each socket draws; `None` is a gap.
    pub(crate) async fn measure(&self, from: i64, to: i64, watts: impl Fn(u8, i64) -> Option<i64>) {
        self.measure_hub(self.hub, from, to, watts).await;
    }

    pub(crate) async fn measure_hub(
        &self,
        hub: HubId,
        from: i64,
        to: i64,
        watts: impl Fn(u8, i64) -> Option<i64>,
    ) {
        let ticks = (from / MINUTE..to / MINUTE).map(|minute| {
            let sockets = [KETTLE, FREEZER].into_iter();
            let energy = sockets
                .filter_map(|number| Some((socket(number), Joules(watts(number, minute * MINUTE)? * 60))));
            TickEnergy { start: at(minute * MINUTE), energy: energy.collect::<SocketJoules>() }
        });
        let ticks: Vec<TickEnergy> = ticks.collect();
        let tick_length = TickLength::from_secs(60).unwrap();
        let containers: Vec<Container> = (1..)
            .zip(ticks.chunks(1_000))
            .map(|(sequence, ticks)| Container { hub, sequence, tick_length, ticks: ticks.to_vec() })
            .collect();
        self.measurements.write_containers(&containers).await.unwrap();
    }

    /// The clock is set, and a pass is made in which nothing fails.
    pub(crate) async fn pass_at(&mut self, millis: i64) -> Pass {
        self.clock.set(at(millis));
        let pass = self.worker.pass().await;
        assert_eq!(pass.failures, 0);
        pass
    }

    /// All that are or were, the latest first.
    pub(crate) async fn alerts(&self) -> Vec<Alert> {
        self.accounts.alerts(self.household, at(0), 1_000).await.unwrap()
    }

    pub(crate) async fn open(&self) -> Vec<AlertKind> {
        let open = self.alerts().await.into_iter().filter(|alert| alert.ended.is_none());
        open.map(|alert| alert.key.kind).collect()
    }
}

fn deps(
    accounts: &Arc<sqlite::Accounts>,
    measurements: &Arc<sqlite::Measurements>,
    clock: &Arc<FakeClock>,
    config: &AlertConfig,
) -> Deps {
    Deps {
        metrics: service::Metrics::default(),
        query: measurements.clone(),
        rollups: measurements.clone(),
        alerts: accounts.clone(),
        clock: clock.clone(),
        config: config.clone(),
    }
}
