//! A store, a clock, and who writes in between: as the write-service does.

use std::sync::Arc;

use domain::measurement::{MeasurementQuery, MeasurementStore, StoredTick};
use domain::rollup::{DayRollup, Detail, Mark, PackedDay, Roller, Rollups, UtcDay, late_before};
use domain::{Clock, Container, HubId, TimeRange, UtcMillis};
use rollup_worker::{Deps, Pass, RollupConfig, Worker};
use tempfile::TempDir;
use testkit::FakeClock;
use testkit::containers::{ContainerBuilder, RECORDED_DAY};
use tokio_util::sync::CancellationToken;

use crate::memory::{Call, Failing, Memory};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) struct World<S> {
    pub(crate) store: Arc<S>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) worker: Worker,
    nonce: u32,
    _folder: Option<TempDir>,
}

/// So long after the start of the recorded day.
pub(crate) fn at(millis: i64) -> UtcMillis {
    RECORDED_DAY.plus_millis(millis)
}

/// The `number`th day from the recorded one on.
pub(crate) fn day(number: i32) -> UtcDay {
    UtcDay(UtcDay::of(RECORDED_DAY).0 + number)
}

pub(crate) fn deps<S>(store: &Arc<S>, clock: &Arc<FakeClock>, rollup: RollupConfig) -> Deps
where
    S: MeasurementQuery + Rollups,
{
    Deps {
        metrics: service::Metrics::default(),
        query: store.clone(),
        rollups: store.clone(),
        clock: clock.clone(),
        rollup,
        forgetting: None,
        erasing: None,
    }
}

impl World<sqlite::Measurements> {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite::Measurements::open(folder.path().join("measurements.db")).await.unwrap();
        Self { _folder: Some(folder), ..Self::new(store, RollupConfig::default()) }
    }
}

impl World<Memory> {
    pub(crate) fn in_memory() -> Self {
        Self::new(Memory::default(), RollupConfig::default())
    }

    /// Kills the worker in a pass, at the first such call and before that has done anything; then there is another one.
    pub(crate) async fn kill_at(&mut self, which: impl Fn(&Call) -> bool + Send + 'static) {
        let (reached, never) = (CancellationToken::new(), CancellationToken::new());
        let there = reached.clone();
        self.store.fails(move |call| {
            which(call).then(|| {
                there.cancel();
                Failing::Hanging
            })
        });
        tokio::select! {
            biased;
            pass = self.worker.pass(&never) => panic!("{pass:?} without such a call"),
            () = reached.cancelled() => {}
        }
        self.store.recovers();
        self.restart(RollupConfig::default());
    }
}

impl<S: MeasurementStore + MeasurementQuery + Rollups> World<S> {
    pub(crate) fn new(store: S, config: RollupConfig) -> Self {
        let (store, clock) = (Arc::new(store), Arc::new(FakeClock::at(RECORDED_DAY)));
        let worker = Worker::new(deps(&store, &clock, config));
        Self { store, clock, worker, nonce: 0, _folder: None }
    }

    pub(crate) fn restart(&mut self, config: RollupConfig) {
        self.worker = Worker::new(deps(&self.store, &self.clock, config));
    }

    /// The clock, so long after the start of the recorded day.
    pub(crate) fn is(&self, millis: i64) {
        self.clock.set(at(millis));
    }

    pub(crate) async fn pass(&mut self) -> Pass {
        self.worker.pass(&CancellationToken::new()).await
    }

    /// A pass in which nothing goes wrong, after which there is nothing more to do.
    pub(crate) async fn good_pass(&mut self) -> Pass {
        let pass = self.pass().await;
        assert_eq!((pass.failures, pass.has_more, pass.is_partial), (0, false, false));
        assert_eq!(self.store.marks(1).await.unwrap(), []);
        pass
    }

    /// Stores the container, then marks what is late by the time that the store has it.
    pub(crate) async fn write(&mut self, container: &Container) {
        self.store.write_containers(std::slice::from_ref(container)).await.unwrap();
        let late = late_before(self.clock.now());
        let mut days: Vec<UtcDay> = container
            .ticks
            .iter()
            .filter(|tick| tick.start < late)
            .map(|tick| UtcDay::of(tick.start))
            .collect();
        days.dedup();
        for day in days {
            self.nonce += 1;
            self.store.mark(&[Mark { hub: container.hub, day, nonce: self.nonce }]).await.unwrap();
        }
    }

    /// Stores the container and marks nothing.
    pub(crate) async fn store_only(&self, container: &Container) {
        self.store.write_containers(std::slice::from_ref(container)).await.unwrap();
    }

    /// As [`measure`](Self::measure), without marks.
    pub(crate) async fn store_only_hours(&self, hub: HubId, from: i64, hours: u32) {
        self.store_only(&ContainerBuilder::new(hub).begin(at(from)).ticks(hours * 360).build()).await;
    }

    /// Ticks of 10 s of three sockets, from `from` on, so long after the start of the recorded day.
    pub(crate) async fn measure(&mut self, hub: HubId, from: i64, to: i64) {
        let ticks = u32::try_from((to - from) / 10_000).unwrap();
        let container = ContainerBuilder::new(hub).begin(at(from)).ticks(ticks).build();
        self.write(&container).await;
    }

    pub(crate) async fn pages(&self, hub: HubId) -> Vec<DayRollup> {
        let pages = self.store.days(hub, UtcDay(i32::MIN)..UtcDay(i32::MAX), Detail::Power).await.unwrap();
        pages.iter().map(|page: &PackedDay| page.unpack(Detail::Power).unwrap()).collect()
    }

    pub(crate) async fn ticks(&self, hub: HubId, range: TimeRange) -> Vec<StoredTick> {
        self.store.ticks(hub, range).await.unwrap()
    }

    /// The day up to `until`, from its ticks as they are now.
    pub(crate) async fn fresh(&self, hub: HubId, day: UtcDay, until: UtcMillis) -> DayRollup {
        let mut roller = Roller::new(hub, day);
        for tick in self.ticks(hub, day.range()).await {
            roller.push(&tick);
        }
        roller.finish(until)
    }

    /// Every page is what its ticks are now, the last one ends at `limit` and no day of the ticks is missing.
    pub(crate) async fn assert_fresh(&self, hub: HubId, limit: UtcMillis) {
        let pages = self.pages(hub).await;
        assert_eq!(pages.last().unwrap().until(), limit);
        for page in &pages {
            assert_eq!(*page, self.fresh(hub, page.day, page.day.next().start().min(limit)).await);
        }
        let all = self.ticks(hub, TimeRange::new(UtcMillis(0), limit)).await;
        for day in all.iter().map(|tick| UtcDay::of(tick.start)) {
            assert!(pages.iter().any(|page| page.day == day), "{day} is not rolled up");
        }
    }
}
