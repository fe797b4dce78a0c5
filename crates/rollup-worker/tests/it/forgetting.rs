use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::UtcMillis;
use domain::measurement::StoreError;
use domain::rollup::{DayRollup, Mark, Rollups as _};
use rollup_worker::{Deps, Forgetting, RollupConfig, Worker};
use testkit::containers::{ContainerBuilder, hub};

use crate::memory::{Call, Failing, Memory};
use crate::world::{DAY, HOUR, MINUTE, World, at, day, deps};

fn keeps_thirty_days() -> RollupConfig {
    RollupConfig { retention_days: Some(30), ..RollupConfig::default() }
}

fn secs(page: &DayRollup) -> &[u16] {
    &page.sockets[0].measured_secs
}

#[tokio::test]
async fn quarter_hours_whose_ticks_may_be_gone_stay_as_they_are() {
    let mut world = World::in_memory();
    world.restart(keeps_thirty_days());
    world.store_only_hours(hub(1), 0, 48).await;
    world.is(3 * DAY);
    world.good_pass().await;
    let before = world.pages(hub(1)).await;

    // The store keeps what began six hours after the recorded day or later, and drops more than it must.
    world.is(30 * DAY + 6 * HOUR);
    world.store.forget_ticks(at(DAY + 3 * HOUR));
    for late in [20 * HOUR, DAY + 5 * HOUR, DAY + 20 * HOUR] {
        let container = ContainerBuilder::new(hub(1)).begin(at(late));
        world.write(&container.ticks(360).sockets(5).build()).await;
    }
    world.good_pass().await;
    let after = world.pages(hub(1)).await;
    assert_eq!((after[0].day, after[1].day), (day(0), day(1)));
    // Of the first day all may be gone, of the second the first six hours.
    assert_eq!(after[0], before[0]);
    assert_eq!(secs(&after[1]), secs(&before[1]));
    assert_eq!(after[1].sockets[0].energy[..24], before[1].sockets[0].energy[..24]);
    let of_new_socket = |quarters: std::ops::Range<usize>| {
        after[1].sockets[4].measured_secs[quarters].iter().map(|&secs| u32::from(secs)).sum::<u32>()
    };
    assert_eq!((of_new_socket(0..24), of_new_socket(80..84), of_new_socket(24..96)), (0, 3_600, 3_600));
}

#[tokio::test]
async fn what_was_never_rolled_up_is_rolled_up_however_old_it_is() {
    let mut world = World::in_memory();
    world.restart(keeps_thirty_days());
    world.is(30 * DAY + 6 * HOUR);
    world.measure(hub(1), 10 * HOUR, 11 * HOUR).await;
    world.good_pass().await;
    world.assert_fresh(hub(1), at(30 * DAY + 5 * HOUR)).await;
}

/// The bucket may have a rule of its own, which nobody has told us.
#[tokio::test]
async fn a_day_that_the_store_has_forgotten_as_a_whole_keeps_its_page() {
    let mut world = World::in_memory();
    world.store_only_hours(hub(1), 0, 48).await;
    world.is(3 * DAY);
    world.good_pass().await;
    let before = world.pages(hub(1)).await;
    world.measure(hub(1), 20 * HOUR, 21 * HOUR).await;
    world.store.forget_ticks(at(DAY));
    world.good_pass().await;
    assert_eq!(world.pages(hub(1)).await[0], before[0]);
}

/// Two days with all ticks of the first half of each; then those of the first six hours of the second day are forgotten.
async fn half_forgotten() -> World<Memory> {
    let mut world = World::in_memory();
    world.restart(keeps_thirty_days());
    for begin in [0, DAY] {
        world.store_only_hours(hub(1), begin, 12).await;
    }
    world.is(3 * DAY);
    world.good_pass().await;
    world.is(31 * DAY + 6 * HOUR);
    world.store.forget_ticks(at(DAY + 6 * HOUR));
    world
}

/// An operator has more kept from now on, and late ticks come of days whose others are gone already.
#[tokio::test]
async fn with_a_longer_retention_a_late_tick_does_not_take_the_place_of_forgotten_ones() {
    let mut world = half_forgotten().await;
    let before = world.pages(hub(1)).await;
    world.restart(RollupConfig { retention_days: Some(90), ..RollupConfig::default() });
    // In a quarter hour that was measured whole, where nothing was measured, and where ticks are still there.
    for late in [3 * HOUR, 20 * HOUR, DAY + 3 * HOUR, DAY + 11 * HOUR + 50 * MINUTE, DAY + 20 * HOUR] {
        world.measure(hub(1), late, late + 15 * MINUTE).await;
        let one = ContainerBuilder::new(hub(1)).begin(at(late + 15 * MINUTE)).ticks(1).sockets(5).build();
        world.write(&one).await;
    }
    assert_eq!(world.good_pass().await.days, 2);
    let after = world.pages(hub(1)).await;
    for (number, still_there) in [(0, 48), (1, 24)] {
        let (before, after) = (&before[number], &after[number]);
        let fresh = world.fresh(hub(1), after.day, after.until()).await;
        for socket in 0..3 {
            let energy = |page: &DayRollup| page.sockets[socket].energy.clone();
            // The quarter hour of late ticks as long as those that are gone is theirs.
            assert_eq!(energy(after)[..12], energy(before)[..12]);
            assert_eq!(energy(after)[12], energy(&fresh)[12]);
            assert_eq!(energy(after)[13..still_there], energy(before)[13..still_there]);
            assert_eq!(energy(after)[still_there..], energy(&fresh)[still_there..]);
        }
        assert_eq!(secs(after)[..48], [900; 48]);
        assert_eq!(secs(after)[80..82], [900, 10]);
        // A socket that was not there before has just what came.
        assert_eq!(after.sockets[4].measured_secs, fresh.sockets[4].measured_secs);
    }
    // It comes to the same however often.
    world.store.mark(&[Mark { hub: hub(1), day: day(0), nonce: 999 }]).await.unwrap();
    world.good_pass().await;
    assert_eq!(world.pages(hub(1)).await, after);
}

/// A later version of ticks that are all there says less than the earlier one.
#[tokio::test]
async fn a_corrected_tick_takes_the_place_of_the_wrong_one() {
    let mut world = World::in_memory();
    let wrong = ContainerBuilder::new(hub(1)).sequence(2).ticks(360);
    world.store_only(&wrong.clone().begin(at(-HOUR)).build()).await;
    world.is(DAY);
    world.good_pass().await;
    let before = world.pages(hub(1)).await;
    world.write(&wrong.sequence(1).begin(at(0)).build()).await;
    world.good_pass().await;
    world.assert_fresh(hub(1), at(DAY - HOUR)).await;
    let after = world.pages(hub(1)).await;
    assert_eq!(secs(&after[0]), secs(&before[0]));
    assert!(after[0].sockets[0].energy[0] < before[0].sockets[0].energy[0]);
}

#[derive(Default)]
struct Told(Mutex<Vec<UtcMillis>>);

#[async_trait]
impl Forgetting for Told {
    async fn forget_ticks(&self, before: UtcMillis) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(before);
        Ok(())
    }
}

#[tokio::test]
async fn a_store_is_told_to_forget_once_an_hour_and_only_what_is_rolled_up() {
    let mut world = World::in_memory();
    let told = Arc::new(Told::default());
    let with_forgetting =
        Deps { forgetting: Some(told.clone()), ..deps(&world.store, &world.clock, keeps_thirty_days()) };
    world.worker = Worker::new(with_forgetting);
    world.is(40 * DAY);
    world.measure(hub(1), 20 * DAY, 20 * DAY + HOUR).await;
    world.store.fails(|call| matches!(call, Call::Put(..)).then_some(Failing::Before));
    world.pass().await;
    assert_eq!(told.0.lock().unwrap()[..], []);

    world.store.recovers();
    world.good_pass().await;
    world.is(40 * DAY + 59 * MINUTE);
    world.good_pass().await;
    world.is(40 * DAY + 60 * MINUTE);
    world.good_pass().await;
    assert_eq!(told.0.lock().unwrap()[..], [at(10 * DAY), at(10 * DAY + HOUR)]);
}
