//! Weeks, months and years, in the zones that make them hard.

use domain::{TickLength, TimeRange};
use serde_json::Value;
use testkit::containers::{ContainerBuilder, hub};

use crate::expected;
use crate::server::{Server, always, utc};

/// Hours of each bucket.
fn lengths(answer: &Value) -> Vec<i64> {
    let mut edges: Vec<i64> =
        answer["starts"].as_array().unwrap().iter().map(|start| start.as_i64().unwrap()).collect();
    edges.push(utc(answer["to"].as_str().unwrap()).secs());
    edges.windows(2).map(|pair| (pair[1] - pair[0]) / 3_600).collect()
}

async fn with_a_year(zone: &str) -> (Server, String, Vec<domain::Container>) {
    let server = Server::start(utc("2028-12-31T12:00:00Z")).await;
    // Two days around each change of the clocks in Berlin, the leap day, and the turn of the year.
    let mut containers = Vec::new();
    for begin in
        ["2027-12-31T00:00:00Z", "2028-02-28T00:00:00Z", "2028-03-25T12:00:00Z", "2028-10-28T12:00:00Z"]
    {
        let minute = TickLength::from_secs(60).unwrap();
        let container = ContainerBuilder::new(hub(1))
            .begin(utc(begin))
            .tick_length(minute)
            .sockets(2)
            .ticks(2_880)
            .build();
        server.roll_up(hub(1), TimeRange::new(utc(begin), utc(begin).plus_millis(1))).await;
        containers.push(container);
    }
    server.store(&containers).await;
    for container in &containers {
        let (first, last) = (container.ticks[0].start, container.ticks[container.ticks.len() - 1].start);
        server.roll_up(hub(1), TimeRange::new(first, last.plus_millis(1))).await;
    }
    let token = server.token(zone, &[always(hub(1))]);
    (server, token, containers)
}

#[tokio::test]
async fn months_of_berlin_have_an_hour_less_in_march_and_one_more_in_october() {
    let (server, token, containers) = with_a_year("Europe/Berlin").await;
    let answer = server.usage(&token, "2028-01-01T00:00:00+01:00", "2029-01-01T00:00:00+01:00", "1mo").await;
    let days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut hours = days.map(|days| days * 24).to_vec();
    hours[2] -= 1;
    hours[9] += 1;
    assert_eq!(lengths(&answer), hours);
    expected::check(&answer, &containers, &[always(hub(1))], utc("2028-12-31T12:00:00Z"));
    let weeks = server.usage(&token, "2028-03-22T00:00:00+01:00", "2028-03-28T00:00:00+02:00", "1w").await;
    assert_eq!(lengths(&weeks), [7 * 24 - 1, 7 * 24]);
    assert_eq!(weeks["from"], "2028-03-19T23:00:00Z");
    expected::check(&weeks, &containers, &[always(hub(1))], utc("2028-12-31T12:00:00Z"));
}

#[tokio::test]
async fn a_leap_year_and_its_leap_day_are_whole() {
    for zone in ["Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns"] {
        let (server, token, containers) = with_a_year(zone).await;
        let grants = [always(hub(1))];
        let now = utc("2028-12-31T12:00:00Z");
        let years = server.usage(&token, "2027-06-01T00:00:00Z", "2028-06-01T00:00:00Z", "1y").await;
        assert_eq!(lengths(&years), [365 * 24, 366 * 24], "{zone}");
        expected::check(&years, &containers, &grants, now);
        let days = server.usage(&token, "2028-02-28T12:00:00Z", "2028-03-01T12:00:00Z", "1d").await;
        assert_eq!(lengths(&days), [24, 24, 24], "{zone}");
        expected::check(&days, &containers, &grants, now);
    }
}

#[tokio::test]
async fn days_of_kolkata_begin_at_half_past() {
    let (server, token, containers) = with_a_year("Asia/Kolkata").await;
    let answer = server.usage(&token, "2028-02-28T00:00:00+05:30", "2028-03-01T00:00:00+05:30", "1d").await;
    assert_eq!(answer["from"], "2028-02-27T18:30:00Z");
    expected::check(&answer, &containers, &[always(hub(1))], utc("2028-12-31T12:00:00Z"));
}

#[tokio::test]
async fn another_period_stands_beside_the_one_that_is_asked_for() {
    let (server, token, _) = with_a_year("Europe/Berlin").await;
    let ask = async |from: &str, to: &str, with: &str| {
        let question = [("from", from), ("to", to), ("bucket", "1d"), ("compare", with)];
        server.ask(&token, &question).await.body
    };
    let answer = ask("2028-02-29T00:00:00+01:00", "2028-03-01T00:00:00+01:00", "previous").await;
    let before = server.usage(&token, "2028-02-28T00:00:00+01:00", "2028-02-29T00:00:00+01:00", "1d").await;
    assert_eq!(answer["compare"]["total_j"], before["total"]["total_j"]);
    assert_eq!(answer["compare"]["coverage"], before["total"]["coverage"]);
    assert_eq!(answer["compare"]["from"], "2028-02-27T23:00:00Z");
    // The day before was measured from one o'clock on: the first hour of the day is compared with nothing.
    let hours = async |from, to| {
        server.usage(&token, from, to, "1h").await["total"]["energy_j"].as_array().unwrap().clone()
    };
    let here = hours("2028-02-29T00:00:00+01:00", "2028-03-01T00:00:00+01:00").await;
    let there = hours("2028-02-28T00:00:00+01:00", "2028-02-29T00:00:00+01:00").await;
    let sum = |hours: &[serde_json::Value]| hours.iter().map(|joules| joules.as_i64().unwrap()).sum::<i64>();
    assert!(there[0].is_null() && here[0].as_i64().unwrap() > 0);
    assert_eq!(answer["compare"]["both"]["energy_j"], sum(&here[1..]));
    assert_eq!(answer["compare"]["both"]["compared_energy_j"], sum(&there[1..]));
    let answer = ask("2028-12-31T00:00:00+01:00", "2029-01-01T00:00:00+01:00", "year").await;
    let before = server.usage(&token, "2027-12-31T00:00:00+01:00", "2028-01-01T00:00:00+01:00", "1d").await;
    assert_eq!(answer["compare"]["energy_j"], before["total"]["energy_j"]);
    assert!(answer["compare"]["total_j"].as_i64().unwrap() > 0);
    // A period in which nothing was measured is gaps.
    let answer = ask("2028-06-02T00:00:00+02:00", "2028-06-03T00:00:00+02:00", "previous").await;
    assert_eq!(answer["compare"]["energy_j"], serde_json::json!([null]));
    assert_eq!(answer["compare"]["both"], serde_json::Value::Null);
}
