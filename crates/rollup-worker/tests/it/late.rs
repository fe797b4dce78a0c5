use domain::rollup::{Mark, Rollups, UtcDay};
use testkit::containers::{ContainerBuilder, hub};
use tokio_util::sync::CancellationToken;

use domain::measurement::MeasurementStore;
use rollup_worker::Pass;

use crate::memory::{Call, Failing, Memory};
use crate::world::{DAY, HOUR, MINUTE, World, at, day};

/// 40 days of an hour each, all rolled up.
async fn forty_days() -> World<Memory> {
    let mut world = World::in_memory();
    for number in 0..40 {
        world.store_only_hours(hub(1), number * DAY + 12 * HOUR, 1).await;
    }
    world.is(40 * DAY + 2 * MINUTE);
    world.good_pass().await;
    world.assert_fresh(hub(1), at(40 * DAY)).await;
    world.store.calls();
    world
}

fn puts(world: &World<Memory>) -> Vec<UtcDay> {
    world.store.calls().iter().filter_map(Call::put).map(|(_, day, _)| day).collect()
}

#[tokio::test]
async fn late_ticks_of_last_month_redo_just_that_day() {
    let mut world = forty_days().await;
    world.measure(hub(1), 3 * DAY, 3 * DAY + HOUR).await;
    world.measure(hub(1), 3 * DAY + 5 * HOUR, 3 * DAY + 6 * HOUR).await;
    assert_eq!(world.good_pass().await.days, 1);
    assert_eq!(puts(&world), [day(3)]);
    world.assert_fresh(hub(1), at(40 * DAY)).await;
    assert_eq!(world.pages(hub(1)).await[3].sockets[0].measured_secs.iter().sum::<u16>(), 3 * 3_600);
    assert_eq!(world.good_pass().await, Pass::default());
}

#[tokio::test]
async fn on_sqlite_too() {
    let mut world = World::on_sqlite().await;
    for number in 0..4 {
        world.store_only_hours(hub(1), number * DAY + 12 * HOUR, 1).await;
    }
    world.is(4 * DAY + 90 * MINUTE);
    world.good_pass().await;
    world.measure(hub(1), DAY - HOUR, DAY + HOUR).await;
    world.measure(hub(2), 2 * DAY, 2 * DAY + HOUR).await;
    assert_eq!(world.good_pass().await.days, 3);
    for number in [1, 2] {
        world.assert_fresh(hub(number), at(4 * DAY + HOUR)).await;
    }
}

/// Late ticks come when those of the day were read already, and their mark before the others are settled.
#[tokio::test]
async fn a_mark_that_comes_between_reading_and_settling_is_not_lost() {
    let mut world = forty_days().await;
    world.measure(hub(1), 3 * DAY, 3 * DAY + HOUR).await;
    let reached = CancellationToken::new();
    let there = reached.clone();
    world.store.fails(move |call| {
        matches!(call, Call::Put(..)).then(|| {
            there.cancel();
            Failing::Paused
        })
    });
    let (store, never) = (world.store.clone(), CancellationToken::new());
    let mark = Mark { hub: hub(1), day: day(3), nonce: 999 };
    let meanwhile = async {
        reached.cancelled().await;
        let late = ContainerBuilder::new(hub(1)).begin(at(3 * DAY + 20 * HOUR)).ticks(9).build();
        store.write_containers(&[late]).await.unwrap();
        store.mark(&[mark]).await.unwrap();
        store.recovers();
        store.resume();
    };
    let (pass, ()) = tokio::join!(world.worker.pass(&never), meanwhile);
    assert_eq!((pass.days, pass.failures), (1, 0));
    assert_eq!(store.marks(9).await.unwrap(), [mark]);
    assert_eq!(world.good_pass().await.days, 1);
    world.assert_fresh(hub(1), at(40 * DAY)).await;
}

#[tokio::test]
async fn killed_between_putting_and_settling_it_does_it_again() {
    let mut world = forty_days().await;
    world.measure(hub(1), 3 * DAY, 3 * DAY + HOUR).await;
    world.kill_at(|call| matches!(call, Call::Settle(_))).await;
    assert_eq!(puts(&world), [day(3)]);
    assert_eq!(world.store.marks(9).await.unwrap().len(), 1);
    assert_eq!(world.good_pass().await.days, 1);
    assert_eq!(puts(&world), [day(3)]);
    world.assert_fresh(hub(1), at(40 * DAY)).await;
}

#[tokio::test]
async fn what_was_done_before_a_failure_is_settled() {
    let mut world = forty_days().await;
    for number in [3, 5, 7] {
        world.measure(hub(1), number * DAY, number * DAY + HOUR).await;
    }
    world.store.fails(|call| matches!(call, Call::Put(_, at, _) if *at == day(5)).then_some(Failing::Before));
    assert_eq!(world.pass().await.failures, 1);
    let left: Vec<UtcDay> = world.store.marks(9).await.unwrap().iter().map(|mark| mark.day).collect();
    assert_eq!(left, [day(5), day(7)]);
    world.store.recovers();
    assert_eq!(world.good_pass().await.days, 2);
    world.assert_fresh(hub(1), at(40 * DAY)).await;
}

/// The writer's clock is ahead, or the mark is from between the two rules.
#[tokio::test]
async fn a_mark_of_what_is_not_ripe_is_settled_and_its_hour_rolled_up_in_time() {
    let mut world = forty_days().await;
    world.store_only_hours(hub(1), 40 * DAY, 1).await;
    world.store.mark(&[Mark { hub: hub(1), day: day(40), nonce: 1 }]).await.unwrap();
    world.good_pass().await;
    world.assert_fresh(hub(1), at(40 * DAY)).await;
    world.is(40 * DAY + HOUR + 2 * MINUTE);
    world.good_pass().await;
    world.assert_fresh(hub(1), at(40 * DAY + HOUR)).await;
}

#[tokio::test]
async fn a_mark_without_any_tick_is_settled_and_makes_no_page() {
    let mut world = World::in_memory();
    world.is(DAY);
    world.store.mark(&[Mark { hub: hub(1), day: day(0), nonce: 1 }]).await.unwrap();
    world.good_pass().await;
    assert_eq!(world.pages(hub(1)).await, []);
}

#[tokio::test]
async fn a_hub_with_very_many_marks_does_not_keep_the_others_waiting() {
    let mut world = forty_days().await;
    for nonce in 0..1_100 {
        world.store.mark(&[Mark { hub: hub(1), day: day(3), nonce }]).await.unwrap();
    }
    world.measure(hub(2), 7 * DAY, 7 * DAY + HOUR).await;
    let pass = world.pass().await;
    assert_eq!((pass.days, pass.has_more), (2, true));
    world.assert_fresh(hub(2), at(40 * DAY)).await;
    assert_eq!(world.good_pass().await.days, 1);
}

#[tokio::test]
async fn a_clock_that_was_set_back_leaves_no_hole() {
    let mut world = forty_days().await;
    world.is(38 * DAY + 13 * HOUR + 2 * MINUTE);
    world.measure(hub(1), 38 * DAY, 38 * DAY + HOUR).await;
    world.good_pass().await;
    world.assert_fresh(hub(1), at(40 * DAY)).await;
}
