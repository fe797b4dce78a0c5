//! A household ends, and what its hubs measured goes; what they measured for others stays to the tick.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use domain::accounts::{Accounts as _, Household, HubAssignment};
use domain::erasure::{AGAIN_MILLIS, Deletions as _, Erasures as _, MeasurementErasure};
use domain::measurement::{StoreError, StoredTick};
use domain::rollup::{DayRollup, PackedDay, UtcDay};
use domain::{HouseholdId, HubId, PersonId, TimeRange, UtcMillis};
use proptest::prelude::*;
use rollup_worker::{Deps, Erasing, RollupConfig, Worker};
use service::Metrics;
use sqlite::{Accounts, Measurements};
use testkit::containers::{ContainerBuilder, hub};

use crate::world::{DAY, HOUR, MINUTE, World, at, day, deps};

/// Refuses so many calls from now on, before or after it has done what it was asked to.
struct Moody {
    store: Arc<Measurements>,
    refusals: AtomicU32,
    does_it_first: bool,
}

impl Moody {
    async fn answer(&self, work: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
        let refuses = self
            .refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok();
        if !refuses || self.does_it_first {
            work.await?;
        }
        if refuses {
            let reason = "a test wants it".to_owned();
            return Err(StoreError::Unavailable { operation: "erasing", reason, retry_after: None });
        }
        Ok(())
    }
}

#[async_trait]
impl MeasurementErasure for Moody {
    async fn erase_ticks(&self, hub: HubId, range: TimeRange) -> Result<(), StoreError> {
        self.answer(self.store.erase_ticks(hub, range)).await
    }

    async fn erase_days(&self, hub: HubId, days: Range<UtcDay>) -> Result<(), StoreError> {
        self.answer(self.store.erase_days(hub, days)).await
    }

    async fn replace_day(&self, day: &PackedDay) -> Result<(), StoreError> {
        self.answer(self.store.replace_day(day)).await
    }
}

/// Who gives hubs up.
const SOMEBODY: PersonId = PersonId::from_bytes([7; 16]);

/// A world in which households have hubs.
struct Homes {
    world: World<Measurements>,
    metrics: Metrics,
    accounts: Arc<Accounts>,
    store: Arc<Moody>,
    _folder: tempfile::TempDir,
}

impl Homes {
    async fn new(does_it_first: bool) -> Self {
        let (world, folder) = (World::on_sqlite().await, tempfile::tempdir().unwrap());
        let accounts = Arc::new(Accounts::open(folder.path().join("accounts.db")).await.unwrap());
        let store =
            Arc::new(Moody { store: world.store.clone(), refusals: AtomicU32::new(0), does_it_first });
        let mut homes = Self { world, metrics: Metrics::default(), accounts, store, _folder: folder };
        homes.restart();
        homes
    }

    fn restart(&mut self) {
        self.metrics = Metrics::default();
        let erasing = Erasing { list: self.accounts.clone(), store: self.store.clone() };
        self.world.worker = Worker::new(Deps {
            metrics: self.metrics.clone(),
            erasing: Some(erasing),
            ..deps(&self.world.store, &self.world.clock, RollupConfig::default())
        });
    }

    /// A household that has the hub from then on, so long after the start of the recorded day.
    async fn takes(&self, hub: HubId, since: i64) -> HouseholdId {
        let id = HouseholdId::from_bytes(rand_id());
        let home = Household { id, name: "Home".to_owned(), zone: "UTC".parse().unwrap() };
        self.accounts.put_household(&home).await.unwrap();
        let name = "Hub".to_owned();
        let assignment = HubAssignment { hub, household: id, name, since: at(since), until: None };
        self.accounts.assign_hub(&assignment).await.unwrap();
        id
    }

    async fn all_ticks(&self, hub: HubId) -> Vec<StoredTick> {
        self.world.ticks(hub, TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX))).await
    }

    async fn is_anything_due(&self) -> bool {
        !self.accounts.due_erasures(self.now(), None, 1).await.unwrap().is_empty()
    }

    /// Up to when all that was to be erased is, as operators see it.
    fn erased_until(&self) -> UtcMillis {
        let text = self.metrics.encode();
        let name = "wattline_rollup_erased_until_timestamp_seconds ";
        let seconds: i64 = text.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse().unwrap();
        UtcMillis(seconds * 1_000)
    }

    fn now(&self) -> UtcMillis {
        domain::Clock::now(&*self.world.clock)
    }
}

fn rand_id() -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(testkit::containers::random_hub().as_bytes());
    bytes
}

/// Which quarter hours of the pages lie wholly outside of `range`, with what they say.
fn outside(pages: &[DayRollup], range: TimeRange) -> Vec<(UtcDay, u8, domain::measurement::BucketSum)> {
    let mut all = Vec::new();
    for page in pages {
        for socket in &page.sockets {
            let whole = |start: UtcMillis| TimeRange::new(start, start.plus_millis(15 * MINUTE));
            let sums = page.sums(socket).filter(|sum| whole(sum.start).intersection(&range).is_empty());
            all.extend(sums.map(|sum| (page.day, socket.socket.get(), sum)));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Before, during and after: three households have the hub one after the other, and the second one ends.
    #[test]
    fn what_others_measured_stays_to_the_tick(
        since in 0..3 * DAY,
        length in 1..2 * DAY,
        rounded in any::<bool>(),
        rolled_up_before in any::<bool>(),
    ) {
        // Hours that begin and end with a quarter of an hour, or at any instant.
        let step = if rounded { 15 * MINUTE } else { 1 };
        let (since, until) = (since / step * step, (since + length) / step * step);
        prop_assume!(since < until);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut homes = Homes::new(false).await;
            let (moved, other) = (hub(1), hub(2));
            for hub in [moved, other] {
                let minute = domain::TickLength::from_secs(30).unwrap();
                let ticks = ContainerBuilder::new(hub).tick_length(minute).sockets(2).ticks(5 * 2_880);
                homes.world.store_only(&ticks.build()).await;
            }
            let first = homes.takes(moved, 0).await;
            homes.accounts.release_hub(first, moved, SOMEBODY, at(since)).await.unwrap();
            let second = homes.takes(moved, since).await;
            homes.accounts.release_hub(second, moved, SOMEBODY, at(until)).await.unwrap();
            let _third = homes.takes(moved, until).await;
            homes.world.is(5 * DAY + 12 * HOUR);
            if rolled_up_before {
                homes.world.good_pass().await;
            }
            let (ticks, of_other) = (homes.all_ticks(moved).await, homes.all_ticks(other).await);
            let pages = homes.world.pages(moved).await;
            let range = TimeRange::new(at(since), at(until));

            homes.accounts.delete_household(second, homes.now()).await.unwrap();
            assert_eq!(homes.world.good_pass().await.erasures, 1);
            assert!(!homes.is_anything_due().await);
            let left: Vec<StoredTick> =
                ticks.into_iter().filter(|tick| !range.contains(tick.start)).collect();
            assert_eq!(homes.all_ticks(moved).await, left);
            let after = homes.world.pages(moved).await;
            if rolled_up_before {
                assert_eq!(outside(&after, range), outside(&pages, range));
            }
            // Nothing of the second one's: each page is what is left, and no page is of a day of theirs alone.
            for page in &after {
                assert_eq!(*page, homes.world.fresh(moved, page.day, page.until()).await);
                assert_ne!(page.day.range().intersection(&range), page.day.range());
            }
            assert_eq!(homes.all_ticks(other).await, of_other);
        });
    }
}

/// The hub measures all the time; the home ends at noon of the third day.
async fn a_home_that_ends(does_it_first: bool) -> (Homes, HubId) {
    let mut homes = Homes::new(does_it_first).await;
    let hub = hub(1);
    homes.world.store_only_hours(hub, 0, 96).await;
    homes.world.is(4 * DAY + HOUR);
    let first = homes.takes(hub, 0).await;
    homes.accounts.release_hub(first, hub, SOMEBODY, at(10 * HOUR + 5)).await.unwrap();
    let second = homes.takes(hub, 10 * HOUR + 5).await;
    homes.world.good_pass().await;
    homes.world.is(4 * DAY + 2 * HOUR);
    homes.accounts.delete_household(second, homes.now()).await.unwrap();
    (homes, hub)
}

async fn assert_erased(homes: &Homes, hub: HubId) {
    let (ticks, pages) = (homes.all_ticks(hub).await, homes.world.pages(hub).await);
    assert_eq!(ticks.len(), 10 * 360 + 1, "the tick at ten began before");
    assert_eq!(pages.iter().map(|page| page.day).collect::<Vec<_>>(), [day(0)]);
    assert_eq!(pages[0], homes.world.fresh(hub, day(0), day(1).start()).await);
    assert!(!homes.is_anything_due().await);
}

#[tokio::test]
async fn a_store_that_refuses_is_asked_again_until_all_is_gone() {
    // Whether it did what it was asked to before it fails, or not.
    for does_it_first in [false, true] {
        let (mut homes, hub) = a_home_that_ends(does_it_first).await;
        for refusals in 1..=4 {
            homes.store.refusals.store(1, Ordering::Relaxed);
            let pass = homes.world.pass().await;
            assert_eq!((pass.failures, pass.erasures), (1, 0), "after {refusals}");
            assert!(homes.is_anything_due().await);
            if refusals % 2 == 0 {
                homes.restart();
            }
        }
        assert_eq!(homes.world.good_pass().await.erasures, 1);
        assert_erased(&homes, hub).await;
    }
}

#[tokio::test]
async fn killed_between_any_two_steps_it_is_finished_by_another() {
    for done in 0..3 {
        let (mut homes, hub) = a_home_that_ends(true).await;
        // It has erased that much and cannot say so: all the next calls fail before anything is done.
        let store =
            Moody { store: homes.world.store.clone(), refusals: AtomicU32::new(0), does_it_first: true };
        let range = TimeRange::new(at(10 * HOUR + 5), at(4 * DAY + 2 * HOUR));
        if done >= 1 {
            store.erase_ticks(hub, range).await.unwrap();
        }
        if done >= 2 {
            store.erase_days(hub, day(1)..day(4)).await.unwrap();
        }
        homes.restart();
        // Its day is rolled up again before the page is cut: what is known of ticks that are gone must not stay for that.
        homes.world.measure(hub, 9 * HOUR, 9 * HOUR + MINUTE).await;
        homes.world.good_pass().await;
        assert_erased(&homes, hub).await;
    }
}

#[tokio::test]
async fn what_was_on_its_way_does_not_come_back() {
    let (mut homes, hub) = a_home_that_ends(false).await;
    homes.world.good_pass().await;
    assert_erased(&homes, hub).await;
    // It had waited in a queue.
    homes.world.measure(hub, 2 * DAY, 2 * DAY + HOUR).await;
    homes.world.measure(hub, 9 * HOUR, 11 * HOUR).await;
    homes.world.good_pass().await;
    assert!(homes.world.pages(hub).await.iter().any(|page| page.day == day(2)), "it is late, and there");
    homes.world.is(4 * DAY + 2 * HOUR + AGAIN_MILLIS[0]);
    assert_eq!(homes.world.good_pass().await.erasures, 1);
    assert_erased(&homes, hub).await;
}

#[tokio::test]
async fn of_a_day_that_two_had_the_forgotten_ticks_are_not_needed() {
    let (mut homes, hub) = a_home_that_ends(false).await;
    let before = homes.world.pages(hub).await;
    homes.world.store.forget_ticks(at(2 * DAY)).await.unwrap();
    homes.world.good_pass().await;
    let pages = homes.world.pages(hub).await;
    assert_eq!(pages.len(), 1);
    for (old, new) in before[0].sockets.iter().zip(&pages[0].sockets) {
        // Forty quarter hours until ten; the one after that is gone with its ticks.
        assert_eq!(old.energy[..40], new.energy[..40]);
        assert!(new.measured_secs[40..].iter().all(|&secs| secs == 0));
    }
    assert!(!homes.is_anything_due().await);
}

#[tokio::test]
async fn while_the_list_is_away_rolling_up_goes_on() {
    let (mut homes, hub) = a_home_that_ends(false).await;
    homes.accounts.close().await;
    homes.world.store_only_hours(hub, 4 * DAY, 3).await;
    homes.world.is(4 * DAY + 3 * HOUR + 5 * MINUTE);
    let pass = homes.world.good_pass().await;
    assert_eq!((pass.hubs, pass.erasures), (1, 0));
}

#[tokio::test]
async fn operators_see_up_to_when_everything_is_erased_and_that_it_stands_still() {
    let (mut homes, _) = a_home_that_ends(false).await;
    let before = homes.erased_until();
    // The store refuses, then all is well, then the list is away.
    homes.store.refusals.store(1, Ordering::Relaxed);
    homes.world.pass().await;
    assert_eq!(homes.erased_until(), before);
    homes.world.good_pass().await;
    assert_eq!(homes.erased_until(), homes.now());
    let erased = homes.now();
    homes.world.is(5 * DAY);
    homes.accounts.close().await;
    homes.world.good_pass().await;
    assert_eq!(homes.erased_until(), erased);
}
