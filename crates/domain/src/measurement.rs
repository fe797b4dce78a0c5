//! Ports: where measurements are kept and how they are asked for.

use async_trait::async_trait;

use crate::batch::{TickBatch, Ticks};
use crate::container::{Container, SocketJoules};
use crate::energy::{Joules, Milliwatts};
use crate::ids::{HubId, SocketNumber};
use crate::rollup::Minute;
use crate::time::{TickLength, TimeRange, UtcMillis};

/// Where the write-service puts measurements.
#[async_trait]
pub trait MeasurementStore: Send + Sync + 'static {
    /// Stores all values of `ticks`. `Ok` means durable as the store defines it; after an error any part may or
    /// may not be stored, and the same call may be repeated, or a part of it. Several calls may be under way.
    ///
    /// Idempotent: the identity of a value is (hub, socket, tick start). The same value again changes nothing,
    /// another value replaces it, sockets of the same tick from elsewhere are added. Within one call what comes
    /// later wins.
    async fn write(&self, ticks: Ticks<'_>) -> Result<(), StoreError>;

    /// [`write`](Self::write), for those who have containers.
    async fn write_containers(&self, containers: &[Container]) -> Result<(), StoreError> {
        self.write(containers.iter().collect::<TickBatch>().all()).await
    }

    /// Whether it would take writes now.
    async fn ready(&self) -> Result<(), StoreError>;
}

/// Why a store did not take or give something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, overloaded, hanging. The same call may succeed later.
    #[error("{operation}: the store is not available: {reason}")]
    Unavailable { operation: &'static str, reason: String, retry_after: Option<std::time::Duration> },
    /// It does not let us in. Nothing helps but an operator; the same call may succeed afterwards.
    #[error("{operation}: the store refused our credentials: {reason}")]
    Unauthorised { operation: &'static str, reason: String },
    /// It will never take this, all of it or a part.
    #[error("{operation}: the store rejected the data: {reason}")]
    Rejected {
        operation: &'static str,
        reason: String,
        /// Which of the ticks, by their places in the call, and why each, when the store names them. The others
        /// are not to blame, but whether they are stored is not said. Empty: it could be any.
        ticks: Vec<(usize, String)>,
    },
}

/// One stored tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTick {
    pub start: UtcMillis,
    pub length: TickLength,
    pub energy: SocketJoules,
}

/// What one socket used in one bucket. A bucket without a measurement is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketSum {
    pub start: UtcMillis,
    pub energy: Joules,
    /// Length of the ticks that have a value, in ms.
    pub measured_millis: i64,
    /// The highest mean power of one of its ticks.
    pub peak: Milliwatts,
    /// The lowest mean power of one of its minutes, of those that were measured whole. A minute, since a tick of a
    /// few joules says little about power: the agent carries what is less than a joule over to the next one.
    pub trough: Option<Milliwatts>,
}

impl BucketSum {
    /// A bucket that holds just this tick.
    pub fn of_tick(start: UtcMillis, length: TickLength, energy: Joules) -> Self {
        Self {
            start,
            energy,
            measured_millis: length.millis_i64(),
            peak: mean_power(energy, length),
            trough: None,
        }
    }

    /// The lower of two troughs.
    pub(crate) fn lower(a: Option<Milliwatts>, b: Option<Milliwatts>) -> Option<Milliwatts> {
        a.into_iter().chain(b).min()
    }

    /// Takes in what belongs to the same bucket.
    pub fn absorb(&mut self, other: &Self) {
        self.energy += other.energy;
        self.measured_millis += other.measured_millis;
        self.peak = self.peak.max(other.peak);
        self.trough = Self::lower(self.trough, other.trough);
    }
}

/// Rounded towards zero to whole milliwatts.
pub fn mean_power(energy: Joules, length: TickLength) -> Milliwatts {
    Milliwatts(energy.0 * 1_000_000 / length.millis_i64())
}

/// The buckets of one socket, in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketSums {
    pub socket: SocketNumber,
    pub sums: Vec<BucketSum>,
}

/// Where the read-service gets measurements from. Reads see every write that returned before them.
#[async_trait]
pub trait MeasurementQuery: Send + Sync + 'static {
    /// Every tick of the hub that starts in `range`, in order of time. The caller bounds the range.
    async fn ticks(&self, hub: HubId, range: TimeRange) -> Result<Vec<StoredTick>, StoreError>;

    /// The same with nothing but the sockets of `mask` in each tick: none of them may be in some.
    async fn socket_ticks(
        &self,
        hub: HubId,
        mask: u64,
        range: TimeRange,
    ) -> Result<Vec<StoredTick>, StoreError> {
        let mut ticks = self.ticks(hub, range).await?;
        for tick in &mut ticks {
            tick.energy.keep(mask);
        }
        Ok(ticks)
    }

    /// Per socket with data, lowest first, the sums of the UTC quarter hours that start in `range`. The edges
    /// of `range` are whole quarter hours.
    async fn quarter_hours(&self, hub: HubId, range: TimeRange) -> Result<Vec<SocketSums>, StoreError>;

    /// Whether it would answer now.
    async fn ready(&self) -> Result<(), StoreError>;
}

/// Sums ticks to the UTC quarter hours they start in: for stores that keep ticks only.
pub fn sum_quarter_hours(ticks: &[StoredTick]) -> Vec<SocketSums> {
    let mut sockets: Vec<Vec<BucketSum>> = vec![Vec::new(); crate::ids::MAX_SOCKETS];
    let mut minutes = [Minute::default(); crate::ids::MAX_SOCKETS];
    for tick in ticks {
        let quarter = tick.start.floor_to(crate::calendar::QUARTER_HOUR_MILLIS);
        for (socket, energy) in tick.energy.iter() {
            let trough = minutes[socket.index()].absorb(tick.start, tick.length, energy);
            let sum =
                BucketSum { start: quarter, trough, ..BucketSum::of_tick(tick.start, tick.length, energy) };
            match sockets[socket.index()].last_mut() {
                Some(last) if last.start == quarter => last.absorb(&sum),
                _ => sockets[socket.index()].push(sum),
            }
        }
    }
    SocketNumber::in_mask(u64::MAX)
        .zip(sockets)
        .filter(|(_, sums)| !sums.is_empty())
        .map(|(socket, sums)| SocketSums { socket, sums })
        .collect()
}
