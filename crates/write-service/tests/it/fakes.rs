//! A transport and a store that do as they are told, and write down what happened in which order.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::measurement::{MeasurementStore, StoreError};
use domain::trace::TraceContext;
use domain::transport::{ContainerSource, Delivery, Receipt, SourceError};
use domain::{HubId, Ticks};
use testkit::{FakeClock, containers};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use write_service::{BatchConfig, Deps, DoorConfig, Measures, Pipeline};

use crate::stale::Stale;

/// What happened. Containers go by their sequence number, which is also the tag of their receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Received(Vec<u64>),
    Tried(Vec<u64>),
    Stored(Vec<u64>),
    /// Days of the hub, counted from the recorded one.
    Marked(Vec<i32>),
    Accepted(Vec<u64>),
    Dead(u64, String),
    Released(Vec<u64>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum StoreMood {
    Takes,
    Unavailable(Option<Duration>),
    Unauthorised,
    Hangs,
}

/// Everything that both fakes know.
pub(crate) struct World {
    /// A week after the first container was measured: all is late.
    pub(crate) clock: Arc<FakeClock>,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    waiting: VecDeque<Delivery>,
    unsettled: BTreeSet<u64>,
    events: Vec<(Instant, Event)>,
    mood: StoreMood,
    /// Sequence numbers that the store never takes.
    never: BTreeSet<u64>,
    /// A sequence number, the place of a tick that the store never takes, and whether it says which.
    never_tick: Option<(u64, usize, bool)>,
    /// How often each of these still fails.
    failures: HashMap<&'static str, u32>,
    closed: bool,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::new(FakeClock::at(containers::RECORDED_DAY.plus_millis(7 * 86_400_000))),
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                unsettled: BTreeSet::new(),
                events: Vec::new(),
                mood: StoreMood::Takes,
                never: BTreeSet::new(),
                never_tick: None,
                failures: HashMap::new(),
                closed: false,
            }),
            changed: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn note(&self, event: Event) {
        self.state().events.push((Instant::now(), event));
        self.changed.notify_waiters();
    }

    pub(crate) fn deliver(&self, sequences: impl IntoIterator<Item = u64>) {
        for sequence in sequences {
            self.deliver_body(sequence, wire::encode(&containers::container(hub(), sequence)));
        }
    }

    pub(crate) fn deliver_body(&self, tag: u64, body: Bytes) {
        self.deliver_traced(tag, body, None);
    }

    pub(crate) fn deliver_traced(&self, tag: u64, body: Bytes, trace: Option<TraceContext>) {
        let (receipt, trace) = (Receipt { epoch: 1, tag }, trace.map(Box::new));
        let delivery = Delivery { hub: Some(hub()), body, redelivered: false, receipt, trace };
        self.state().waiting.push_back(delivery);
        self.changed.notify_waiters();
    }

    pub(crate) fn store_is(&self, mood: StoreMood) {
        self.state().mood = mood;
        self.changed.notify_waiters();
    }

    pub(crate) fn store_never_takes(&self, sequences: impl IntoIterator<Item = u64>) {
        self.state().never.extend(sequences);
    }

    pub(crate) fn store_never_takes_tick(&self, sequence: u64, place: usize, named: bool) {
        self.state().never_tick = Some((sequence, place, named));
    }

    pub(crate) fn fails(&self, what: &'static str, times: u32) {
        self.state().failures.insert(what, times);
    }

    /// What is not settled comes again.
    pub(crate) fn redeliver(&self) {
        let unsettled = std::mem::take(&mut self.state().unsettled);
        self.deliver(unsettled);
    }

    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_waiters();
    }

    pub(crate) fn failures_left(&self, what: &'static str) -> u32 {
        self.state().failures.get(what).copied().unwrap_or_default()
    }

    pub(crate) fn check(&self, what: &'static str) -> Result<(), SourceError> {
        let mut state = self.state();
        match state.failures.get_mut(what) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Err(SourceError::Unavailable { operation: what, reason: "the fake says so".to_owned() })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.state().events.iter().map(|(_, event)| event.clone()).collect()
    }

    pub(crate) fn times(&self, which: impl Fn(&Event) -> bool) -> Vec<Instant> {
        self.state().events.iter().filter(|(_, event)| which(event)).map(|(at, _)| *at).collect()
    }

    /// Sorted, of all events of a kind.
    pub(crate) fn all(&self, kind: impl Fn(&Event) -> Option<Vec<u64>>) -> Vec<u64> {
        let mut all: Vec<u64> = self.events().iter().filter_map(kind).flatten().collect();
        all.sort_unstable();
        all
    }

    pub(crate) fn accepted(&self) -> Vec<u64> {
        self.all(|event| if let Event::Accepted(tags) = event { Some(tags.clone()) } else { None })
    }

    pub(crate) fn released(&self) -> Vec<u64> {
        self.all(|event| if let Event::Released(tags) = event { Some(tags.clone()) } else { None })
    }

    pub(crate) fn received(&self) -> Vec<u64> {
        self.all(|event| if let Event::Received(tags) = event { Some(tags.clone()) } else { None })
    }

    pub(crate) fn dead(&self) -> Vec<(u64, String)> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| if let Event::Dead(tag, why) = event { Some((tag, why)) } else { None })
            .collect()
    }

    /// Waits until `holds`; the deadline is of the clock that the test runs on.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        testkit::wait::within(Duration::from_hours(1), what, async {
            loop {
                let changed = self.changed.notified();
                if holds(self) {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }
}

pub(crate) fn hub() -> HubId {
    containers::hub(1)
}

struct Source(Arc<World>);

#[async_trait]
impl ContainerSource for Source {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, SourceError> {
        self.0.check("receive")?;
        loop {
            let changed = self.0.changed.notified();
            let deliveries: Vec<Delivery> = {
                let mut state = self.0.state();
                if state.closed && state.waiting.is_empty() {
                    return Err(SourceError::Closed);
                }
                let count = state.waiting.len().min(max);
                let deliveries: Vec<Delivery> = state.waiting.drain(..count).collect();
                state.unsettled.extend(deliveries.iter().map(|delivery| delivery.receipt.tag));
                deliveries
            };
            if !deliveries.is_empty() {
                self.0
                    .note(Event::Received(deliveries.iter().map(|delivery| delivery.receipt.tag).collect()));
                return Ok(deliveries);
            }
            changed.await;
        }
    }

    fn stop(&self) {
        self.0.close();
    }

    async fn accept(&self, receipts: &[Receipt]) -> Result<(), SourceError> {
        self.0.check("accept")?;
        self.0.settle(receipts);
        self.0.note(Event::Accepted(tags(receipts)));
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, reason: &str) -> Result<(), SourceError> {
        self.0.check("dead_letter")?;
        self.0.settle(&[delivery.receipt]);
        self.0.note(Event::Dead(delivery.receipt.tag, reason.to_owned()));
        Ok(())
    }

    async fn release(&self, receipts: &[Receipt]) -> Result<(), SourceError> {
        self.0.settle(receipts);
        self.0.note(Event::Released(tags(receipts)));
        Ok(())
    }

    async fn ready(&self) -> Result<(), SourceError> {
        self.0.check("source ready")
    }
}

fn tags(receipts: &[Receipt]) -> Vec<u64> {
    receipts.iter().map(|receipt| receipt.tag).collect()
}

impl World {
    /// Nothing is settled twice, and nothing that was never delivered.
    fn settle(&self, receipts: &[Receipt]) {
        let mut state = self.state();
        for receipt in receipts {
            assert!(state.unsettled.remove(&receipt.tag), "{receipt:?} was not open");
        }
    }

    /// What is in nobody's safe hands: received and neither accepted, released nor dead.
    pub(crate) fn unsettled(&self) -> Vec<u64> {
        self.state().unsettled.iter().copied().collect()
    }
}

struct Store(Arc<World>);

#[async_trait]
impl MeasurementStore for Store {
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError> {
        let operation = "writing to the fake";
        let mut sequences: Vec<u64> = ticks.iter().map(|tick| tick.sequence).collect();
        sequences.dedup();
        self.0.note(Event::Tried(sequences.clone()));
        let mood = self.0.state().mood;
        match mood {
            StoreMood::Takes => {}
            StoreMood::Unavailable(retry_after) => {
                return Err(StoreError::Unavailable { operation, reason: "down".to_owned(), retry_after });
            }
            StoreMood::Unauthorised => {
                return Err(StoreError::Unauthorised { operation, reason: "no".to_owned() });
            }
            StoreMood::Hangs => std::future::pending().await,
        }
        let bad = sequences.iter().find(|sequence| self.0.state().never.contains(sequence)).copied();
        if let Some(bad) = bad {
            let reason = format!("{bad} is beyond me");
            return Err(StoreError::Rejected { operation, reason, ticks: Vec::new() });
        }
        if let Some((sequence, place, named)) = self.0.state().never_tick {
            let start = containers::container(hub(), sequence).ticks[place].start;
            if let Some(at) = ticks.iter().position(|tick| tick.start == start) {
                let reason = format!("tick {place} of {sequence} is beyond me");
                let ticks = if named { vec![(at, reason.clone())] } else { Vec::new() };
                return Err(StoreError::Rejected { operation, reason, ticks });
            }
        }
        self.0.note(Event::Stored(sequences));
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.0.check("store ready").map_err(|error| unavailable(&error))
    }
}

pub(crate) fn unavailable(error: &SourceError) -> StoreError {
    let (operation, reason) = ("asking the fake", error.to_string());
    StoreError::Unavailable { operation, reason, retry_after: None }
}

pub(crate) fn deps(world: &Arc<World>, batch: BatchConfig) -> Deps {
    Deps {
        metrics: service::Metrics::default(),
        source: Arc::new(Source(world.clone())),
        store: Arc::new(Store(world.clone())),
        stale: Arc::new(Stale(world.clone())),
        batch,
        door: DoorConfig::default(),
        clock: world.clock.clone(),
        stored: None,
    }
}

/// A pipeline at work between the fakes.
pub(crate) struct Running {
    pub(crate) shutdown: CancellationToken,
    pub(crate) measures: Measures,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(world: &Arc<World>, batch: BatchConfig) -> Self {
        let pipeline = Pipeline::new(deps(world, batch));
        let (shutdown, measures) = (CancellationToken::new(), pipeline.measures().clone());
        let until = shutdown.clone();
        let task = tokio::spawn(async move { pipeline.run(until).await });
        Self { shutdown, measures, task }
    }

    /// Asks it to stop, and gives how long that took.
    pub(crate) async fn stop(self) -> Duration {
        let began = Instant::now();
        self.shutdown.cancel();
        self.ended().await;
        began.elapsed()
    }

    /// As by SIGKILL.
    pub(crate) async fn kill(self) {
        self.task.abort();
        self.task.await.unwrap_err();
    }

    pub(crate) async fn ended(self) {
        testkit::wait::within(Duration::from_mins(10), "the pipeline has ended", self.task).await.unwrap();
    }
}
