use std::time::Duration;

use testkit::containers;
use write_service::BatchConfig;

use crate::fakes::{Event, Running, World, hub};

fn batches(world: &World) -> Vec<usize> {
    let events = world.events().into_iter();
    events.filter_map(|event| if let Event::Stored(all) = event { Some(all.len()) } else { None }).collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_closed_by_values() {
    let world = World::new();
    // Of nine values each.
    world.deliver(1..=10);
    let running = Running::start(&world, BatchConfig { max_values: 30, ..BatchConfig::default() });
    world.until("all are accepted", |world| world.accepted().len() == 10).await;
    assert_eq!(batches(&world), [4, 4, 2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_closed_by_bytes() {
    let world = World::new();
    world.deliver(1..=10);
    let one = wire::encode(&containers::container(hub(), 1)).len();
    let running = Running::start(&world, BatchConfig { max_bytes: 3 * one, ..BatchConfig::default() });
    world.until("all are accepted", |world| world.accepted().len() == 10).await;
    assert_eq!(batches(&world), [3, 3, 3, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_closed_by_the_age_of_its_first_container() {
    let world = World::new();
    let running = Running::start(&world, BatchConfig { max_age_ms: 2_000, ..BatchConfig::default() });
    for sequence in 1..=5 {
        world.deliver([sequence]);
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
    world.until("all are accepted", |world| world.accepted().len() == 5).await;
    assert_eq!(batches(&world), [3, 2]);
    let received = world.times(|event| matches!(event, Event::Received(_)));
    let stored = world.times(|event| matches!(event, Event::Stored(_)));
    assert_eq!((stored[0] - received[0]).as_millis(), 2_000);
    running.stop().await;
}
