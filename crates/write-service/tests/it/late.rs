//! Late ticks: their day is marked when they are stored, and they are accepted when it is marked.

use std::time::Duration;

use testkit::containers::RECORDED_DAY;
use tokio::time::sleep;
use write_service::BatchConfig;

use crate::fakes::{Event, Running, World};

const MARKED: fn(&Event) -> bool = |event| matches!(event, Event::Marked(_));
const STORED: fn(&Event) -> bool = |event| matches!(event, Event::Stored(_));
/// Of 30 s each.
const PER_DAY: u64 = 2_880;

fn marked(world: &World) -> Vec<Event> {
    world.events().into_iter().filter(MARKED).collect()
}

#[tokio::test(start_paused = true)]
async fn every_day_of_a_batch_is_marked_and_in_one_call() {
    let world = World::new();
    world.deliver([1, 2, PER_DAY + 1, PER_DAY * 3, PER_DAY * 3 + 1]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("all are accepted", |world| world.accepted().len() == 5).await;
    assert_eq!(marked(&world), [Event::Marked(vec![0, 1, 2, 3])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_live_is_not_marked() {
    let world = World::new();
    // 45 s into the second hour, 15 s before the first one is over for long enough.
    world.clock.set(RECORDED_DAY.plus_millis(3_645_000));
    world.deliver(1..=121);
    let running = Running::start(&world, BatchConfig::default());
    world.until("all are accepted", |world| world.accepted().len() == 121).await;
    assert_eq!(marked(&world), []);

    world.clock.advance_millis(15_000);
    world.deliver([122]);
    world.until("it is accepted", |world| world.accepted().len() == 122).await;
    assert_eq!(marked(&world), []);
    world.deliver([120]);
    world.until("it is accepted", |world| world.accepted().len() == 123).await;
    assert_eq!(marked(&world), [Event::Marked(vec![0])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_got_late_while_the_store_was_away_is_marked() {
    let world = World::new();
    world.clock.set(RECORDED_DAY.plus_millis(30_000));
    world.store_is(crate::fakes::StoreMood::Unavailable(None));
    world.deliver([1]);
    let running = Running::start(&world, BatchConfig::default());
    world
        .until("it was tried", |world| world.events().iter().any(|event| matches!(event, Event::Tried(_))))
        .await;
    world.clock.advance_millis(2 * 3_600_000);
    world.store_is(crate::fakes::StoreMood::Takes);
    world.until("it is accepted", |world| world.accepted() == [1]).await;
    assert_eq!(marked(&world), [Event::Marked(vec![0])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_marking_fails_nothing_is_accepted_and_nothing_is_written_again() {
    let world = World::new();
    world.fails("mark", u32::MAX);
    world.deliver(1..=3);
    let running = Running::start(&world, BatchConfig::default());
    world.until("they are stored", |world| !world.times(STORED).is_empty()).await;
    sleep(Duration::from_mins(5)).await;
    assert_eq!(world.accepted(), [0u64; 0]);
    assert_eq!(world.unsettled(), [1, 2, 3]);

    world.fails("mark", 0);
    world.until("all are accepted", |world| world.accepted() == [1, 2, 3]).await;
    assert_eq!(world.times(STORED).len(), 1);
    assert_eq!(marked(&world), [Event::Marked(vec![0])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn killed_before_it_is_marked_it_comes_again_and_is_marked_then() {
    let world = World::new();
    world.fails("mark", u32::MAX);
    world.deliver(1..=3);
    let running = Running::start(&world, BatchConfig::default());
    world.until("they are stored", |world| !world.times(STORED).is_empty()).await;
    running.kill().await;
    assert_eq!(world.accepted(), [0u64; 0]);

    world.fails("mark", 0);
    world.redeliver();
    let running = Running::start(&world, BatchConfig::default());
    world.until("all are accepted", |world| world.accepted() == [1, 2, 3]).await;
    assert_eq!(marked(&world), [Event::Marked(vec![0])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_marked_before_the_end_is_given_back() {
    let world = World::new();
    world.fails("mark", u32::MAX);
    world.deliver(1..=3);
    let running = Running::start(&world, BatchConfig::default());
    world.until("they are stored", |world| !world.times(STORED).is_empty()).await;
    let took = running.stop().await;
    assert!(took <= Duration::from_secs(9), "{took:?}");
    assert_eq!(world.released(), [1, 2, 3]);
    assert_eq!(world.accepted(), [0u64; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_days_of_what_the_store_took_are_marked_and_those_of_what_it_refused_are_not() {
    let world = World::new();
    // The ticks of the first belong to a day of their own.
    world.store_never_takes([1]);
    world.deliver([1, PER_DAY + 1, 2 * PER_DAY + 1]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("all is settled", |world| world.accepted().len() + world.dead().len() == 3).await;
    assert_eq!(marked(&world), [Event::Marked(vec![1, 2])]);
    running.stop().await;

    let world = World::new();
    world.store_never_takes_tick(2, 1, true);
    world.deliver([2]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("it is a dead letter", |world| world.dead().len() == 1).await;
    assert_eq!(marked(&world), [Event::Marked(vec![0])], "its other ticks are stored");
    running.stop().await;
}
