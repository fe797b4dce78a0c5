//! Rooms, plugs that were replaced, and sockets that are one.

use domain::{Container, Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, UtcMillis};
use serde_json::{Value, json};
use testkit::containers::{ContainerBuilder, RECORDED_DAY, hub};

use crate::server::{Server, always, utc};

const RANGE: (&str, &str) = ("2012-01-16T00:00:00Z", "2012-01-16T04:00:00Z");

/// One joule a minute for each socket's number plus one.
fn minutes(begin: i64, count: i64, sockets: &[u8]) -> Container {
    let ticks = (begin..begin + count).map(|minute| TickEnergy {
        start: RECORDED_DAY.plus_millis(minute * 60_000),
        energy: sockets
            .iter()
            .map(|&number| (SocketNumber::new(number).unwrap(), Joules(i64::from(number) + 1)))
            .collect::<SocketJoules>(),
    });
    Container {
        hub: hub(1),
        sequence: 1,
        tick_length: TickLength::from_secs(60).unwrap(),
        ticks: ticks.collect(),
    }
}

fn succession(from: u8, into: u8, until: Option<UtcMillis>) -> Value {
    let hub = hub(1).to_string();
    json!({ "hub": hub, "socket": from, "into_hub": hub, "into_socket": into, "until": until.map(UtcMillis::secs) })
}

/// Number and energy of each socket, in hours.
async fn energies(server: &Server, token: &str) -> Vec<(u64, Value)> {
    let answer = server.usage(token, RANGE.0, RANGE.1, "1h").await;
    let sockets = answer["sockets"].as_array().unwrap();
    sockets.iter().map(|socket| (socket["socket"].as_u64().unwrap(), socket["energy_j"].clone())).collect()
}

#[tokio::test]
async fn the_plug_that_replaces_another_shows_its_history() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    // Socket 3 measured for two hours; then 7 took over, and 3 measures something else.
    server.store(&[minutes(0, 120, &[3]), minutes(120, 120, &[3, 7])]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let before = energies(&server, &token).await;
    let until = RECORDED_DAY.plus_millis(2 * 3_600_000);
    server.set(json!({ "successions": [succession(3, 7, Some(until))] })).await;
    for rolled_up in [false, true] {
        if rolled_up {
            server.roll_up(hub(1), domain::TimeRange::new(RECORDED_DAY, until)).await;
        }
        let after = energies(&server, &token).await;
        assert_eq!(
            after,
            [(3, json!([null, null, 240, 240])), (7, json!([240, 240, 480, 480]))],
            "rolled up: {rolled_up}"
        );
    }
    // Undone, everything is as it was.
    server.set(json!({})).await;
    assert_eq!(energies(&server, &token).await, before);
}

#[tokio::test]
async fn one_socket_tick_by_tick_is_its_row_of_the_home_whoever_measured_it() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    server.store(&[minutes(0, 120, &[3, 5]), minutes(120, 60, &[3, 5, 7]), minutes(180, 60, &[5])]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let until = RECORDED_DAY.plus_millis(2 * 3_600_000);
    server.set(json!({ "successions": [succession(3, 7, Some(until))] })).await;
    let range = [("from", RANGE.0), ("to", RANGE.1), ("bucket", "tick")];
    let home = server.ask(&token, &range).await.body;
    for number in [3, 5, 7] {
        let text = number.to_string();
        for of_hub in [None, Some(hub(1).to_string())] {
            let mut question = range.to_vec();
            question.push(("socket", &text));
            question.extend(of_hub.as_deref().map(|hub| ("hub", hub)));
            let alone = server.ask(&token, &question).await.body;
            let row = |sockets: &Value| {
                let mut all = sockets.as_array().unwrap().iter();
                all.find(|row| row["socket"] == number).cloned().unwrap()
            };
            assert_eq!(alone["sockets"], json!([row(&home["sockets"])]), "{number}");
            assert_eq!(
                (&alone["starts"], &alone["bucket_s"]),
                (&home["starts"], &home["bucket_s"]),
                "{number}"
            );
        }
    }
}

#[tokio::test]
async fn merged_sockets_are_one_row_and_the_home_stays_the_same() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    server.store(&[minutes(0, 240, &[1, 2]), minutes(0, 120, &[4])]).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let before = server.usage(&token, RANGE.0, RANGE.1, "1d").await;
    server.set(json!({ "successions": [succession(4, 1, None)] })).await;
    assert_eq!(
        energies(&server, &token).await,
        [(1, json!([420, 420, 120, 120])), (2, json!([180, 180, 180, 180]))]
    );
    let after = server.usage(&token, RANGE.0, RANGE.1, "1d").await;
    assert_eq!(after["total"]["total_j"], before["total"]["total_j"]);
    // Asked for by the number that they are shown under.
    let only = server.ask(&token, &[("from", RANGE.0), ("to", RANGE.1), ("socket", "1")]).await.body;
    assert_eq!(only["total"]["total_j"], 420 + 420 + 240);
    let gone = server.ask(&token, &[("from", RANGE.0), ("to", RANGE.1), ("socket", "4")]).await.body;
    assert_eq!(gone["sockets"], json!([]));
}

#[tokio::test]
async fn rooms_are_the_sums_of_their_sockets() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    server.store(&[minutes(0, 240, &[0, 1, 2, 3])]).await;
    let labels = [(0, "Fridge", Some("Kitchen")), (1, "Kettle", Some("Kitchen")), (2, "Lamp", Some("Hall"))];
    server.label(hub(1), &labels).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let question = [("from", RANGE.0), ("to", RANGE.1), ("bucket", "1h"), ("group", "room")];
    let answer = server.ask(&token, &question).await.body;
    let rooms: Vec<(Value, Value, Value)> = answer["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| (room["room"].clone(), room["energy_j"].clone(), room["total_coverage"].clone()))
        .collect();
    let hour = |joules: i64| json!([joules, joules, joules, joules]);
    assert_eq!(
        rooms,
        [
            (json!("Hall"), hour(180), json!(1.0)),
            (json!("Kitchen"), hour(180), json!(1.0)),
            (json!(null), hour(240), json!(1.0)),
        ]
    );
    assert_eq!(answer["sockets"], json!([]));
    assert_eq!(answer["total"]["total_j"], 4 * 600);
    let home = [("from", RANGE.0), ("to", RANGE.1), ("group", "home")];
    let answer = server.ask(&token, &home).await.body;
    assert_eq!((&answer["sockets"], &answer["rooms"]), (&json!([]), &Value::Null));
    assert_eq!(answer["total"]["total_j"], 4 * 600);
}

#[tokio::test]
async fn all_64_sockets_of_a_hub_are_there() {
    let server = Server::start(utc("2012-01-17T00:00:00Z")).await;
    let container = ContainerBuilder::new(hub(1)).sockets(64).ticks(720).build();
    server.store(std::slice::from_ref(&container)).await;
    let token = server.token("UTC", &[always(hub(1))]);
    let answer = server.usage(&token, RANGE.0, RANGE.1, "1h").await;
    assert_eq!(answer["sockets"].as_array().unwrap().len(), 64);
    assert_eq!(answer["total"]["total_j"], container.total().0);
}
