//! Sockets, and the month.

use domain::accounts::{Accounts as _, SocketLabel};
use domain::alerts::{AlertKind, LeftOn, Mute};
use domain::tariff::Nano;
use domain::{Joules, Milliwatts};

use crate::world::{DAY, FREEZER, HOUR, KETTLE, MINUTE, World, at, socket};

/// A kettle that is used at seven in the morning, and a freezer.
fn usual(number: u8, millis: i64) -> i64 {
    let of_day = millis.rem_euclid(DAY);
    match number {
        KETTLE if (7 * HOUR..7 * HOUR + 6 * MINUTE).contains(&of_day) => 2_000,
        KETTLE => 0,
        _ if millis / (20 * MINUTE) % 3 == 0 => 90,
        _ => 5,
    }
}

#[tokio::test]
async fn a_socket_that_is_on_for_longer_than_it_may_is_told_until_it_is_off() {
    let mut world = World::new().await;
    let rule = LeftOn { hub: world.hub, socket: socket(KETTLE), above_w: 500, mins: 30 };
    world.set_alerts(|alerts| alerts.left_on = vec![rule]).await;
    let power = |number: u8, millis: i64| {
        let is_on = number == KETTLE && (2 * HOUR..4 * HOUR).contains(&millis);
        Some(if is_on { 1_000 } else { 3 })
    };
    world.measure(0, 5 * HOUR, power).await;
    world.pass_at(2 * HOUR + 29 * MINUTE).await;
    assert_eq!(world.open().await, []);
    // Some time in the next quarter hour: each home has a time of its own.
    world.pass_at(2 * HOUR + 46 * MINUTE).await;
    let [alert] = &world.alerts().await[..] else { panic!("there is one alert") };
    assert_eq!((alert.key.kind, alert.key.socket), (AlertKind::LeftOn, Some(socket(KETTLE))));
    assert_eq!(alert.began, at(2 * HOUR));
    assert_eq!(alert.facts.power, Some(Milliwatts(1_000_000)));
    world.pass_at(4 * HOUR + 31 * MINUTE).await;
    assert_eq!(world.open().await, []);
}

#[tokio::test]
async fn a_gap_does_not_count_as_being_on() {
    let mut world = World::new().await;
    let rule = LeftOn { hub: world.hub, socket: socket(KETTLE), above_w: 500, mins: 60 };
    world.set_alerts(|alerts| alerts.left_on = vec![rule]).await;
    let gap = 30 * MINUTE..45 * MINUTE;
    world.measure(0, 2 * HOUR, |_, millis| (!gap.contains(&millis)).then_some(900)).await;
    world.pass_at(91 * MINUTE).await;
    assert_eq!(world.open().await, []);
    world.pass_at(107 * MINUTE).await;
    assert_eq!(world.open().await, [AlertKind::LeftOn]);
    assert_eq!(world.alerts().await[0].began, at(45 * MINUTE));
}

#[tokio::test]
async fn a_socket_that_fell_silent_is_told_and_not_while_its_whole_hub_is() {
    let mut world = World::new().await;
    let silent = |number: u8, millis: i64| (number == KETTLE || millis < HOUR).then_some(5);
    world.measure(0, 3 * HOUR, silent).await;
    world.pass_at(HOUR + 50 * MINUTE).await;
    assert_eq!(world.open().await, []);
    world.pass_at(2 * HOUR + 16 * MINUTE).await;
    let [alert] = &world.alerts().await[..] else { panic!("there is one alert") };
    assert_eq!((alert.key.kind, alert.key.socket), (AlertKind::SocketSilent, Some(socket(FREEZER))));
    assert_eq!(alert.began, at(HOUR));
    // Now all of it: the alert of the socket stays as it was, and there is none of the kettle.
    world.pass_at(5 * HOUR).await;
    assert_eq!(world.open().await, [AlertKind::HubOffline, AlertKind::SocketSilent]);
}

#[tokio::test]
async fn a_socket_that_has_been_gone_for_a_week_is_expected_no_more() {
    let mut world = World::new().await;
    world.measure(0, 9 * DAY, |number, millis| (number == KETTLE || millis < DAY).then_some(5)).await;
    world.pass_at(7 * DAY).await;
    assert_eq!(world.open().await, [AlertKind::SocketSilent]);
    world.pass_at(8 * DAY + HOUR).await;
    assert_eq!(world.open().await, []);
}

#[tokio::test]
async fn an_hour_that_is_like_none_before_is_told_with_what_is_usual() {
    let mut world = World::new().await;
    let night = 20 * DAY + 2 * HOUR;
    let odd = move |number: u8, millis: i64| match number {
        KETTLE if (night..night + HOUR).contains(&millis) => Some(1_500),
        _ => Some(usual(number, millis)),
    };
    world.measure(0, 20 * DAY + 9 * HOUR, odd).await;
    world.pass_at(night).await;
    assert_eq!(world.open().await, []);
    world.pass_at(night + HOUR + 20 * MINUTE).await;
    let [alert] = &world.alerts().await[..] else { panic!("there is one alert") };
    assert_eq!((alert.key.kind, alert.key.socket), (AlertKind::Unusual, Some(socket(KETTLE))));
    assert_eq!(alert.began, at(night));
    assert_eq!((alert.facts.energy, alert.facts.usual), (Some(Joules(5_400_000)), Some(Joules(0))));
    // The next hour is like all others, and so is the morning's tea.
    world.pass_at(night + 2 * HOUR + 20 * MINUTE).await;
    assert_eq!(world.open().await, []);
    world.pass_at(20 * DAY + 8 * HOUR + 20 * MINUTE).await;
    assert_eq!((world.open().await.len(), world.alerts().await.len()), (0, 1));
}

#[tokio::test]
async fn a_freezer_that_stopped_is_told() {
    let mut world = World::new().await;
    let stopped = 20 * DAY + 10 * HOUR;
    let power = move |number: u8, millis: i64| {
        Some(if number == FREEZER && millis >= stopped { 0 } else { usual(number, millis) })
    };
    world.measure(0, stopped + 2 * HOUR, power).await;
    world.pass_at(stopped + HOUR + 20 * MINUTE).await;
    let [alert] = &world.alerts().await[..] else { panic!("there is one alert") };
    assert_eq!((alert.key.kind, alert.key.socket), (AlertKind::Unusual, Some(socket(FREEZER))));
    assert_eq!(alert.facts.energy, Some(Joules(0)));
}

#[tokio::test]
async fn what_is_muted_is_not_told() {
    let mut world = World::new().await;
    let mute = Mute { kind: Some(AlertKind::SocketSilent), hub: Some(world.hub), socket: None, until: None };
    world.set_alerts(|alerts| alerts.mutes = vec![mute]).await;
    world.measure(0, 6 * HOUR, |number, millis| (number == KETTLE || millis < HOUR).then_some(5)).await;
    world.pass_at(3 * HOUR).await;
    assert_eq!(world.open().await, []);
    world.set_alerts(|alerts| alerts.mutes.clear()).await;
    world.pass_at(4 * HOUR).await;
    assert_eq!(world.open().await, [AlertKind::SocketSilent]);
}

#[tokio::test]
async fn of_a_hidden_socket_nothing_is_told() {
    let mut world = World::new().await;
    let hidden = SocketLabel {
        number: socket(FREEZER),
        name: "Freezer".to_owned(),
        room: None,
        icon: None,
        hidden: true,
    };
    world.accounts.put_sockets(world.household, world.hub, &[hidden]).await.unwrap();
    world.measure(0, 6 * HOUR, |number, millis| (number == KETTLE || millis < HOUR).then_some(5)).await;
    world.pass_at(4 * HOUR).await;
    assert_eq!(world.open().await, []);
}

#[tokio::test]
async fn a_month_that_will_cost_too_much_is_told_once() {
    let mut world = World::new().await;
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let tariff = serde_json::json!({
        "valid_from": "2020-01-01", "name": "One", "standing_n": 0, "standing_per": "month", "feed_in_n": null,
        "bands": [{ "name": "All", "price_n": 300_000_000, "from": "00:00", "to": "24:00", "days": week }],
    });
    let tariff = serde_json::from_value(tariff).unwrap();
    world
        .set(|settings| {
            settings.tariffs = vec![tariff];
            settings.budget = Some(Nano(20 * Nano::ONE.0));
        })
        .await;
    // 100 W: 2.4 kWh and 0.72 a day, 19.44 from the second of February on; then 300 W.
    world.measure(0, 14 * DAY, |number, _| Some(if number == KETTLE { 100 } else { 0 })).await;
    world.pass_at(14 * DAY).await;
    assert_eq!(world.open().await, []);
    world.measure(14 * DAY, 17 * DAY, |number, _| Some(if number == KETTLE { 300 } else { 0 })).await;
    world.pass_at(17 * DAY).await;
    let [alert] = &world.alerts().await[..] else { panic!("there is one alert") };
    assert_eq!(alert.key.kind, AlertKind::Budget);
    assert_eq!(alert.began, at(-DAY));
    assert_eq!(alert.facts.budget, Some(Nano(20 * Nano::ONE.0)));
    assert!(alert.facts.expected.unwrap().0 > 20 * Nano::ONE.0);

    // Somebody finds more money, and then less again: the same month, the same alert.
    world.set(|settings| settings.budget = Some(Nano(900 * Nano::ONE.0))).await;
    world.pass_at(17 * DAY + HOUR).await;
    assert!(!world.open().await.contains(&AlertKind::Budget));
    world.set(|settings| settings.budget = Some(Nano(20 * Nano::ONE.0))).await;
    world.pass_at(17 * DAY + 12 * HOUR).await;
    assert!(world.open().await.contains(&AlertKind::Budget));
    let all = world.alerts().await;
    assert_eq!(all.iter().filter(|alert| alert.key.kind == AlertKind::Budget).count(), 1);
}
