//! What operators see of the write path. `docs/metrics.md` describes every name.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::transport::Delivery;
use domain::{TickBatch, UtcMillis};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// From a live tick to what a hub kept for a week.
const LAG_SECONDS: [f64; 16] = [
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, 86_400.0, 604_800.0,
];
const WRITE_SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const BATCH_VALUES: [f64; 9] =
    [30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0, 50_000.0, 100_000.0];

/// Why a container is among the dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It is no container.
    Undecodable,
    /// It names a hub that it does not come from.
    Foreign,
    /// Its hub's clock is ahead.
    Clock,
    /// The store would forget it at once.
    TooOld,
    /// The store will never take it.
    Store,
}

impl Cause {
    const ALL: [Self; 5] = [Self::Undecodable, Self::Foreign, Self::Clock, Self::TooOld, Self::Store];
}

impl EncodeLabelValue for Cause {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        let name = match self {
            Self::Undecodable => "undecodable",
            Self::Foreign => "foreign",
            Self::Clock => "clock",
            Self::TooOld => "too_old",
            Self::Store => "store",
        };
        name.encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeadLetterLabels {
    reason: Cause,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct WriteLabels {
    pub(crate) outcome: &'static str,
}

/// Counted since the start of the process. Clones count into the same.
#[derive(Clone, Debug)]
pub struct Measures {
    received: Counter,
    redelivered: Counter,
    stored: Counter,
    values: Counter,
    values_received: Counter,
    dead_letters: Family<DeadLetterLabels, Counter>,
    dead_values: Family<DeadLetterLabels, Counter>,
    batch_values: Histogram,
    unsettled: Gauge,
    pub(crate) writes_in_flight: Gauge,
    pub(crate) writes: Family<WriteLabels, Histogram>,
    late_marks: Counter,
    lag: Histogram,
    store_refuses: Arc<AtomicBool>,
    store_available: Gauge,
}

impl Measures {
    pub fn register(registry: &mut Registry) -> Self {
        let measures = Self {
            received: Counter::default(),
            redelivered: Counter::default(),
            stored: Counter::default(),
            values: Counter::default(),
            values_received: Counter::default(),
            dead_letters: Family::default(),
            dead_values: Family::default(),
            batch_values: Histogram::new(BATCH_VALUES),
            unsettled: Gauge::default(),
            writes_in_flight: Gauge::default(),
            writes: Family::new_with_constructor(|| Histogram::new(WRITE_SECONDS)),
            late_marks: Counter::default(),
            lag: Histogram::new(LAG_SECONDS),
            store_refuses: Arc::default(),
            store_available: Gauge::default(),
        };
        measures.store_available.set(1);
        // There from the start, at 0: else the first one would look like no rise.
        for reason in Cause::ALL {
            drop(measures.dead_letters.get_or_create(&DeadLetterLabels { reason }));
            drop(measures.dead_values.get_or_create(&DeadLetterLabels { reason }));
        }
        let mut counter = |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        counter("wattline_containers_received", "Containers taken from the transport", &measures.received);
        let help = "Containers among them that had been delivered before";
        counter("wattline_containers_redelivered", help, &measures.redelivered);
        counter("wattline_containers_stored", "Containers that the store has", &measures.stored);
        counter(
            "wattline_values_stored",
            "Values (socket, tick, energy) that the store has",
            &measures.values,
        );
        let help = "Values of containers that could be decoded, before it is known what becomes of them";
        counter("wattline_values_received", help, &measures.values_received);
        let help = "Days of hubs marked to be rolled up again because ticks came late";
        counter("wattline_late_marks", help, &measures.late_marks);
        let help = "Containers put among the dead letters";
        registry.register("wattline_containers_dead_lettered", help, measures.dead_letters.clone());
        let help = "Values that are not stored because their container is among the dead letters";
        registry.register("wattline_values_dead_lettered", help, measures.dead_values.clone());
        registry.register("wattline_batch_values", "Values in a batch", measures.batch_values.clone());
        let mut gauge = |name, help, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("wattline_containers_unsettled", "Containers taken and not settled", &measures.unsettled);
        gauge(
            "wattline_store_writes_in_flight",
            "Batches on their way to the store",
            &measures.writes_in_flight,
        );
        let help = "1 while the store takes writes, 0 while it does not";
        gauge("wattline_store_available", help, &measures.store_available);
        let help = "Time until the store has answered a write";
        registry.register("wattline_store_write_duration_seconds", help, measures.writes.clone());
        let help = "Time from the end of a container's last tick until the store has it";
        registry.register("wattline_end_to_end_lag_seconds", help, measures.lag.clone());
        measures
    }

    /// Values that the store has.
    pub fn values(&self) -> u64 {
        self.values.get()
    }

    /// Containers that the store has.
    pub fn containers(&self) -> u64 {
        self.stored.get()
    }

    /// How many containers are among the dead letters because of this.
    pub fn dead_lettered(&self, cause: Cause) -> u64 {
        self.dead_letters.get_or_create(&DeadLetterLabels { reason: cause }).get()
    }

    /// Values of containers that could be decoded: what is stored and what is dead-lettered of them are as many, but for what is
    /// given back.
    pub fn values_received(&self) -> u64 {
        self.values_received.get()
    }

    /// How many values are not stored because of this.
    pub fn dead_lettered_values(&self, cause: Cause) -> u64 {
        self.dead_values.get_or_create(&DeadLetterLabels { reason: cause }).get()
    }

    /// A container, of which `values` are not stored.
    pub(crate) fn dead_letter(&self, cause: Cause, values: usize) {
        self.dead_letters.get_or_create(&DeadLetterLabels { reason: cause }).inc();
        self.dead_values.get_or_create(&DeadLetterLabels { reason: cause }).inc_by(values as u64);
        self.settled(1);
    }

    /// The values of a batch, whether they are to be stored or refused.
    pub(crate) fn decoded(&self, values: usize) {
        self.values_received.inc_by(values as u64);
    }

    /// Whether the store is there and takes no writes, as far as is known.
    pub fn store_refuses(&self) -> bool {
        self.store_refuses.load(Ordering::Relaxed)
    }

    pub(crate) fn store_is(&self, available: bool) {
        self.store_refuses.store(!available, Ordering::Relaxed);
        self.store_available.set(available.into());
    }

    pub(crate) fn settled(&self, containers: usize) {
        self.unsettled.dec_by(i64::try_from(containers).unwrap_or(i64::MAX));
    }

    pub(crate) fn taken(&self, deliveries: &[Delivery]) {
        let again = deliveries.iter().filter(|delivery| delivery.redelivered).count();
        self.received.inc_by(deliveries.len() as u64);
        self.redelivered.inc_by(again as u64);
        self.unsettled.inc_by(i64::try_from(deliveries.len()).unwrap_or(i64::MAX));
    }

    pub(crate) fn marked(&self, days: usize) {
        self.late_marks.inc_by(days as u64);
    }

    #[expect(clippy::cast_precision_loss, reason = "Prometheus has nothing but floats")]
    pub(crate) fn stored(&self, containers: usize, values: usize) {
        self.batch_values.observe(values as f64);
        self.stored.inc_by(containers as u64);
        self.values.inc_by(values as u64);
    }

    /// Of every container in the batch, at the moment when the store had it.
    #[expect(clippy::cast_precision_loss, reason = "a double tells milliseconds apart for 285,000 years")]
    pub(crate) fn observe_lag(&self, ticks: &TickBatch, stored: UtcMillis) {
        for container in 0..ticks.containers() {
            if let Some(last) = ticks.of_container(container).last() {
                let end = last.start.plus_millis(last.length.millis_i64());
                // A hub's clock may be a little ahead.
                self.lag.observe(stored.millis_since(end).max(0) as f64 / 1_000.0);
            }
        }
    }
}

impl Default for Measures {
    /// Counts, and nobody reads it.
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}
