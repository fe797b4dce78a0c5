//! Many homes at once.

use domain::HouseholdId;
use domain::alerts::Alerts as _;
use testkit::containers::hub;

use crate::world::{HOUR, World, at};

const HOMES: u8 = 12;

async fn with_homes() -> World {
    let mut world = World::new().await;
    for number in 0..HOMES {
        let home = HouseholdId::from_bytes([100 + number; 16]);
        world.add_home(home, hub(100 + u64::from(number))).await;
        world.measure_hub(hub(100 + u64::from(number)), 0, HOUR, |_, _| Some(5)).await;
    }
    world.measure(0, HOUR, |_, _| Some(5)).await;
    world.pass_at(HOUR).await;
    world
}

async fn offline(world: &World) -> usize {
    let mut count = 0;
    for number in 0..HOMES {
        let home = HouseholdId::from_bytes([100 + number; 16]);
        count += world.accounts.alerts(home, at(0), 10).await.unwrap().len();
    }
    count
}

#[tokio::test]
async fn when_nothing_arrives_of_most_hubs_nobody_is_told_that_theirs_is_offline() {
    let mut world = with_homes().await;
    world.pass_at(2 * HOUR).await;
    assert_eq!(offline(&world).await, 0);
}

#[tokio::test]
async fn when_some_are_silent_their_people_are_told() {
    let mut world = with_homes().await;
    for number in 4..HOMES {
        world.measure_hub(hub(100 + u64::from(number)), HOUR, 2 * HOUR, |_, _| Some(5)).await;
    }
    let pass = world.pass_at(2 * HOUR).await;
    assert_eq!(pass.households, usize::from(HOMES) + 1);
    assert_eq!(offline(&world).await, 4);
}
