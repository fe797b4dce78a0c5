use std::time::Duration;

use serde_json::Value;
use testkit::reference::assert_exact;
use testkit::servers::ServerError;
use testkit::system::{HUB, System};
use testkit::wait;

use crate::recorded_home::RecordedHome;

/// How long a part is away.
const AWAY: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_mins(3);

struct Part {
    name: &'static str,
    kill: fn(&mut System),
    restart: fn(&mut System) -> Result<(), ServerError>,
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_is_killed_in_turn_and_not_a_joule_is_missing() {
    // A day in about 45 s, so that every part dies in the middle of it.
    let mut home = RecordedHome::start("1920").await;
    let expected = home.expected();
    let total: i64 = expected.iter().flat_map(|quarters| quarters.values()).sum();

    let parts = [
        Part { name: "write-service", kill: |s| s.write.kill(), restart: |s| s.write.restart() },
        Part { name: "agent", kill: |s| s.agent.kill(), restart: |s| s.agent.restart() },
        Part { name: "InfluxDB", kill: |s| s.influxdb.kill(), restart: |s| s.influxdb.restart() },
        // Last: on a busy machine it takes so long to come back that the day would be over for whoever came after it.
        Part { name: "RabbitMQ", kill: |s| s.rabbitmq.kill(), restart: |s| s.rabbitmq.restart() },
    ];
    for (number, Part { name, kill, restart }) in parts.into_iter().enumerate() {
        let wanted = 16 * (number + 1);
        wait::until(PATIENCE, "the day goes on", async || {
            (stored_quarters(&home).await >= wanted).then_some(())
        })
        .await;
        assert!(stored_quarters(&home).await < 96, "the day was over before {name} could be killed");
        home = tokio::task::spawn_blocking(move || {
            kill(&mut home.system);
            // The fault itself, not a wait for something.
            std::thread::sleep(AWAY);
            restart(&mut home.system).unwrap_or_else(|error| panic!("{name} does not come back: {error}"));
            println!("{name} was killed after {wanted} quarter hours and is back");
            home
        })
        .await
        .expect("killing does not panic");
    }

    let usage = wait::until(PATIENCE, "the whole day is stored", async || {
        home.usage().await.ok().filter(|usage| usage.total.total_j == total)
    })
    .await;
    assert_exact(&usage, &expected);
    assert_eq!(points(&home).await, home.expected_ticks(), "one point per tick, none twice");
    wait::until(PATIENCE, "the queues are empty", async || (waiting(&home) == 0).then_some(())).await;
}

async fn stored_quarters(home: &RecordedHome) -> usize {
    home.usage().await.map_or(0, |usage| usage.total.energy_j.iter().flatten().count())
}

/// What InfluxDB itself counts.
async fn points(home: &RecordedHome) -> usize {
    let question = format!("SELECT count(dt) FROM energy WHERE hub = '{HUB}'");
    let address =
        format!("{}/query?db=wattline&q={}", home.system.influxdb.url(), question.replace(' ', "%20"));
    let answer = testkit::client::get_json(&address).await.expect("InfluxDB answers");
    let count = &answer["results"][0]["series"][0]["values"][0][1];
    usize::try_from(count.as_u64().unwrap_or_else(|| panic!("no count in {answer}"))).expect("it is small")
}

/// Containers in all queues, the dead letters included.
fn waiting(home: &RecordedHome) -> u64 {
    let answer = home.system.rabbitmq.ctl(&["list_queues", "name", "messages", "--formatter", "json"]);
    let queues: Value = serde_json::from_str(&answer.expect("RabbitMQ answers")).expect("it is JSON");
    let queues = queues.as_array().expect("a list of queues");
    assert!(queues.iter().any(|queue| queue["name"] == "telemetry.dead"), "{queues:?}");
    queues.iter().filter_map(|queue| queue["messages"].as_u64()).sum()
}
