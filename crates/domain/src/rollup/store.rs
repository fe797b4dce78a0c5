//! Port: where rollups are kept, and which of them are out of date.

use std::ops::Range;

use async_trait::async_trait;

use super::{Detail, PackedDay, UtcDay};
use crate::ids::HubId;
use crate::measurement::StoreError;
use crate::time::UtcMillis;

/// Late ticks came for this day of this hub: its rollup is to be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    pub hub: HubId,
    pub day: UtcDay,
    /// Random, below [`Mark::NONCES`]. Tells marks of the same day apart, so that settling one that was seen leaves
    /// one that came meanwhile.
    pub nonce: u32,
}

impl Mark {
    /// As many as a day has milliseconds: stores may put it into the time.
    pub const NONCES: u32 = 86_400_000;
}

/// Rollups are kept for ever. Every call is idempotent; after an error it may be repeated.
#[async_trait]
pub trait Rollups: Send + Sync + 'static {
    /// Keeps them in place of what was there of the same hub and day. One without its powers is
    /// [rejected](StoreError::Rejected).
    async fn put_days(&self, days: &[PackedDay]) -> Result<(), StoreError>;

    /// Those of the hub within `days` that are there, in order.
    async fn days(
        &self,
        hub: HubId,
        days: Range<UtcDay>,
        detail: Detail,
    ) -> Result<Vec<PackedDay>, StoreError>;

    /// Up to when the hub is rolled up: the end of its latest rollup.
    async fn watermark(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError>;

    /// The hubs that have a tick at or after `since`.
    async fn active_hubs(&self, since: UtcMillis) -> Result<Vec<HubId>, StoreError>;

    /// The start of the hub's first tick.
    async fn first_tick(&self, hub: HubId) -> Result<Option<UtcMillis>, StoreError>;

    /// Durable when it returns. Called when the late ticks themselves are.
    async fn mark(&self, marks: &[Mark]) -> Result<(), StoreError>;

    /// Open marks, at least one if there is any, at most `limit` of each hub.
    async fn marks(&self, limit: usize) -> Result<Vec<Mark>, StoreError>;

    /// These are done with.
    async fn settle(&self, marks: &[Mark]) -> Result<(), StoreError>;
}
