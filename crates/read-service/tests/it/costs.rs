//! What energy cost, at the prices of its time.

use domain::{TickLength, TimeRange};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};

use crate::server::{Server, always, utc};

const DAY: i64 = 86_400_000;
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn band(price_n: i64, from: &str, to: &str) -> Value {
    json!({ "name": format!("{from} to {to}"), "price_n": price_n, "from": from, "to": to, "days": WEEK })
}

fn tariff(valid_from: &str, bands: &[Value]) -> Value {
    json!({ "valid_from": valid_from, "name": "Home", "bands": bands, "standing_n": 31_000_000_000_i64 })
}

/// A year from 2012-01-16 on has a measurement only on its first two days.
async fn two_days() -> (Server, String) {
    let server = Server::start(RECORDED_DAY.plus_millis(3 * DAY)).await;
    let minute = TickLength::from_secs(60).unwrap();
    server.store(&[ContainerBuilder::new(hub(1)).tick_length(minute).ticks(2_880).build()]).await;
    let token = server.token("Europe/Berlin", &[always(hub(1))]);
    (server, token)
}

async fn priced(server: &Server, token: &str, (from, to): (&str, &str), bucket: &str) -> Value {
    let question = [("from", from), ("to", to), ("bucket", bucket), ("cost", "true")];
    let answer = server.ask(token, &question).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body
}

const RANGE: (&str, &str) = ("2012-01-16T00:00:00+01:00", "2012-01-19T00:00:00+01:00");

/// Joules times the price of a kWh, each quarter hour by itself.
fn by_hand(quarters: &Value, price_at: impl Fn(i64) -> i64) -> f64 {
    let starts = quarters["starts"].as_array().unwrap();
    let energy = quarters["total"]["energy_j"].as_array().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "compared within a billionth")]
    let cost = |(start, joules): (&Value, &Value)| {
        joules.as_i64().unwrap_or(0) as f64 * price_at(start.as_i64().unwrap()) as f64 / 3.6e6
    };
    starts.iter().zip(energy).map(cost).sum()
}

#[tokio::test]
async fn a_band_costs_what_its_quarter_hours_used() {
    let (server, token) = two_days().await;
    let bands = [band(400_000_000, "06:00", "22:00"), band(200_000_000, "22:00", "06:00")];
    server.set(json!({ "tariffs": [tariff("2012-01-01", &bands)] })).await;
    let quarters = server.usage(&token, RANGE.0, RANGE.1, "15m").await;
    let hand = by_hand(&quarters, |start| {
        let hour = (start + 3_600).rem_euclid(86_400) / 3_600;
        if (6..22).contains(&hour) { 400_000_000 } else { 200_000_000 }
    });
    for bucket in ["15m", "1h", "1d", "1w", "1mo"] {
        let answer = priced(&server, &token, RANGE, bucket).await;
        assert_eq!(answer["currency"], "EUR");
        #[expect(clippy::cast_precision_loss, reason = "compared within a billionth")]
        let total = answer["total"]["total_cost_n"].as_i64().unwrap() as f64;
        // Each of at most 600 cells is rounded to a billionth.
        assert!((total - hand).abs() < 600.0, "{bucket}: {total} and {hand}");
        let sum = |costs: &Value| -> i64 { costs.as_array().unwrap().iter().filter_map(Value::as_i64).sum() };
        assert_eq!(sum(&answer["total"]["cost_n"]), answer["total"]["total_cost_n"].as_i64().unwrap());
        let of_sockets: i64 = answer["sockets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|socket| {
                assert_eq!(sum(&socket["cost_n"]), socket["total_cost_n"].as_i64().unwrap());
                socket["total_cost_n"].as_i64().unwrap()
            })
            .sum();
        assert_eq!(of_sockets, answer["total"]["total_cost_n"].as_i64().unwrap(), "{bucket}");
    }
}

#[tokio::test]
async fn a_price_that_is_corrected_changes_what_the_past_cost() {
    let (server, token) = two_days().await;
    let all_day = |price| [band(price, "00:00", "24:00")];
    server.set(json!({ "tariffs": [tariff("2012-01-01", &all_day(300_000_000))] })).await;
    server.roll_up(hub(1), TimeRange::new(RECORDED_DAY, RECORDED_DAY.plus_millis(2 * DAY))).await;
    let before = priced(&server, &token, RANGE, "1d").await;
    server
        .set(json!({ "tariffs": [
            tariff("2012-01-17", &all_day(600_000_000)),
            tariff("2012-01-01", &all_day(300_000_000)),
        ] }))
        .await;
    let after = priced(&server, &token, RANGE, "1d").await;
    let cost = |answer: &Value, day: usize| answer["total"]["cost_n"][day].as_i64().unwrap();
    assert_eq!(cost(&after, 0), cost(&before, 0));
    assert!((cost(&after, 1) - 2 * cost(&before, 1)).abs() <= 6, "{after} {before}");
    assert_eq!(after["total"]["energy_j"], before["total"]["energy_j"]);
}

#[tokio::test]
async fn without_a_tariff_nothing_is_said_of_costs() {
    let (server, token) = two_days().await;
    let answer = priced(&server, &token, RANGE, "1d").await;
    assert_eq!(answer["currency"], Value::Null);
    assert_eq!(answer["total"]["total_cost_n"], Value::Null);
    assert_eq!(answer["sockets"][0]["cost_n"], Value::Null);
    // Of a day before the first tariff neither.
    server.set(json!({ "tariffs": [tariff("2012-01-17", &[band(1, "00:00", "24:00")])] })).await;
    let answer = priced(&server, &token, RANGE, "1d").await;
    assert_eq!(answer["total"]["cost_n"][0], Value::Null);
    assert!(answer["total"]["cost_n"][1].is_i64());
}

#[tokio::test]
async fn standing_charges_are_those_of_the_days_that_have_begun() {
    let (server, token) = two_days().await;
    server.set(json!({ "tariffs": [tariff("2012-01-17", &[band(1, "00:00", "24:00")])] })).await;
    // It is the 19th; a January costs 31 € in 31 days.
    let euro = 1_000_000_000_i64;
    let days =
        priced(&server, &token, ("2012-01-16T00:00:00+01:00", "2012-01-21T00:00:00+01:00"), "1d").await;
    assert_eq!(days["total"]["standing_n"], json!([0, euro, euro, euro, 0]));
    assert_eq!(days["total"]["total_standing_n"], 3 * euro);
    let quarters = priced(&server, &token, RANGE, "15m").await;
    assert_eq!(quarters["total"]["standing_n"], Value::Null);
    assert_eq!(quarters["total"]["total_standing_n"], 2 * euro);
}

#[tokio::test]
async fn both_days_on_which_berlin_changes_its_clocks_have_their_bands() {
    let server = Server::start(utc("2026-12-01T00:00:00Z")).await;
    let bands = [band(400_000_000, "02:00", "04:00"), band(100_000_000, "04:00", "02:00")];
    server.set(json!({ "tariffs": [tariff("2026-01-01", &bands)] })).await;
    let token = server.token("Europe/Berlin", &[always(hub(1))]);
    let minute = TickLength::from_secs(60).unwrap();
    for (from, to, dear_hours) in [
        // 02:00 to 03:00 is not there.
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 1),
        // 02:00 to 03:00 happens twice.
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 3),
    ] {
        let container =
            ContainerBuilder::new(hub(1)).begin(utc(from)).tick_length(minute).ticks(1_560).build();
        server.store(&[container]).await;
        let quarters = priced(&server, &token, (from, to), "15m").await;
        #[expect(clippy::cast_precision_loss, reason = "told apart by a factor of four")]
        let per_kwh = |n: usize| -> f64 {
            let energy = quarters["total"]["energy_j"][n].as_i64().unwrap() as f64;
            quarters["total"]["cost_n"][n].as_i64().unwrap() as f64 / energy * 3.6e6
        };
        let count = quarters["starts"].as_array().unwrap().len();
        let dear = (0..count).filter(|&n| per_kwh(n) > 2e8).count();
        assert_eq!(dear, 4 * dear_hours, "{from}");
    }
}

/// What a solar panel gives is negative, and earns.
#[tokio::test]
async fn what_is_fed_in_earns_the_price_of_feeding_in() {
    use domain::{Container, Joules, SocketJoules, SocketNumber, TickEnergy};
    let server = Server::start(RECORDED_DAY.plus_millis(DAY)).await;
    let ticks = (0..90).map(|n| TickEnergy {
        start: RECORDED_DAY.plus_millis(n * 10_000),
        energy: SocketJoules::from_iter([(SocketNumber::new(0).unwrap(), Joules(-40_000))]),
    });
    let solar =
        Container { hub: hub(1), sequence: 1, tick_length: TickLength::DEFAULT, ticks: ticks.collect() };
    server.store(&[solar]).await;
    let mut with_feed_in = tariff("2012-01-01", &[band(300_000_000, "00:00", "24:00")]);
    with_feed_in["feed_in_n"] = json!(80_000_000);
    server.set(json!({ "tariffs": [with_feed_in] })).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let answer = priced(&server, &token, ("2012-01-16T00:00:00Z", "2012-01-16T01:00:00Z"), "1h").await;
    // 3.6 MJ are a kWh.
    assert_eq!(answer["total"]["total_j"], -3_600_000);
    assert_eq!(answer["total"]["total_cost_n"], -80_000_000);
}
