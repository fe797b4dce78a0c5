use std::time::Duration;

use bytes::Bytes;
use write_service::BatchConfig;

use crate::fakes::{Event, Running, StoreMood, World};

#[tokio::test(start_paused = true)]
async fn idle_it_stops_at_once() {
    let world = World::new();
    let running = Running::start(&world, BatchConfig::default());
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(running.stop().await < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_fails_does_not_hold_up_the_stop() {
    let world = World::new();
    world.fails("receive", u32::MAX);
    let running = Running::start(&world, BatchConfig { max_age_ms: 60_000, ..BatchConfig::default() });
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(running.stop().await < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn an_open_batch_is_still_stored() {
    let world = World::new();
    let running = Running::start(&world, BatchConfig { max_age_ms: 60_000, ..BatchConfig::default() });
    world.deliver(1..=7);
    world.until("all were received", |world| world.received().len() == 7).await;
    assert!(running.stop().await < Duration::from_millis(10));
    assert_eq!(world.accepted(), (1..=7).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_it_gives_everything_back_in_time() {
    for mood in
        [StoreMood::Unavailable(Some(Duration::from_mins(1))), StoreMood::Unauthorised, StoreMood::Hangs]
    {
        let world = World::new();
        world.store_is(mood);
        world.deliver(1..=40);
        world.deliver_body(41, Bytes::from_static(b"garbage"));
        // Four batches, of which only one is on its way to the store.
        let running = Running::start(&world, BatchConfig { max_values: 90, ..BatchConfig::default() });
        world
            .until("the store was tried", |world| {
                world.events().iter().any(|event| matches!(event, Event::Tried(_)))
            })
            .await;
        let took = running.stop().await;
        assert!(took <= Duration::from_secs(9), "{mood:?}: {took:?}");
        assert_eq!(world.released(), (1..=41).collect::<Vec<_>>(), "{mood:?}");
        assert_eq!(world.accepted(), [0u64; 0]);
        assert_eq!(world.unsettled(), [0u64; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_during_the_stop_gets_everything() {
    let world = World::new();
    world.store_is(StoreMood::Unavailable(None));
    world.deliver(1..=40);
    let running = Running::start(&world, BatchConfig { max_values: 90, ..BatchConfig::default() });
    world.until("all were received", |world| world.received().len() == 40).await;
    running.shutdown.cancel();
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.store_is(StoreMood::Takes);
    running.ended().await;
    assert_eq!(world.accepted(), (1..=40).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_cannot_be_written_is_given_back() {
    let world = World::new();
    world.fails("dead_letter", u32::MAX);
    world.deliver_body(1, Bytes::from_static(b"garbage"));
    world.deliver([2]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("the good one is accepted", |world| world.accepted() == [2]).await;
    let took = running.stop().await;
    assert!(took <= Duration::from_secs(9), "{took:?}");
    assert_eq!(world.released(), [1]);
}
