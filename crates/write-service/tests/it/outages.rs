use std::time::Duration;

use tokio::time::sleep;
use write_service::BatchConfig;

use crate::fakes::{Event, Running, StoreMood, World};

const TRIED: fn(&Event) -> bool = |event| matches!(event, Event::Tried(_));

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_nothing_is_accepted_and_nothing_more_is_taken() {
    let world = World::new();
    world.store_is(StoreMood::Unavailable(None));
    world.deliver(1..=10);
    let running = Running::start(&world, BatchConfig { writes_in_flight: 1, ..BatchConfig::default() });
    world.until("the store was tried", |world| !world.times(TRIED).is_empty()).await;
    world.deliver(11..=5_000);
    sleep(Duration::from_mins(5)).await;

    assert_eq!(world.accepted(), [0u64; 0]);
    assert_eq!(world.received(), (1..=10).collect::<Vec<_>>());
    let tries = world.times(TRIED).len();
    assert!((30..=100).contains(&tries), "{tries} tries in five minutes");

    world.store_is(StoreMood::Takes);
    world.until("all are accepted", |world| world.accepted().len() == 5_000).await;
    assert_eq!(world.accepted(), (1..=5_000).collect::<Vec<_>>());
    assert!(world.dead().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn several_batches_are_on_their_way_and_no_more_than_that() {
    let world = World::new();
    world.store_is(StoreMood::Hangs);
    // Of nine values each.
    world.deliver(1..=100);
    let limits = BatchConfig { max_values: 90, writes_in_flight: 3, ..BatchConfig::default() };
    let running = Running::start(&world, limits);
    sleep(Duration::from_mins(1)).await;
    let tried: Vec<Event> = world.events().into_iter().filter(TRIED).collect();
    let batch = |range: std::ops::RangeInclusive<u64>| Event::Tried(range.collect());
    assert_eq!(tried, [batch(1..=10), batch(11..=20), batch(21..=30)]);
    running.stop().await;
    assert_eq!(world.released(), (1..=100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_the_store_wants_to_be_left_alone_waits_too() {
    let world = World::new();
    world.store_is(StoreMood::Unavailable(Some(Duration::from_secs(45))));
    world.deliver([1]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("the store was tried", |world| !world.times(TRIED).is_empty()).await;
    for sequence in 2..=4 {
        sleep(Duration::from_secs(5)).await;
        world.deliver([sequence]);
    }
    sleep(Duration::from_secs(10)).await;
    assert_eq!(world.times(TRIED).len(), 1);
    world.store_is(StoreMood::Takes);
    world.until("all are accepted", |world| world.accepted().len() == 4).await;
    let times = world.times(TRIED);
    assert!(times[1] - times[0] >= Duration::from_secs(45), "{times:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_says_when_to_come_back_is_left_alone_until_then() {
    let world = World::new();
    world.store_is(StoreMood::Unavailable(Some(Duration::from_secs(45))));
    world.deliver([1]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("the store was tried again", |world| world.times(TRIED).len() >= 3).await;
    let times = world.times(TRIED);
    for pair in times.windows(2) {
        let wait = pair[1] - pair[0];
        assert!((45_000..46_000).contains(&wait.as_millis()), "{wait:?}");
    }
    world.store_is(StoreMood::Takes);
    world.until("it is accepted", |world| world.accepted() == [1]).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_let_us_in_loses_nothing() {
    let world = World::new();
    world.store_is(StoreMood::Unauthorised);
    world.deliver(1..=3);
    let running = Running::start(&world, BatchConfig::default());
    sleep(Duration::from_hours(24)).await;
    assert!(world.dead().is_empty());
    assert_eq!(world.unsettled(), [1, 2, 3]);
    world.store_is(StoreMood::Takes);
    world.until("all are accepted", |world| world.accepted() == [1, 2, 3]).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_asked_whether_it_is_back_before_a_batch_is_sent_again() {
    let world = World::new();
    world.store_is(StoreMood::Unavailable(None));
    world.deliver([1]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("the store was tried", |world| !world.times(TRIED).is_empty()).await;
    // It takes writes again, but does not say so for a while.
    world.fails("store ready", 5);
    world.store_is(StoreMood::Takes);
    world.until("it is accepted", |world| world.accepted() == [1]).await;
    assert_eq!(world.times(TRIED).len(), 2);
    assert_eq!(world.failures_left("store ready"), 0);
    running.stop().await;
}
