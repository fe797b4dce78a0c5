//! Files with everything in them.

use domain::{TickLength, TimeRange};
use reqwest::{Method, StatusCode};
use serde_json::Value;
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
async fn an_empty_home_gives_an_empty_file() {
    let server = Server::start(utc("2012-02-01T00:00:00Z")).await;
    let token = server.token("UTC", &[]);
    assert_eq!(server.see(&token, &format!("export?{RANGE}&format=json")).await, serde_json::json!([]));
}
