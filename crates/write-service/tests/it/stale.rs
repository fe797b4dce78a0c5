use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use domain::measurement::StoreError;
use domain::rollup::{Detail, Mark, PackedDay, Rollups, UtcDay};
use domain::{HubId, UtcMillis};
use testkit::containers::RECORDED_DAY;

use crate::fakes::{Event, World, hub, unavailable};

/// Takes marks, and has nothing else to do here.
pub(crate) struct Stale(pub(crate) Arc<World>);

#[async_trait]
impl Rollups for Stale {
    async fn mark(&self, marks: &[Mark]) -> Result<(), StoreError> {
        self.0.check("mark").map_err(|error| unavailable(&error))?;
        assert!(!marks.is_empty() && marks.iter().all(|mark| mark.hub == hub()), "{marks:?}");
        let first = UtcDay::of(RECORDED_DAY).0;
        self.0.note(Event::Marked(marks.iter().map(|mark| mark.day.0 - first).collect()));
        Ok(())
    }

    async fn put_days(&self, _: &[PackedDay]) -> Result<(), StoreError> {
        unreachable!()
    }

    async fn days(&self, _: HubId, _: Range<UtcDay>, _: Detail) -> Result<Vec<PackedDay>, StoreError> {
        unreachable!()
    }

    async fn watermark(&self, _: HubId) -> Result<Option<UtcMillis>, StoreError> {
        unreachable!()
    }

    async fn active_hubs(&self, _: UtcMillis) -> Result<Vec<HubId>, StoreError> {
        unreachable!()
    }

    async fn first_tick(&self, _: HubId) -> Result<Option<UtcMillis>, StoreError> {
        unreachable!()
    }

    async fn marks(&self, _: usize) -> Result<Vec<Mark>, StoreError> {
        unreachable!()
    }

    async fn settle(&self, _: &[Mark]) -> Result<(), StoreError> {
        unreachable!()
    }
}
