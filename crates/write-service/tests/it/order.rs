use write_service::BatchConfig;

use crate::fakes::{Event, Running, World};

#[tokio::test(start_paused = true)]
async fn nothing_is_accepted_before_the_store_has_it() {
    let world = World::new();
    world.deliver(1..=3);
    let running = Running::start(&world, BatchConfig::default());
    world.until("all are accepted", |world| world.accepted() == [1, 2, 3]).await;

    let all = || vec![1, 2, 3];
    assert_eq!(
        world.events(),
        [
            Event::Received(all()),
            Event::Tried(all()),
            Event::Stored(all()),
            Event::Marked(vec![0]),
            Event::Accepted(all())
        ]
    );
    assert_eq!(running.measures.containers(), 3);
    assert_eq!(running.measures.values(), 27);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_fails_is_given_again() {
    let world = World::new();
    world.fails("accept", 3);
    world.deliver([1]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("it is accepted", |world| world.accepted() == [1]).await;
    running.stop().await;
    assert_eq!(world.unsettled(), [0u64; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_fails_for_a_while_is_asked_again() {
    let world = World::new();
    world.fails("receive", 5);
    world.deliver([1]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("it is accepted", |world| world.accepted() == [1]).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_is_closed_ends_the_pipeline() {
    let world = World::new();
    world.deliver([1]);
    let running = Running::start(&world, BatchConfig { max_age_ms: 60_000, ..BatchConfig::default() });
    world.until("it was received", |world| world.received() == [1]).await;
    world.close();
    running.ended().await;
    assert_eq!(world.accepted(), [1]);
}
