//! Standby, what is usual, how long how much, and the figures for other programs.

use domain::{Container, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, TimeRange, UtcMillis};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::containers::hub;

use crate::server::{Server, always, household, utc};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Minutes of `watts`, one value a socket, for whole hours.
fn hours(begin: UtcMillis, hours: i64, watts: &[i64]) -> Container {
    let ticks = (0..hours * 60).map(|minute| TickEnergy {
        start: begin.plus_millis(minute * 60_000),
        energy: (0u8..)
            .zip(watts)
            .map(|(number, watts)| (SocketNumber::new(number).unwrap(), Joules(watts * 60)))
            .collect::<SocketJoules>(),
    });
    Container {
        hub: hub(1),
        sequence: 1,
        tick_length: TickLength::from_secs(60).unwrap(),
        ticks: ticks.collect(),
    }
}

fn flat_tariff() -> Value {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let band =
        json!({ "name": "All day", "price_n": 300_000_000, "from": "00:00", "to": "24:00", "days": week });
    json!({ "tariffs": [{ "valid_from": "2026-01-01", "name": "Home", "bands": [band] }] })
}

#[tokio::test]
async fn standby_is_the_level_that_is_never_gone_under_and_gaps_do_not_count() {
    let now = utc("2026-11-20T12:00:00Z");
    let server = Server::start(now).await;
    let day = |days: i64| now.plus_millis(-days * DAY);
    // On for an hour, idle for one, then not measured at all; 40 days ago it was lower.
    server
        .store(&[
            hours(day(40), 2, &[1, 50]),
            hours(day(3), 1, &[900, 50]),
            hours(day(2), 1, &[4, 60]),
            hours(day(1), 1, &[7, 50]),
        ])
        .await;
    server.set(flat_tariff()).await;
    let token = server.token("Europe/Berlin", &[always(hub(1))]);
    for rolled_up in [false, true] {
        if rolled_up {
            server.roll_up(hub(1), TimeRange::new(day(41), now)).await;
        }
        let answer = server.see(&token, "sockets").await;
        let socket = &answer["sockets"][0];
        assert_eq!(socket["standby_w"], 4.0, "{answer}");
        // 4 W × 8,766 h × 0.30 €/kWh.
        assert_eq!(socket["standby_year_n"], 10_519_200_000_i64);
        assert_eq!(socket["peak_30d_w"], 900.0);
        assert_eq!(socket["energy_30d_j"], 911 * 3_600);
        assert_eq!(socket["energy_year_j"], 913 * 3_600);
        assert_eq!(socket["first_seen"], day(40).secs());
        assert_eq!(socket["last_seen"], day(1).plus_millis(HOUR).secs());
        assert_eq!(socket["cost_30d_n"], 911 * 300_000);
        assert_eq!(answer["sockets"][1]["standby_w"], 50.0);
        assert_eq!(answer["currency"], "EUR");
        let today = server.see(&token, "today").await;
        assert_eq!(today["standby_w"], 54.0);
        assert_eq!(today["standby_year_n"], (4 + 50) * 8_766 * 300_000_i64);
    }
}

#[tokio::test]
async fn what_is_usual_is_the_median_of_the_same_weekdays_up_to_this_time() {
    // A Friday, 10:00 in Kolkata.
    let now = utc("2026-11-20T10:00:00+05:30");
    let server = Server::start(now).await;
    let midnight = |weeks: i64| utc("2026-11-20T00:00:00+05:30").plus_millis(-7 * weeks * DAY);
    // Three Fridays at 100, 200 and 300 W, which go on after ten; one was hardly measured. Thursdays do not matter.
    server
        .store(&[
            hours(midnight(0), 10, &[250]),
            hours(midnight(1), 24, &[100]),
            hours(midnight(2), 24, &[300]),
            hours(midnight(3), 24, &[200]),
            hours(midnight(4), 2, &[9_000]),
            hours(midnight(1).plus_millis(-DAY), 24, &[5_000]),
        ])
        .await;
    let token = server.token("Asia/Kolkata", &[always(hub(1))]);
    let today = server.see(&token, "today").await;
    assert_eq!(today["energy_j"], 250 * 36_000);
    assert_eq!(today["usual_j"], 200 * 36_000);
    assert_eq!(today["coverage"], 1.0);
    assert_eq!((&today["cost_n"], &today["currency"]), (&Value::Null, &Value::Null));
    server.set(flat_tariff()).await;
    let today = server.see(&token, "today").await;
    assert_eq!(today["cost_n"], 2_500 * 300_000_i64);
}

#[tokio::test]
async fn today_has_the_present_power_of_the_home_and_of_each_socket() {
    let now = utc("2026-11-20T12:00:30Z");
    let server = Server::start(now).await;
    server.store(&[hours(utc("2026-11-20T00:00:00Z"), 12, &[100, 0, -40])]).await;
    server.label(hub(1), &[(0, "Television", Some("Living room"))]).await;
    server.set(flat_tariff()).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let today = server.see(&token, "today").await;
    assert_eq!(today["power_w"], 60.0);
    let id = hub(1).to_string();
    assert_eq!(
        today["sockets"],
        json!([
            { "hub": id, "socket": 0, "name": "Television", "room": "Living room", "power_w": 100.0,
              "energy_j": 4_320_000, "cost_n": 360_000_000 },
            { "hub": id, "socket": 1, "name": null, "room": null, "power_w": 0.0, "energy_j": 0, "cost_n": 0 },
            { "hub": id, "socket": 2, "name": null, "room": null, "power_w": -40.0, "energy_j": -1_728_000,
              "cost_n": 0 },
        ])
    );
    // An hour later nothing is known of the present, and what was measured stays.
    server.clock.set(now.plus_millis(HOUR));
    let today = server.see(&server.token("UTC", &[always(hub(1))]), "today").await;
    assert_eq!((&today["power_w"], &today["sockets"][0]["power_w"]), (&Value::Null, &Value::Null));
    assert_eq!(today["sockets"][0]["energy_j"], 4_320_000);
}

#[tokio::test]
async fn the_load_duration_curve_counts_measured_quarter_hours_only() {
    let now = utc("2026-11-20T12:00:00Z");
    let server = Server::start(now).await;
    let begin = utc("2026-11-18T00:00:00Z");
    server.store(&[hours(begin, 1, &[3_000]), hours(begin.plus_millis(8 * HOUR), 3, &[100])]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let question = "duration?from=2026-11-18T00:00:00Z&to=2026-11-20T00:00:00Z";
    let answer = server.see(&token, question).await;
    assert_eq!(answer["quarter_hours"], 16);
    let power = answer["power_w"].as_array().unwrap();
    assert_eq!(power.len(), 101);
    assert_eq!((&power[0], &power[100]), (&json!(3_000.0), &json!(100.0)));
    assert_eq!(power.iter().filter(|power| **power == json!(3_000.0)).count(), 27);
    let empty = server.see(&token, "duration?from=2026-10-18T00:00:00Z&to=2026-10-20T00:00:00Z").await;
    assert_eq!((&empty["quarter_hours"], &empty["power_w"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn prometheus_gets_the_present_figures_of_each_socket() {
    let now = utc("2026-11-20T12:00:30Z");
    let server = Server::start(now).await;
    server.store(&[hours(utc("2026-11-20T00:00:00Z"), 12, &[100, 0])]).await;
    server.label(hub(1), &[(0, "TV \"big\"", Some("Living room"))]).await;
    server.set(flat_tariff()).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let text = server.see(&token, "metrics").await;
    let text = text.as_str().unwrap();
    let labels = format!("hub=\"{}\",socket=\"0\",name=\"TV \\\"big\\\"\",room=\"Living room\"", hub(1));
    for line in [
        "# TYPE wattline_power_watts gauge".to_owned(),
        format!("wattline_power_watts{{{labels}}} 100"),
        format!("wattline_energy_today_joules{{{labels}}} 4320000"),
        format!("wattline_cost_today{{{labels},currency=\"EUR\"}} 0.36"),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    // An hour later nothing is known of the present.
    server.clock.set(now.plus_millis(HOUR));
    let token = server.token("UTC", &[always(hub(1))]);
    let text = server.see(&token, "metrics").await;
    assert!(!text.as_str().unwrap().contains("wattline_power_watts{"));
}

#[tokio::test]
async fn a_token_opens_only_what_its_scope_says() {
    let server = Server::start(utc("2026-11-20T12:00:00Z")).await;
    let claims = |scope: &str| {
        let mut claims = server.claims("UTC", &[always(hub(1))]);
        scope.clone_into(&mut claims.scope);
        server.key.sign(&claims)
    };
    let reading =
        ["usage?from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z", "sockets", "bills", "today", "metrics"];
    for question in reading {
        let path = format!("/v1/households/{}/{question}", household());
        assert_eq!(server.get(&path, &claims("usage")).await.status, StatusCode::OK, "{question}");
        for scope in ["live", "manage", "", "usages"] {
            assert_eq!(server.get(&path, &claims(scope)).await.status, StatusCode::FORBIDDEN, "{question}");
        }
    }
    let path = format!("/v1/households/{}/live", household());
    assert_eq!(server.get(&path, &claims("usage")).await.status, StatusCode::FORBIDDEN);
}
