//! One of several stores is away: what is asked of it is given up soon, and what is asked of the others is done.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::accounts::AccountsError;
use domain::erasure::{Erasure, ErasureId, Erasures, MeasurementErasure};
use domain::measurement::StoreError;
use domain::rollup::{PackedDay, UtcDay};
use domain::{HubId, TimeRange, UtcMillis};
use rollup_worker::{Deps, Erasing, RollupConfig, Worker};
use testkit::containers::hub;

use crate::memory::{Call, Failing, Memory};
use crate::world::{DAY, HOUR, World, at, deps};

/// The hubs up to this one are in the store that is away.
const LAST_AWAY: u8 = 40;

const fn number(hub: HubId) -> u8 {
    hub.as_bytes()[15]
}

/// What is to be erased of each hub: the day before the recorded one.
struct List(Mutex<Vec<Erasure>>);

impl List {
    fn of(hubs: impl Iterator<Item = u8>) -> Self {
        let erasure = |number| Erasure {
            id: ErasureId::from_bytes([number; 16]),
            hub: hub(u64::from(number)),
            since: at(-DAY),
            until: at(0),
            tail: at(0),
            asked: at(0),
            rounds: 0,
            due: at(0),
        };
        Self(Mutex::new(hubs.map(erasure).collect()))
    }
}

#[async_trait]
impl Erasures for List {
    async fn due_erasures(
        &self,
        now: UtcMillis,
        after: Option<ErasureId>,
        limit: u32,
    ) -> Result<Vec<Erasure>, AccountsError> {
        let list = self.0.lock().unwrap();
        let due = list.iter().filter(|one| one.due <= now && after.is_none_or(|after| one.id > after));
        Ok(due.take(limit as usize).cloned().collect())
    }

    async fn carried_out(&self, erasure: &Erasure) -> Result<(), AccountsError> {
        self.0.lock().unwrap().retain(|one| one.id != erasure.id);
        Ok(())
    }
}

/// Notes whose ticks it was to erase.
#[derive(Default)]
struct Eraser(Mutex<Vec<u8>>);

impl Eraser {
    /// And forgets them.
    fn asked(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl MeasurementErasure for Eraser {
    async fn erase_ticks(&self, hub: HubId, _: TimeRange) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(number(hub));
        if number(hub) <= LAST_AWAY {
            let reason = "it is away".to_owned();
            return Err(StoreError::Unavailable { operation: "erasing", reason, retry_after: None });
        }
        Ok(())
    }

    async fn erase_days(&self, _: HubId, _: Range<UtcDay>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn replace_day(&self, _: &PackedDay) -> Result<(), StoreError> {
        Ok(())
    }
}

fn with_erasures(hubs: impl Iterator<Item = u8>) -> (World<Memory>, Arc<Eraser>) {
    let mut world = World::in_memory();
    let store = Arc::new(Eraser::default());
    let erasing = Erasing { list: Arc::new(List::of(hubs)), store: store.clone() };
    let deps = deps(&world.store, &world.clock, RollupConfig::default());
    world.worker = Worker::new(Deps { erasing: Some(erasing), ..deps });
    (world, store)
}

#[tokio::test]
async fn hours_that_cannot_be_rolled_up_do_not_keep_late_days_and_erasures_waiting() {
    let (mut world, eraser) = with_erasures(50..51);
    for number in 1..=u64::from(LAST_AWAY) {
        world.store_only_hours(hub(number), 10 * HOUR, 1).await;
    }
    world.is(12 * HOUR);
    world.measure(hub(50), HOUR, 2 * HOUR).await;
    world.store.fails(|call| match call {
        Call::Ticks(hub, _) | Call::Put(hub, ..) if number(*hub) <= LAST_AWAY => Some(Failing::Before),
        _ => None,
    });
    let pass = world.pass().await;
    assert!(pass.is_partial && (16..20).contains(&pass.failures), "{pass:?}");
    assert_eq!((pass.days, pass.erasures), (1, 1));
    assert_eq!(eraser.asked(), [50]);
    world.assert_fresh(hub(50), at(11 * HOUR)).await;
}

#[tokio::test]
async fn erasing_is_given_up_too_and_goes_on_behind_what_failed() {
    let (mut world, eraser) = with_erasures(33..=60);
    for (asked, erased) in [(33..=36, 0), (37..=40, 0), (41..=60, 20), (33..=36, 0)] {
        let pass = world.pass().await;
        assert_eq!(eraser.asked(), asked.clone().collect::<Vec<u8>>());
        assert_eq!((pass.erasures, pass.failures), (erased, asked.len() - erased));
    }
}
