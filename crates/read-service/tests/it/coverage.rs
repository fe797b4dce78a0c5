//! How much of what was to be expected of a home was measured.

use domain::access::HubGrant;
use domain::{TickLength, TimeRange, UtcMillis};
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, hub};

use crate::server::{Server, always, utc};

const DAY: i64 = 86_400_000;
const MINUTES: u32 = 1_440;

/// Days of November 2026, every minute of them.
async fn measure(server: &Server, of: u64, days: std::ops::RangeInclusive<u32>) {
    for day in days {
        let begin = utc(&format!("2026-11-{day:02}T00:00:00Z"));
        let container = ContainerBuilder::new(hub(of))
            .begin(begin)
            .tick_length(TickLength::from_secs(60).unwrap())
            .sockets(1)
            .ticks(MINUTES)
            .build();
        server.store(&[container]).await;
        server.roll_up(hub(of), TimeRange::new(begin, begin.plus_millis(DAY))).await;
    }
}

async fn coverage(server: &Server, token: &str, from: &str, to: &str) -> (Value, f64) {
    let answer = server.usage(token, from, to, "1d").await;
    (answer["total"]["coverage"].clone(), answer["total"]["total_coverage"].as_f64().unwrap())
}

fn tariff() -> Value {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let band =
        json!({ "name": "All day", "price_n": 300_000_000, "from": "00:00", "to": "24:00", "days": week });
    json!({ "tariffs": [{ "valid_from": "2026-01-01", "name": "Home", "bands": [band] }] })
}

#[tokio::test]
async fn a_plug_that_was_added_yesterday_does_not_take_the_days_before_away() {
    let server = Server::start(utc("2026-11-28T00:00:00Z")).await;
    server.set(tariff()).await;
    measure(&server, 1, 1..=27).await;
    let token = server.token("UTC", &[always(hub(1)), always(hub(2))]);
    let alone = server.see(&token, "bills").await["forecast"].clone();
    assert_eq!(alone["basis"], "weekdays");
    measure(&server, 2, 27..=27).await;
    assert_eq!(
        coverage(&server, &token, "2026-11-25T00:00:00Z", "2026-11-28T00:00:00Z").await,
        (json!([1.0, 1.0, 1.0]), 1.0)
    );
    let bills = server.see(&token, "bills").await;
    assert_eq!(bills["forecast"]["basis"], "weekdays");
    assert_eq!(bills["months"].as_array().unwrap().last().unwrap()["coverage"], 1.0);
    server.clock.set(utc("2026-11-28T06:00:00Z"));
    measure(&server, 1, 28..=28).await;
    let today = server.see(&server.token("UTC", &[always(hub(1)), always(hub(2))]), "today").await;
    assert!(today["usual_j"].is_i64(), "{today}");
    // Its hub is silent since midnight.
    assert_eq!(today["coverage"], 0.5);
}

#[tokio::test]
async fn a_plug_that_was_retired_counts_as_dead_for_a_week_and_then_as_gone() {
    let server = Server::start(utc("2026-11-20T00:00:00Z")).await;
    server.set(tariff()).await;
    measure(&server, 1, 1..=19).await;
    measure(&server, 2, 1..=14).await;
    let grants = [always(hub(1)), always(hub(2))];
    let token = server.token("UTC", &grants);
    let range = ("2026-11-13T00:00:00Z", "2026-11-18T00:00:00Z");
    assert_eq!(coverage(&server, &token, range.0, range.1).await.0, json!([1.0, 1.0, 0.5, 0.5, 0.5]));
    server.clock.set(utc("2026-11-28T00:00:00Z"));
    measure(&server, 1, 19..=27).await;
    let token = server.token("UTC", &grants);
    assert_eq!(coverage(&server, &token, range.0, range.1).await, (json!([1.0, 1.0, 1.0, 1.0, 1.0]), 1.0));
    assert_eq!(server.see(&token, "bills").await["forecast"]["basis"], "weekdays");
    // One whose hub has moved out is gone at once.
    server.clock.set(utc("2026-11-20T00:00:00Z"));
    let left = HubGrant { hub: hub(2), since: UtcMillis(0), until: Some(utc("2026-11-15T00:00:00Z")) };
    let token = server.token("UTC", &[always(hub(1)), left]);
    assert_eq!(coverage(&server, &token, range.0, range.1).await, (json!([1.0, 1.0, 1.0, 1.0, 1.0]), 1.0));
}

#[tokio::test]
async fn a_day_on_which_one_of_two_hubs_was_dark_was_measured_by_half() {
    let server = Server::start(utc("2026-11-28T00:00:00Z")).await;
    measure(&server, 1, 1..=27).await;
    measure(&server, 2, 1..=19).await;
    measure(&server, 2, 21..=27).await;
    server.label(hub(2), &[(0, "Freezer", Some("Cellar"))]).await;
    let token = server.token("UTC", &[always(hub(1)), always(hub(2))]);
    // The day alone, and among others; by days and tick by tick.
    let dark = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
    assert_eq!(coverage(&server, &token, dark.0, dark.1).await, (json!([0.5]), 0.5));
    let days = coverage(&server, &token, "2026-11-19T00:00:00Z", "2026-11-22T00:00:00Z").await;
    assert_eq!(days.0, json!([1.0, 0.5, 1.0]));
    let ticks = server.usage(&token, dark.0, dark.1, "tick").await;
    assert_eq!(ticks["total"]["total_coverage"], 0.5);
    assert_eq!(ticks["sockets"].as_array().unwrap().len(), 1);
    // Of each by itself it is clear. A room that was dark is not there.
    let of = async |number| {
        let hub = hub(number).to_string();
        let question = [("from", dark.0), ("to", dark.1), ("bucket", "1d"), ("hub", hub.as_str())];
        server.ask(&token, &question).await.body["total"]["total_coverage"].clone()
    };
    assert_eq!((of(1).await, of(2).await), (json!(1.0), json!(0.0)));
    let question = [("from", dark.0), ("to", dark.1), ("bucket", "1d"), ("group", "room")];
    let rooms = server.ask(&token, &question).await.body["rooms"].clone();
    assert_eq!(rooms.as_array().unwrap().len(), 1);
    assert_eq!(rooms[0]["total_coverage"], 1.0);
}
