use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use agent::config::{ReplayConfig, SimulatedConfig};
use agent::spool::{Identity, Sealed};
use agent::{Config, Status};
use async_trait::async_trait;
use bytes::Bytes;
use domain::sensor::{Observation, Outlet, Sensor};
use domain::ticker::Checkpoint;
use domain::transport::{ContainerPublisher, ContainerSource, PublishError};
use domain::{Clock, Container, HubId, Joules, SocketJoules, SocketNumber, TickEnergy, UtcMillis};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) fn utc(text: &str) -> UtcMillis {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

/// Wall-clock time that follows tokio's, paused or not.
pub(crate) struct TokioClock {
    begin: UtcMillis,
    since: Instant,
    speed: i64,
}

impl TokioClock {
    pub(crate) fn at(begin: UtcMillis) -> Arc<Self> {
        Self::fast(begin, 1)
    }

    /// So many times as fast.
    pub(crate) fn fast(begin: UtcMillis, speed: i64) -> Arc<Self> {
        Arc::new(Self { begin, since: Instant::now(), speed })
    }
}

impl Clock for TokioClock {
    fn now(&self) -> UtcMillis {
        self.begin.plus_millis(i64::try_from(self.since.elapsed().as_millis()).unwrap() * self.speed)
    }
}

/// A sensor that tells what the test says, when it says it.
pub(crate) struct Scripted(pub(crate) mpsc::Receiver<Vec<Observation>>);

#[async_trait]
impl Sensor for Scripted {
    async fn observe(&mut self, out: &mut Vec<Observation>) -> bool {
        let Some(told) = self.0.recv().await else { return false };
        out.extend(told);
        true
    }

    fn outlets(&self) -> Vec<Outlet> {
        Vec::new()
    }
}

/// Keeps what it is given; every container is refused as often as `refusals` says.
#[derive(Default)]
pub(crate) struct Collector {
    pub(crate) arrived: Mutex<Vec<Bytes>>,
    /// Of a hundred.
    pub(crate) failing: u32,
}

impl Collector {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn failing(percent: u32) -> Arc<Self> {
        Arc::new(Self { failing: percent, ..Self::default() })
    }

    /// By sequence number. A container that came again must be the same.
    pub(crate) fn containers(&self) -> BTreeMap<u64, Container> {
        let mut containers = BTreeMap::new();
        for body in self.arrived.lock().unwrap().iter() {
            let container = wire::decode(body).unwrap();
            if let Some(before) = containers.insert(container.sequence, container.clone()) {
                assert_eq!(before, container, "one sequence number, two containers");
            }
        }
        containers
    }

    /// Measurements that are there, each once.
    pub(crate) fn values(&self) -> usize {
        self.containers().values().map(Container::value_count).sum()
    }

    /// All ticks in the order of the sequence numbers. Those of containers that were put together are left out.
    pub(crate) fn ticks(&self) -> Vec<TickEnergy> {
        let ticks: Vec<TickEnergy> =
            self.containers().into_values().flat_map(|container| container.ticks).collect();
        assert!(ticks.is_sorted_by(|a, b| a.start < b.start), "a tick came twice or out of order");
        ticks
    }
}

#[async_trait]
impl ContainerPublisher for Collector {
    async fn publish(&self, _hub: HubId, body: Bytes) -> Result<(), PublishError> {
        tokio::task::yield_now().await;
        let fate = rand::random_range(0..100);
        // Half of the failures are a confirmation that got lost.
        if fate >= self.failing / 2 {
            self.arrived.lock().unwrap().push(body);
        }
        if fate < self.failing { Err(PublishError::Unavailable("bad luck".to_owned())) } else { Ok(()) }
    }
}

/// Takes containers from the broker until so many ticks have come.
pub(crate) async fn receive(config: rabbitmq::Config, ticks: usize) -> Collector {
    let source = rabbitmq::Source::connect(config).unwrap();
    let collector = Collector::default();
    let come = || collector.containers().values().map(|container| container.ticks.len()).sum::<usize>();
    while come() < ticks {
        let deliveries = source.receive(100).await.unwrap();
        let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        collector.arrived.lock().unwrap().extend(deliveries.into_iter().map(|delivery| delivery.body));
        source.accept(&receipts).await.unwrap();
    }
    collector
}

pub(crate) fn config(spool: &Path) -> Config {
    let mut config = Config::default();
    config.spool.path = spool.join("spool.db");
    config
}

pub(crate) fn replay(spool: &Path, traces: &Path) -> Config {
    let mut config = config(spool);
    config.sensor.replay = Some(ReplayConfig { folder: traces.to_owned(), ..ReplayConfig::default() });
    config
}

pub(crate) fn simulated(spool: &Path, history_hours: u32) -> Config {
    let mut config = config(spool);
    config.sensor.simulated = Some(SimulatedConfig { history_hours, ..SimulatedConfig::default() });
    config
}

/// Runs an agent until its sensor ends.
pub(crate) async fn run(config: Config, publisher: Arc<Collector>) -> Arc<Status> {
    let clock = TokioClock::at(utc("2026-11-21T12:00:00Z"));
    let prepared = agent::prepare(config, clock).await.unwrap();
    let status = Arc::clone(&prepared.status);
    agent::run(prepared.with(publisher), CancellationToken::new()).await.unwrap();
    status
}

/// Writes a trace of rows, each `DD/MM/YYYY HH:MM:SS;P1;P8`.
pub(crate) fn write_trace(folder: &Path, name: &str, rows: &[String]) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), rows.join("\n") + "\n").unwrap();
}

/// Who opens a spool that nobody is named for.
pub(crate) const IDENTITY: Identity = Identity { configured: None, fresh: hub(1), now: UtcMillis(1_000) };

pub(crate) const fn hub(number: u8) -> HubId {
    HubId::from_bytes([number; 16])
}

/// One tick of ten seconds of socket 3.
pub(crate) fn sealed(second: i64) -> Sealed {
    sealed_ticks(vec![tick(second, &[(3, second % 1_000_000)])], 10)
}

pub(crate) fn tick(second: i64, values: &[(u8, i64)]) -> TickEnergy {
    let socket = |number| SocketNumber::new(number).unwrap();
    let energy: SocketJoules =
        values.iter().map(|&(number, joules)| (socket(number), Joules(joules))).collect();
    TickEnergy { start: UtcMillis::from_secs(second), energy }
}

/// With a checkpoint at their end.
pub(crate) fn sealed_ticks(ticks: Vec<TickEnergy>, tick_secs: i64) -> Sealed {
    let booked_until = ticks.last().unwrap().start.plus_millis(tick_secs * 1_000);
    Sealed {
        ticks,
        checkpoint: Checkpoint { booked_until, carry: Vec::new(), counted: Vec::new() },
        late: false,
    }
}
