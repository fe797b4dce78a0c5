use domain::measurement::sum_quarter_hours;
use domain::rollup::Rollups;
use domain::{TickLength, TimeRange};
use testkit::containers::{ContainerBuilder, hub};

use crate::world::{DAY, HOUR, MINUTE, World, at, day};

#[tokio::test]
async fn an_hour_is_rolled_up_when_it_is_over_for_two_minutes_and_not_before() {
    let mut world = World::on_sqlite().await;
    world.is(10 * HOUR + 30 * MINUTE);
    world.measure(hub(1), 10 * HOUR, 10 * HOUR + 30 * MINUTE).await;
    world.good_pass().await;
    world.is(11 * HOUR);
    world.measure(hub(1), 10 * HOUR + 30 * MINUTE, 11 * HOUR).await;
    world.is(11 * HOUR + 2 * MINUTE - 1);
    world.good_pass().await;
    assert!(world.pages(hub(1)).await.iter().all(|page| page.sockets.is_empty()));

    world.is(11 * HOUR + 2 * MINUTE);
    assert_eq!(world.good_pass().await.hubs, 1);
    let pages = world.pages(hub(1)).await;
    assert_eq!((pages.len(), pages[0].quarters), (1, 44));
    assert_eq!(pages[0].sockets[0].measured_secs[39..44], [0, 900, 900, 900, 900]);
    world.assert_fresh(hub(1), at(11 * HOUR)).await;
    // Nothing is done twice.
    assert_eq!(world.good_pass().await.hubs, 0);
}

#[tokio::test]
async fn hour_by_hour_it_is_what_it_would_be_in_one_go() {
    let mut world = World::on_sqlite().await;
    // Over midnight, with a socket that is there in some hours only.
    for hour in 20..30 {
        world.is((hour + 1) * HOUR);
        world.measure(hub(1), hour * HOUR, (hour + 1) * HOUR).await;
        if hour % 3 == 0 {
            let more = ContainerBuilder::new(hub(1)).begin(at(hour * HOUR)).ticks(7).sockets(20).build();
            world.write(&more).await;
        }
        world.is((hour + 1) * HOUR + 2 * MINUTE);
        assert_eq!(world.good_pass().await.hubs, 1);
        world.assert_fresh(hub(1), at((hour + 1) * HOUR)).await;
    }
    let quarters: Vec<u8> = world.pages(hub(1)).await.iter().map(|page| page.quarters).collect();
    assert_eq!(quarters, [96, 24]);
}

#[tokio::test]
async fn the_sums_of_a_day_of_one_second_ticks_are_those_of_the_store() {
    let mut world = World::on_sqlite().await;
    world.is(DAY);
    let second = TickLength::from_secs(1).unwrap();
    for hour in 0..24 {
        let builder = ContainerBuilder::new(hub(1)).tick_length(second).begin(at(hour * HOUR));
        // The last minutes of every hour are missing.
        world.store_only(&builder.ticks(3_400).sockets(2).build()).await;
    }
    world.is(DAY + 2 * MINUTE);
    world.good_pass().await;
    let pages = world.pages(hub(1)).await;
    assert_eq!((pages.len(), pages[0].day, pages[0].quarters), (1, day(0), 96));
    let expected = sum_quarter_hours(&world.ticks(hub(1), TimeRange::new(at(0), at(DAY))).await);
    for (socket, expected) in pages[0].sockets.iter().zip(expected) {
        assert_eq!(socket.socket, expected.socket);
        assert_eq!(pages[0].sums(socket).collect::<Vec<_>>(), expected.sums);
    }
    assert_eq!(world.store.watermark(hub(1)).await.unwrap(), Some(at(DAY)));
}
