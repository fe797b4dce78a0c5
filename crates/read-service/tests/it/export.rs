//! Files with everything in them.

use domain::{TickLength, TimeRange};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};

use crate::server::{Server, always, household, utc};

const DAY: i64 = 86_400_000;
const RANGE: &str = "from=2012-01-01T00:00:00%2B01:00&to=2012-02-20T00:00:00%2B01:00";

/// Two days in the middle of the range, the first of which is rolled up.
async fn home() -> (Server, String) {
    let server = Server::start(utc("2012-02-01T00:00:00Z")).await;
    let minute = TickLength::from_secs(60).unwrap();
    server.store(&[ContainerBuilder::new(hub(1)).tick_length(minute).ticks(2_880).build()]).await;
    server.roll_up(hub(1), TimeRange::new(RECORDED_DAY, RECORDED_DAY.plus_millis(DAY))).await;
    server.label(hub(1), &[(0, "Fridge, big", Some("Kitchen"))]).await;
    let token = server.token("Europe/Berlin", &[always(hub(1))]);
    (server, token)
}

#[tokio::test]
async fn the_rows_of_a_file_add_up_to_the_answer_in_the_page() {
    let (server, token) = home().await;
    let usage = server.usage(&token, "2012-01-01T00:00:00+01:00", "2012-02-20T00:00:00+01:00", "1d").await;
    for bucket in ["tick", "15m", "1h", "1d"] {
        let rows = server.see(&token, &format!("export?{RANGE}&bucket={bucket}&format=json")).await;
        let rows = rows.as_array().unwrap();
        let sum: i64 = rows.iter().map(|row| row["energy_j"].as_i64().unwrap()).sum();
        assert_eq!(sum, usage["total"]["total_j"].as_i64().unwrap(), "{bucket}");
        assert!(rows.is_sorted_by_key(|row| utc(row["start"].as_str().unwrap())));
        let named: Vec<&Value> = rows.iter().filter(|row| row["socket"] == 0).collect();
        assert!(named.iter().all(|row| row["name"] == "Fridge, big" && row["room"] == "Kitchen"));
        // 2,880 minutes of three sockets, which are in three days of Berlin.
        let expected = match bucket {
            "tick" => 3 * 2_880,
            "15m" => 3 * 192,
            "1h" => 3 * 48,
            _ => 3 * 3,
        };
        assert_eq!(rows.len(), expected, "{bucket}");
    }
}

#[tokio::test]
async fn a_file_for_a_spreadsheet_has_a_header_a_name_and_local_times() {
    let (server, token) = home().await;
    let path = format!("/v1/households/{}/export?{RANGE}&bucket=1d", household());
    let response = server.request(Method::GET, &path).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(disposition, "attachment; filename=\"wattline-2012-01-01-2012-02-02.csv\"");
    let text = response.text().await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "start,hub,socket,name,room,energy_wh,coverage");
    let first = format!("2012-01-16T00:00:00+01:00,{},0,\"Fridge, big\",Kitchen,", hub(1));
    assert!(lines[1].starts_with(&first), "{}", lines[1]);
    assert_eq!(lines.len(), 1 + 9);
}

#[tokio::test]
async fn the_costs_of_a_file_are_those_of_the_page() {
    let (server, token) = home().await;
    let band = json!({
        "name": "Always", "price_n": 340_000_001, "from": "00:00", "to": "24:00",
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    });
    let tariff = json!({ "valid_from": "2012-01-17", "name": "Home", "bands": [band], "standing_n": 0 });
    server.set(json!({ "tariffs": [tariff] })).await;
    let question = [
        ("from", "2012-01-01T00:00:00+01:00"),
        ("to", "2012-02-20T00:00:00+01:00"),
        ("bucket", "1d"),
        ("cost", "true"),
    ];
    let page = server.ask(&token, &question).await.body;
    for bucket in ["1d", "15m"] {
        let rows = server.see(&token, &format!("export?{RANGE}&bucket={bucket}&format=json&cost=true")).await;
        let rows = rows.as_array().unwrap();
        let sum: i64 = rows.iter().filter_map(|row| row["cost_n"].as_i64()).sum();
        let expected = page["total"]["total_cost_n"].as_i64().unwrap();
        // Each row is rounded to a billionth.
        assert!((sum - expected).abs() <= 600, "{bucket}: {sum} and {expected}");
        // Before the tariff there is no cost, and that is not nothing.
        let first_day = rows.iter().filter(|row| row["start"].as_str().unwrap() < "2012-01-17");
        assert!(first_day.into_iter().all(|row| row["cost_n"].is_null() && row["currency"] == "EUR"));
    }
    let path = format!("/v1/households/{}/export?{RANGE}&bucket=1d&cost=true", household());
    let text =
        server.request(Method::GET, &path).bearer_auth(&token).send().await.unwrap().text().await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with(",coverage,cost_eur") && lines[1].ends_with(','), "{text}");
    let cost: f64 = lines[4].rsplit(',').next().unwrap().parse().unwrap();
    assert!(cost > 0.0, "{text}");
}

#[tokio::test]
async fn one_socket_and_its_gaps_can_be_taken_alone() {
    let (server, token) = home().await;
    let only = format!("hub={}&socket=0", hub(1));
    let alone = server.see(&token, &format!("export?{RANGE}&bucket=1h&format=json&{only}")).await;
    let alone = alone.as_array().unwrap();
    assert_eq!(alone.len(), 48);
    assert!(alone.iter().all(|row| row["socket"] == 0 && row["energy_j"].is_i64()));

    // Two days of it are missing, and then it is measured again.
    let minute = TickLength::from_secs(60).unwrap();
    let again = RECORDED_DAY.plus_millis(4 * DAY);
    server
        .store(&[ContainerBuilder::new(hub(1)).begin(again).tick_length(minute).ticks(1_440).build()])
        .await;
    for (bucket, hours) in [("15m", 4), ("1h", 1)] {
        let question = format!("export?{RANGE}&bucket={bucket}&format=json&{only}&gaps=true");
        let rows = server.see(&token, &question).await;
        let rows = rows.as_array().unwrap();
        let measured = rows.iter().filter(|row| row["energy_j"].is_i64()).count();
        let gaps: Vec<&Value> = rows.iter().filter(|row| row["energy_j"].is_null()).collect();
        assert!(rows.is_sorted_by_key(|row| utc(row["start"].as_str().unwrap())), "{bucket}");
        assert!(gaps.iter().all(|row| row["coverage"] == 0.0 && row["name"] == "Fridge, big"), "{bucket}");
        assert_eq!((measured, gaps.len()), (72 * hours, 48 * hours));
        let gap = |at: usize| utc(gaps[at]["start"].as_str().unwrap());
        assert_eq!(gap(0), RECORDED_DAY.plus_millis(2 * DAY), "{bucket}");
        assert!(gap(gaps.len() - 1) < again, "{bucket}");
    }
}

#[tokio::test]
async fn an_empty_home_gives_an_empty_file() {
    let server = Server::start(utc("2012-02-01T00:00:00Z")).await;
    let token = server.token("UTC", &[]);
    assert_eq!(server.see(&token, &format!("export?{RANGE}&format=json")).await, serde_json::json!([]));
}
