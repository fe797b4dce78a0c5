use std::time::Duration;

use domain::rollup::Rollups;
use rollup_worker::{RollupConfig, Worker};
use testkit::containers::hub;
use testkit::wait;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::memory::{Call, Failing};
use crate::world::{DAY, HOUR, MINUTE, World, at, deps};

#[tokio::test]
async fn one_hub_that_fails_does_not_stop_the_others_and_is_tried_again() {
    let mut world = World::in_memory();
    for number in 1..=30 {
        world.store_only_hours(hub(number), 10 * HOUR, 1).await;
    }
    world.is(12 * HOUR);
    let bad = hub(3);
    world
        .store
        .fails(move |call| matches!(call, Call::Put(hub, ..) if *hub == bad).then_some(Failing::Before));
    let pass = world.pass().await;
    assert_eq!((pass.hubs, pass.failures), (29, 1));
    assert_eq!(world.store.watermark(bad).await.unwrap(), None);
    // Only that one.
    let pass = world.pass().await;
    assert_eq!((pass.hubs, pass.failures), (0, 1));
    world.store.recovers();
    assert_eq!(world.good_pass().await.hubs, 1);
    world.assert_fresh(bad, at(11 * HOUR)).await;
}

#[tokio::test]
async fn a_store_that_is_away_is_not_asked_for_every_hub() {
    let mut world = World::in_memory();
    for number in 1..=500 {
        world.store_only_hours(hub(number), 10 * HOUR, 1).await;
    }
    world.is(12 * HOUR);
    world.store.fails(|call| (!matches!(call, Call::ActiveHubs)).then_some(Failing::Before));
    let pass = world.pass().await;
    assert!(pass.is_partial && pass.hubs == 0 && pass.failures < 25, "{pass:?}");
    world.store.recovers();
    assert_eq!(world.good_pass().await.hubs, 500);
}

/// Hubs that always fail, and so many that they look like an outage, come last.
#[tokio::test]
async fn many_hubs_that_fail_for_ever_hold_up_nobody_for_long() {
    let mut world = World::in_memory();
    for number in 1..=100 {
        world.store_only_hours(hub(number), 10 * HOUR, 1).await;
    }
    world.is(12 * HOUR);
    world.store.fails(|call| match call {
        Call::Put(hub, ..) if hub.as_bytes()[15] <= 20 => Some(Failing::Before),
        _ => None,
    });
    let hubs = world.pass().await.hubs + world.pass().await.hubs;
    assert_eq!(hubs, 80);
}

#[tokio::test]
async fn hubs_that_could_not_be_listed_are_listed_the_next_time() {
    let mut world = World::in_memory();
    world.store_only_hours(hub(1), 10 * HOUR, 1).await;
    world.is(12 * HOUR);
    world.store.fails(|call| matches!(call, Call::ActiveHubs).then_some(Failing::Before));
    assert_eq!(world.pass().await.failures, 1);
    world.store.recovers();
    assert_eq!(world.good_pass().await.hubs, 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_it_is_asked_less_and_less_and_then_all_is_made_up_for() {
    let world = World::in_memory();
    world.store_only_hours(hub(1), 10 * HOUR, 1).await;
    world.is(12 * HOUR);
    world.store.fails(|_| Some(Failing::Before));
    let shutdown = CancellationToken::new();
    let worker = Worker::new(deps(&world.store, &world.clock, RollupConfig::default()));
    let task = tokio::spawn(worker.run(shutdown.clone()));
    sleep(Duration::from_mins(30)).await;
    let tries = world.store.calls().iter().filter(|call| matches!(call, Call::ActiveHubs)).count();
    assert!((30..80).contains(&tries), "{tries} tries in half an hour");
    world.store.recovers();
    sleep(Duration::from_mins(1)).await;
    world.assert_fresh(hub(1), at(11 * HOUR)).await;
    shutdown.cancel();
    wait::within(Duration::from_secs(1), "it has ended", task).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_looks_every_few_seconds_and_at_once_where_there_is_more() {
    let mut world = World::in_memory();
    world.is(2 * DAY + 2 * MINUTE);
    let shutdown = CancellationToken::new();
    let worker = Worker::new(deps(&world.store, &world.clock, RollupConfig::default()));
    let task = tokio::spawn(worker.run(shutdown.clone()));
    sleep(Duration::from_mins(5)).await;
    // Between every 5 s and every 10 s.
    let looks = world.store.calls().len();
    assert!((30..=61).contains(&looks), "{looks} looks in five minutes");
    for _ in 0..950 {
        world.measure(hub(1), HOUR, HOUR + 10_000).await;
    }
    let began = Instant::now();
    wait::until(Duration::from_mins(1), "all marks are settled", async || {
        world.store.marks(1).await.unwrap().is_empty().then_some(())
    })
    .await;
    assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
    shutdown.cancel();
    wait::within(Duration::from_secs(1), "it has ended", task).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_within_seconds_whatever_hangs() {
    let world = World::in_memory();
    world.store_only_hours(hub(1), 10 * HOUR, 1).await;
    world.is(12 * HOUR);
    world.store.fails(|call| matches!(call, Call::Put(..)).then_some(Failing::Hanging));
    let shutdown = CancellationToken::new();
    let worker = Worker::new(deps(&world.store, &world.clock, RollupConfig::default()));
    let task = tokio::spawn(worker.run(shutdown.clone()));
    sleep(Duration::from_secs(30)).await;
    shutdown.cancel();
    wait::within(Duration::from_secs(6), "it has ended", task).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_the_day_under_way_be_finished_and_begins_no_other() {
    let world = World::in_memory();
    for number in 0..9 {
        world.store_only_hours(hub(1), number * DAY, 1).await;
    }
    world.is(9 * DAY);
    world.store.fails(|call| matches!(call, Call::Put(..)).then_some(Failing::Paused));
    let shutdown = CancellationToken::new();
    let worker = Worker::new(deps(&world.store, &world.clock, RollupConfig::default()));
    let task = tokio::spawn(worker.run(shutdown.clone()));
    sleep(Duration::from_secs(1)).await;
    shutdown.cancel();
    world.store.resume();
    wait::within(Duration::from_secs(1), "it has ended", task).await.unwrap();
    let puts = world.store.calls().iter().filter(|call| matches!(call, Call::Put(..))).count();
    assert_eq!(puts, 1);
}
