use bytes::Bytes;
use testkit::containers;
use write_service::{BatchConfig, Cause};

use crate::fakes::{Event, Running, StoreMood, World};

#[tokio::test(start_paused = true)]
async fn what_cannot_be_decoded_goes_to_the_dead_letters_and_the_rest_is_stored() {
    let world = World::new();
    world.deliver([1, 2]);
    world.deliver_body(3, Bytes::from_static(b"\xff\xff garbage"));
    world.deliver([4]);
    let running = Running::start(&world, BatchConfig::default());
    world.until("all is settled", |world| world.accepted().len() + world.dead().len() == 4).await;

    assert_eq!(world.accepted(), [1, 2, 4]);
    let dead = world.dead();
    assert_eq!(dead[0].0, 3);
    assert!(dead[0].1.contains("not a protobuf container"), "{dead:?}");
    assert_eq!(running.measures.dead_lettered(Cause::Undecodable), 1);
    assert_eq!(running.measures.values(), 27);
    assert_eq!(running.measures.values_received(), 27);
    assert_eq!(running.measures.dead_lettered_values(Cause::Undecodable), 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_container_that_names_another_hub_is_not_stored() {
    let world = World::new();
    world.deliver_body(1, wire::encode(&containers::container(containers::hub(2), 1)));
    let running = Running::start(&world, BatchConfig::default());
    world.until("it is among the dead letters", |world| world.dead().len() == 1).await;
    assert!(world.dead()[0].1.contains("names hub"));
    assert_eq!(running.measures.values_received(), 9);
    assert_eq!(running.measures.dead_lettered_values(Cause::Foreign), 9);
    assert!(!world.events().iter().any(|event| matches!(event, Event::Tried(_))));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn exactly_the_container_that_the_store_rejects_is_given_up() {
    for bad in [1, 13, 37] {
        let world = World::new();
        world.store_never_takes([bad]);
        world.deliver(1..=37);
        let running = Running::start(&world, BatchConfig::default());
        world.until("all is settled", |world| world.accepted().len() + world.dead().len() == 37).await;

        assert_eq!(world.dead(), [(bad, format!("{bad} is beyond me"))]);
        assert_eq!(world.accepted(), (1..=37).filter(|&n| n != bad).collect::<Vec<_>>());
        assert_eq!(running.measures.values(), 36 * 9);
        assert_eq!(running.measures.values_received(), 37 * 9);
        assert_eq!(running.measures.dead_lettered_values(Cause::Store), 9);
        let tries = world.times(|event| matches!(event, Event::Tried(_))).len();
        assert!(tries <= 20, "{tries} writes for three ticks of 111: two per halving are enough");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_bad_tick_makes_a_dead_letter_that_says_so_and_the_other_ticks_are_stored() {
    for named in [false, true] {
        let world = World::new();
        world.store_never_takes_tick(2, 1, named);
        world.deliver(1..=3);
        let running = Running::start(&world, BatchConfig::default());
        world.until("all is settled", |world| world.accepted().len() + world.dead().len() == 3).await;
        let reason = "tick 1 of 2 is beyond me (from its tick 1 on 1 of 3 are refused, the others stored)";
        assert_eq!(world.dead(), [(2, reason.to_owned())]);
        assert_eq!(world.accepted(), [1, 3]);
        assert_eq!(running.measures.values(), 8 * 3);
        assert_eq!(running.measures.values_received(), 9 * 3);
        assert_eq!(running.measures.dead_lettered_values(Cause::Store), 3);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_nothing_but_rejected_containers_is_given_up_one_by_one() {
    let world = World::new();
    world.store_never_takes(1..=5);
    world.deliver(1..=5);
    let running = Running::start(&world, BatchConfig::default());
    world.until("all are dead", |world| world.dead().len() == 5).await;
    assert_eq!(world.accepted(), [0u64; 0]);
    assert_eq!(world.unsettled(), [0u64; 0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_cannot_be_written_is_tried_again_and_holds_up_nobody() {
    let world = World::new();
    world.fails("dead_letter", 20);
    world.deliver_body(1, Bytes::from_static(b"garbage"));
    let running = Running::start(&world, BatchConfig::default());
    for sequence in 2..=9 {
        world.deliver([sequence]);
        world.until("it is accepted", |world| world.accepted().contains(&sequence)).await;
    }
    assert!(world.dead().is_empty());
    assert_eq!(world.unsettled(), [1]);
    world.until("it is among the dead letters", |world| world.dead().len() == 1).await;
    assert_eq!(world.unsettled(), [0u64; 0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn dead_letters_that_cannot_be_written_do_not_pile_up() {
    let world = World::new();
    world.fails("dead_letter", u32::MAX);
    let running = Running::start(&world, BatchConfig { max_bytes: 1, ..BatchConfig::default() });
    for tag in 1..=5_000 {
        world.deliver_body(tag, Bytes::from_static(b"garbage"));
    }
    tokio::time::sleep(std::time::Duration::from_mins(10)).await;
    assert_eq!(world.received().len(), 1_000, "one helping, and no more while it cannot be settled");
    world.store_is(StoreMood::Takes);
    assert!(running.stop().await.as_secs() <= 9);
    assert_eq!(world.unsettled(), [0u64; 0]);
    assert_eq!(world.released().len(), 1_000);
}
