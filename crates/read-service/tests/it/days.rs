use domain::TickLength;
use serde_json::Value;
use testkit::containers::{ContainerBuilder, hub};

use crate::expected;
use crate::server::{Server, always, utc};

fn starts(answer: &Value) -> Vec<i64> {
    answer["starts"].as_array().unwrap().iter().map(|start| start.as_i64().unwrap()).collect()
}

#[tokio::test]
async fn days_of_berlin_have_23_and_25_hours() {
    let now = utc("2026-12-01T00:00:00Z");
    let server = Server::start(now).await;
    let grants = [always(hub(1))];
    let token = server.token("Europe/Berlin", &grants);
    for (begin, from, to, hours) in [
        ("2026-03-27T00:00:00Z", "2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", [24, 23, 24]),
        ("2026-10-23T00:00:00Z", "2026-10-24T00:00:00+02:00", "2026-10-27T00:00:00+01:00", [24, 25, 24]),
    ] {
        // Five days of minutes in two containers.
        let minutes = |sequence| {
            ContainerBuilder::new(hub(1))
                .begin(utc(begin))
                .sequence(sequence)
                .tick_length(TickLength::from_secs(60).unwrap())
                .ticks(3_600)
                .build()
        };
        let containers = [minutes(1), minutes(2)];
        server.store(&containers).await;

        let days = server.usage(&token, from, to, "1d").await;
        let mut edges = starts(&days);
        edges.push(utc(days["to"].as_str().unwrap()).secs());
        let lengths: Vec<i64> = edges.windows(2).map(|pair| (pair[1] - pair[0]) / 3_600).collect();
        assert_eq!(lengths, hours);
        expected::check(&days, &containers, &grants, now);
        let all_there: Vec<f64> =
            days["sockets"][0]["coverage"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
        assert_eq!(all_there, [1.0; 3]);

        let in_hours = server.usage(&token, from, to, "1h").await;
        assert_eq!(i64::try_from(starts(&in_hours).len()).unwrap(), hours.iter().sum::<i64>());
        expected::check(&in_hours, &containers, &grants, now);
        assert_eq!(in_hours["total"]["total_j"], days["total"]["total_j"]);
    }
}

#[tokio::test]
async fn hours_of_kathmandu_begin_at_a_quarter_past() {
    let now = utc("2026-12-01T00:00:00Z");
    let server = Server::start(now).await;
    let containers = [ContainerBuilder::new(hub(1)).begin(utc("2026-11-20T18:00:00Z")).ticks(4_000).build()];
    server.store(&containers).await;
    let grants = [always(hub(1))];
    let token = server.token("Asia/Kathmandu", &grants);
    let answer = server.usage(&token, "2026-11-21T00:00:00+05:45", "2026-11-21T06:00:00+05:45", "1h").await;
    assert_eq!(starts(&answer).len(), 6);
    assert!(starts(&answer).iter().all(|start| start % 3_600 == 900));
    assert_eq!(answer["from"], "2026-11-20T18:15:00Z");
    expected::check(&answer, &containers, &grants, now);
    let day = server.usage(&token, "2026-11-21T03:00:00+05:45", "2026-11-21T04:00:00+05:45", "1d").await;
    assert_eq!((&day["from"], &day["to"]), (&"2026-11-20T18:15:00Z".into(), &"2026-11-21T18:15:00Z".into()));
    expected::check(&day, &containers, &grants, now);
}
