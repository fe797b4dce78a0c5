//! Hubs that fall silent.

use domain::alerts::{AlertKey, AlertKind};

use crate::world::{DAY, HOUR, MINUTE, World, at};

const OFFLINE: [AlertKind; 1] = [AlertKind::HubOffline];

#[tokio::test]
async fn a_hub_is_offline_after_a_quarter_hour_and_the_alert_tells_since_when() {
    let mut world = World::new().await;
    world.measure(0, HOUR + 7 * MINUTE, |_, _| Some(5)).await;
    world.pass_at(HOUR + 20 * MINUTE).await;
    assert_eq!(world.open().await, []);
    world.pass_at(HOUR + 22 * MINUTE).await;
    let [alert] = &world.alerts().await[..] else { panic!("there is one alert") };
    assert_eq!(alert.key, AlertKey::hub(AlertKind::HubOffline, world.hub));
    assert_eq!((alert.began, alert.raised), (at(HOUR + 7 * MINUTE), at(HOUR + 22 * MINUTE)));

    // It stays one alert, for another process too.
    world.restart();
    world.pass_at(3 * DAY).await;
    assert_eq!(world.alerts().await.len(), 1);
    assert_eq!(world.alerts().await[0].began, at(HOUR + 7 * MINUTE));
}

#[tokio::test]
async fn the_alert_ends_with_the_silence_and_is_the_same_when_it_comes_back_soon() {
    let mut world = World::new().await;
    world.measure(0, HOUR, |_, _| Some(5)).await;
    world.pass_at(2 * HOUR).await;
    assert_eq!(world.open().await, OFFLINE);
    world.measure(2 * HOUR, 3 * HOUR, |_, _| Some(5)).await;
    world.pass_at(3 * HOUR).await;
    assert_eq!(world.open().await, []);
    assert_eq!(world.alerts().await[0].ended, Some(at(3 * HOUR)));

    world.pass_at(4 * HOUR).await;
    assert_eq!((world.open().await.len(), world.alerts().await.len()), (1, 1));
    world.measure(4 * HOUR, 5 * HOUR, |_, _| Some(5)).await;
    world.pass_at(5 * HOUR).await;
    world.measure(5 * HOUR, 12 * HOUR, |_, _| Some(5)).await;
    world.pass_at(12 * HOUR).await;
    world.pass_at(13 * HOUR).await;
    assert_eq!((world.open().await.len(), world.alerts().await.len()), (1, 2));
}

#[tokio::test]
async fn a_hub_that_never_sent_anything_is_not_set_up_yet_and_not_told() {
    let mut world = World::new().await;
    world.pass_at(2 * DAY).await;
    assert_eq!(world.open().await, []);
}

#[tokio::test]
async fn one_that_was_silent_for_days_is_found_with_the_day_it_fell_silent() {
    let mut world = World::new().await;
    world.measure(0, HOUR, |_, _| Some(5)).await;
    world.pass_at(20 * HOUR).await;
    assert_eq!(world.alerts().await[0].began, at(HOUR));
}

#[tokio::test]
async fn who_does_not_want_to_know_is_not_told() {
    let mut world = World::new().await;
    world.measure(0, HOUR, |_, _| Some(5)).await;
    world.set_alerts(|alerts| alerts.hub_offline_mins = None).await;
    world.pass_at(2 * DAY).await;
    assert_eq!(world.open().await, []);
    world.set_alerts(|alerts| alerts.hub_offline_mins = Some(600)).await;
    world.pass_at(2 * DAY).await;
    assert_eq!(world.open().await, OFFLINE);
    // And not any more from then on.
    world.set_alerts(|alerts| alerts.hub_offline_mins = None).await;
    world.pass_at(2 * DAY + MINUTE).await;
    assert_eq!(world.open().await, []);
}
