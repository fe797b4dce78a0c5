//! Bills per month and the forecast of the running one.

use domain::{Container, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, TimeRange};
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, hub};

use crate::server::{Server, always, utc};

const MINUTE_TICKS: u32 = 1_440;

/// From 1 October to 10 November 2026, 06:00 in Berlin, every minute of two sockets.
async fn six_weeks() -> (Server, String) {
    let now = utc("2026-11-10T06:00:00+01:00");
    let server = Server::start(now).await;
    let begin = utc("2026-10-01T00:00:00+02:00");
    let minute = TickLength::from_secs(60).unwrap();
    let builder =
        ContainerBuilder::new(hub(1)).begin(begin).tick_length(minute).sockets(2).ticks(MINUTE_TICKS);
    let containers: Vec<_> = (1..=41)
        .map(|day| builder.clone().sequence(day).build())
        .map(|mut container| {
            container.ticks.retain(|tick| tick.start < now);
            container
        })
        .filter(|container| !container.ticks.is_empty())
        .collect();
    server.store(&containers).await;
    server.roll_up(hub(1), TimeRange::new(begin, now)).await;
    let token = server.token("Europe/Berlin", &[always(hub(1))]);
    (server, token)
}

fn settings() -> Value {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let band =
        json!({ "name": "All day", "price_n": 360_000_000, "from": "00:00", "to": "24:00", "days": week });
    json!({
        "budget_n": 50_000_000_000_i64,
        "tariffs": [{ "valid_from": "2026-10-01", "name": "Home", "bands": [band], "standing_n": 30_000_000_000_i64 }],
    })
}

#[tokio::test]
async fn each_month_is_what_its_days_came_to() {
    let (server, token) = six_weeks().await;
    server.set(settings()).await;
    let bills = server.see(&token, "bills?months=3").await;
    let months = bills["months"].as_array().unwrap();
    let names: Vec<_> = months.iter().map(|month| month["month"].as_str().unwrap()).collect();
    assert_eq!(names, ["2026-09", "2026-10", "2026-11"]);
    assert_eq!(months[0]["energy_j"], Value::Null);
    assert_eq!(months[0]["total_n"], Value::Null);

    for (month, from, to) in [
        (1, "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"),
        (2, "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"),
    ] {
        let question = [("from", from), ("to", to), ("bucket", "1mo"), ("cost", "true")];
        let usage = server.ask(&token, &question).await.body;
        let bill = &months[month];
        assert_eq!(bill["energy_j"], usage["total"]["total_j"]);
        assert_eq!(bill["energy_cost_n"], usage["total"]["total_cost_n"]);
        assert_eq!(bill["standing_n"], usage["total"]["total_standing_n"]);
        let sum = bill["energy_cost_n"].as_i64().unwrap() + bill["standing_n"].as_i64().unwrap();
        assert_eq!(bill["total_n"], sum);
        assert_eq!((&bill["coverage"], &bill["running"]), (&json!(1.0), &json!(month == 2)));
    }
    assert_eq!(months[1]["standing_n"], 30_000_000_000_i64);
    // Ten of November's thirty days have begun.
    assert_eq!(months[2]["standing_n"], 10_000_000_000_i64);
    assert_eq!(bills["budget_n"], 50_000_000_000_i64);
    let of_sockets: i64 =
        bills["sockets"].as_array().unwrap().iter().map(|socket| socket["cost_n"].as_i64().unwrap()).sum();
    assert_eq!(of_sockets, months[2]["energy_cost_n"].as_i64().unwrap());
}

#[tokio::test]
async fn the_running_month_is_expected_to_go_on_like_the_weekdays_before() {
    let (server, token) = six_weeks().await;
    server.set(settings()).await;
    let bills = server.see(&token, "bills").await;
    let forecast = &bills["forecast"];
    assert_eq!(forecast["basis"], "weekdays");
    let days = server.usage(&token, "2026-10-13T00:00:00+02:00", "2026-11-11T00:00:00+01:00", "1d").await;
    let energy: Vec<i64> =
        days["total"]["energy_j"].as_array().unwrap().iter().map(|day| day.as_i64().unwrap()).collect();
    let (today, before) = (energy[28], &energy[..28]);
    // The mean of the four days a whole number of weeks before.
    let like =
        |days_to_come: usize| (0..4).map(|week| before[(days_to_come + 7 * week) % 28]).sum::<i64>() / 4;
    let so_far: i64 = energy[28 - 9..].iter().sum();
    let to_come: i64 = (1..=20).map(like).sum::<i64>() + like(0) - today;
    let expected = forecast["energy_j"].as_i64().unwrap();
    assert_eq!(expected, so_far + to_come);
    // 0.36 € a kWh is 100 n€ a joule, and the month's standing charge comes on top.
    let money = forecast["total_n"].as_i64().unwrap() - 30_000_000_000;
    assert!((money - 100 * expected).abs() < 10_000, "{money} of {}", 100 * expected);
}

#[tokio::test]
async fn days_to_come_cost_what_a_tariff_that_is_entered_already_says() {
    let (server, token) = six_weeks().await;
    server.set(settings()).await;
    let before = server.see(&token, "bills").await["forecast"].clone();
    let mut dearer = settings();
    let mut second = dearer["tariffs"][0].clone();
    second["valid_from"] = json!("2026-11-15");
    second["bands"][0]["price_n"] = json!(720_000_000);
    dearer["tariffs"].as_array_mut().unwrap().push(second);
    server.set(dearer).await;
    let after = server.see(&token, "bills").await["forecast"].clone();
    assert_eq!(after["energy_j"], before["energy_j"]);
    // From the 15th to the 30th twice as much is paid: 100 n€ a joule more.
    let days = server.usage(&token, "2026-10-13T00:00:00+02:00", "2026-11-10T00:00:00+01:00", "1d").await;
    let energy: Vec<i64> =
        days["total"]["energy_j"].as_array().unwrap().iter().map(|day| day.as_i64().unwrap()).collect();
    let like =
        |days_to_come: usize| (0..4).map(|week| energy[(days_to_come + 7 * week) % 28]).sum::<i64>() / 4;
    let dearer_days: i64 = (5..=20).map(like).sum();
    let more = after["total_n"].as_i64().unwrap() - before["total_n"].as_i64().unwrap();
    assert!((more - 100 * dearer_days).abs() < 10_000, "{more} of {}", 100 * dearer_days);
}

/// A solar panel: at night its inverter uses a little, by day it gives.
#[tokio::test]
async fn what_a_month_fed_in_are_its_quarter_hours_that_gave() {
    let begin = utc("2026-11-01T00:00:00Z");
    let now = begin.plus_millis(86_400_000);
    let server = Server::start(now).await;
    let joules = |minute: i64| if (600..720).contains(&minute) { -60_000 } else { 120 };
    let ticks = (0..1_440).map(|minute| TickEnergy {
        start: begin.plus_millis(minute * 60_000),
        energy: SocketJoules::from_iter([(SocketNumber::new(0).unwrap(), Joules(joules(minute)))]),
    });
    let tick_length = TickLength::from_secs(60).unwrap();
    server.store(&[Container { hub: hub(1), sequence: 1, tick_length, ticks: ticks.collect() }]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    for rolled_up in [false, true] {
        if rolled_up {
            server.roll_up(hub(1), TimeRange::new(begin, now)).await;
        }
        let bills = server.see(&token, "bills?months=1").await;
        let month = &bills["months"][0];
        assert_eq!(month["export_j"], 120 * 60_000);
        assert_eq!(month["energy_j"], 1_320 * 120 - 120 * 60_000);
    }
}

#[tokio::test]
async fn an_empty_home_has_bills_without_numbers() {
    let server = Server::start(utc("2026-11-10T06:00:00Z")).await;
    let token = server.token("Europe/Berlin", &[]);
    let bills = server.see(&token, "bills").await;
    assert_eq!(bills["months"].as_array().unwrap().len(), 13);
    assert!(bills["months"].as_array().unwrap().iter().all(|month| month["energy_j"].is_null()));
    assert_eq!((&bills["forecast"], &bills["sockets"]), (&Value::Null, &json!([])));
    assert_eq!(bills["currency"], Value::Null);
}
