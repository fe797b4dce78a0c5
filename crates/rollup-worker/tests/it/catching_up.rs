use domain::rollup::Rollups;
use rollup_worker::RollupConfig;
use testkit::containers::hub;

use crate::memory::Call;
use crate::world::{DAY, HOUR, MINUTE, World, at, day};

#[tokio::test]
async fn a_hub_that_was_silent_for_a_week_gets_no_pages_of_silence() {
    let mut world = World::on_sqlite().await;
    world.is(11 * HOUR);
    world.measure(hub(1), 10 * HOUR, 11 * HOUR).await;
    world.is(11 * HOUR + 2 * MINUTE);
    world.good_pass().await;
    // Others measure, the clock goes on.
    world.is(4 * DAY);
    world.good_pass().await;

    world.is(7 * DAY + 13 * HOUR);
    world.measure(hub(1), 7 * DAY + 12 * HOUR, 7 * DAY + 13 * HOUR).await;
    world.is(7 * DAY + 13 * HOUR + 2 * MINUTE);
    assert_eq!(world.good_pass().await.hubs, 1);
    let pages = world.pages(hub(1)).await;
    let days: Vec<_> = pages.iter().map(|page| (page.day, page.quarters)).collect();
    // The first day is finished: it was silent to its end.
    assert_eq!(days, [(day(0), 96), (day(7), 52)]);
    world.assert_fresh(hub(1), at(7 * DAY + 13 * HOUR)).await;
}

#[tokio::test]
async fn years_of_silence_are_not_asked_for_day_by_day() {
    let mut world = World::in_memory();
    world.is(DAY);
    world.measure(hub(1), 0, HOUR).await;
    world.is(3_000 * DAY + HOUR);
    world.measure(hub(1), 1_500 * DAY, 1_500 * DAY + HOUR).await;
    world.good_pass().await;
    let calls = world.store.calls();
    let questions = calls.iter().filter(|call| matches!(call, Call::Ticks(..))).count();
    assert!(questions < 60, "{questions} questions");
    let days: Vec<_> = world.pages(hub(1)).await.iter().map(|page| (page.day, page.quarters)).collect();
    assert_eq!(days, [(day(0), 96), (day(1_500), 96), (day(2_999), 96)]);
    world.assert_fresh(hub(1), at(3_000 * DAY)).await;
}

#[tokio::test]
async fn a_worker_that_was_away_for_days_catches_up_before_it_looks_at_marks() {
    let mut world = World::in_memory();
    world.is(11 * HOUR);
    world.measure(hub(1), 10 * HOUR, 11 * HOUR).await;
    world.is(11 * HOUR + 2 * MINUTE);
    world.good_pass().await;
    // Live all along, on all days; and on the third, something late of the second.
    for hour in 11..100 {
        world.is((hour + 1) * HOUR);
        if hour != 30 {
            world.measure(hub(1), hour * HOUR, (hour + 1) * HOUR).await;
        }
    }
    world.measure(hub(1), 30 * HOUR, 31 * HOUR).await;
    world.store.calls();
    world.restart(RollupConfig::default());
    world.is(100 * HOUR + 2 * MINUTE);
    let pass = world.good_pass().await;
    assert_eq!((pass.hubs, pass.days), (1, 1));
    let puts: Vec<_> =
        world.store.calls().iter().filter_map(Call::put).map(|(_, day, to)| (day, to)).collect();
    assert_eq!(puts, [(day(0), 96), (day(1), 96), (day(2), 96), (day(3), 96), (day(4), 16), (day(1), 96)]);
    world.assert_fresh(hub(1), at(100 * HOUR)).await;
}

/// The mark comes when the list of active hubs is known already: only the mark brings the hub to the worker.
#[tokio::test]
async fn a_late_day_beyond_the_watermark_does_not_hide_those_before_it() {
    let mut world = World::in_memory();
    world.is(11 * HOUR);
    world.measure(hub(1), 10 * HOUR, 11 * HOUR).await;
    world.is(11 * HOUR + 2 * MINUTE);
    world.good_pass().await;
    world.is(6 * DAY + 2 * MINUTE);
    world.good_pass().await;
    // Its days come all at once, the latest first, and the worker looks in between.
    world.measure(hub(1), 5 * DAY, 5 * DAY + HOUR).await;
    world.good_pass().await;
    world.assert_fresh(hub(1), at(6 * DAY)).await;
    for back in 1..5 {
        world.measure(hub(1), (5 - back) * DAY, (5 - back) * DAY + HOUR).await;
        world.good_pass().await;
        world.assert_fresh(hub(1), at(6 * DAY)).await;
    }
    assert_eq!(world.pages(hub(1)).await.len(), 6);
}

#[tokio::test]
async fn killed_while_it_catches_up_it_misses_no_day() {
    let mut world = World::in_memory();
    world.is(4 * DAY);
    for number in 0..4 {
        world.store_only_hours(hub(1), number * DAY, 1).await;
    }
    world.measure(hub(1), 3 * DAY + 5 * HOUR, 3 * DAY + 6 * HOUR).await;
    world.is(4 * DAY + 2 * MINUTE);
    world.kill_at(|call| matches!(call, Call::Put(_, at, _) if *at == day(2))).await;
    assert_eq!(world.store.watermark(hub(1)).await.unwrap(), Some(at(2 * DAY)));
    world.good_pass().await;
    world.assert_fresh(hub(1), at(4 * DAY)).await;
    assert_eq!(world.pages(hub(1)).await.len(), 4);
}

#[tokio::test]
async fn at_the_start_hubs_of_the_last_time_are_brought_up_and_older_ones_when_they_measure_again() {
    let config = RollupConfig { start_lookback_days: 10, ..RollupConfig::default() };
    let mut world = World::in_memory();
    world.restart(config);
    for (number, end) in [(1, 5 * DAY), (2, 15 * DAY)] {
        world.store_only_hours(hub(number), end - HOUR, 1).await;
    }
    world.is(20 * DAY);
    assert_eq!(world.good_pass().await.hubs, 1);
    assert_eq!(world.pages(hub(1)).await, []);
    world.measure(hub(1), 20 * DAY, 20 * DAY + 10_000).await;
    world.is(20 * DAY + HOUR + 2 * MINUTE);
    world.good_pass().await;
    world.assert_fresh(hub(1), at(20 * DAY + HOUR)).await;
}
