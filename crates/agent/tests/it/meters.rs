use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ::meters::Entry;
use agent::{Config, Status};
use domain::transport::ContainerPublisher;
use domain::{Joules, SocketNumber};
use testkit::servers::Mosquitto;
use testkit::wait;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::support::{Collector, TokioClock, config, utc};

/// Of the hub's clock.
const SPEED: i64 = 20;
const LIMIT: Duration = Duration::from_mins(1);
const TOPIC: &str = "plug/status/switch:0";

fn with_plug(folder: &Path, broker: &Mosquitto) -> Config {
    let sensors = "[[sensors]]\nsocket = 3\nshelly2 = { prefix = \"plug\", poll_secs = 0 }";
    let table: toml::Table =
        format!("tick_secs = 1\n{sensors}\n[mqtt]\nurl = {:?}", broker.url()).parse().unwrap();
    let meters: Config = table.try_into().unwrap();
    Config { spool: config(folder).spool, ..meters }
}

fn counted(watt_hours: f64) -> String {
    format!(r#"{{"apower":600,"aenergy":{{"total":{watt_hours}}}}}"#)
}

/// What the store has of the socket in the end: the same tick from later replaces the one from before.
fn stored(collector: &Collector) -> Joules {
    let mut ticks = std::collections::BTreeMap::new();
    for container in collector.containers().into_values() {
        for tick in container.ticks {
            if let Some(joules) = tick.energy.get(SocketNumber::new(3).unwrap()) {
                ticks.insert(tick.start, joules);
            }
        }
    }
    ticks.into_values().sum()
}

/// An agent that runs until something holds, and is then stopped.
async fn measure(
    config: Config,
    clock: Arc<TokioClock>,
    collector: &Arc<Collector>,
    ask: impl AsyncFn(&Status) -> bool,
) {
    let prepared = agent::prepare(config, clock).await.unwrap();
    let status = Arc::clone(&prepared.status);
    let stop = CancellationToken::new();
    let publisher: Arc<dyn ContainerPublisher> = Arc::clone(collector) as _;
    let running = tokio::spawn(agent::run(prepared.with(publisher), stop.clone()));
    wait::until(LIMIT, "it is measured", async || ask(&status).await.then_some(())).await;
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_plug_counts_while_the_agent_is_away_is_measured_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start().unwrap();
    let (clock, collector) = (TokioClock::fast(utc("2026-11-21T12:00:00Z"), SPEED), Collector::new());

    measure(with_plug(folder.path(), &broker), Arc::clone(&clock), &collector, async |status| {
        if status.meters().snapshot()[0].last_reading.is_none() {
            broker.publish(TOPIC, &counted(1_000.0)).unwrap();
        } else if status.snapshot().readings == 0 {
            tokio::time::sleep(Duration::from_millis(600)).await;
            broker.publish(TOPIC, &counted(1_001.0)).unwrap();
        }
        status.snapshot().ticks > 0
    })
    .await;
    let before = stored(&collector);
    assert!(before.0 > 0, "{before}");

    // Meanwhile it counts 10 Wh more.
    measure(with_plug(folder.path(), &broker), clock, &collector, async |status| {
        broker.publish(TOPIC, &counted(1_011.0)).unwrap();
        status.snapshot().readings > 0 && (stored(&collector).0 - 11 * 3_600).abs() <= 5
    })
    .await;
}

#[tokio::test]
async fn sensors_that_are_opened_anew_lose_nothing_of_a_counter() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start().unwrap();
    let collector = Collector::new();
    let clock = TokioClock::fast(utc("2026-11-21T12:00:00Z"), SPEED);
    let prepared = agent::prepare(with_plug(folder.path(), &broker), clock).await.unwrap();
    let (status, control) = (Arc::clone(&prepared.status), prepared.control());
    let stop = CancellationToken::new();
    let publisher: Arc<dyn ContainerPublisher> = Arc::clone(&collector) as _;
    let running = tokio::spawn(agent::run(prepared.with(publisher), stop.clone()));
    // In tenths of a Wh.
    let mut total = 10_000;
    let says = |total: i32| broker.publish(TOPIC, &counted(f64::from(total) / 10.0)).unwrap();
    wait::until(LIMIT, "it is heard", async || {
        says(total);
        status.meters().snapshot()[0].last_reading.map(drop)
    })
    .await;
    for reload in 0..4 {
        let goal = status.snapshot().readings + 2;
        wait::until(LIMIT, "it counts", async || {
            total += 5;
            says(total);
            // The next one is heard half a second of the hub's clock later at least.
            tokio::time::sleep(Duration::from_millis(100)).await;
            (status.snapshot().readings >= goal).then_some(())
        })
        .await;
        let mut config = with_plug(folder.path(), &broker);
        config.sensors[0].max_watts = Some(10_000 + reload);
        control.configure(config).await.unwrap().unwrap();
    }
    wait::until(LIMIT, "all that was counted is measured", async || {
        says(total);
        let missing = i64::from(total - 10_000) * 360 - stored(&collector).0;
        (missing.abs() <= 5).then_some(())
    })
    .await;
    assert_eq!(status.snapshot().refused, 0);
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_plug_counts_in_more_than_a_week_is_not_booked_but_said() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start().unwrap();
    let collector = Collector::new();
    let counts = async |status: &Status, first: f64, then: f64| {
        if status.meters().snapshot()[0].last_reading.is_none() {
            broker.publish(TOPIC, &counted(first)).unwrap();
        } else if status.snapshot().readings == 0 {
            tokio::time::sleep(Duration::from_millis(600)).await;
            broker.publish(TOPIC, &counted(then)).unwrap();
        }
        status.snapshot().ticks > 0
    };
    let clock = TokioClock::fast(utc("2026-11-12T12:00:00Z"), SPEED);
    measure(with_plug(folder.path(), &broker), clock, &collector, async |status| {
        counts(status, 1_000.0, 1_001.0).await
    })
    .await;
    let before = stored(&collector);

    // Nine days later it has counted 20 kWh more.
    let clock = TokioClock::fast(utc("2026-11-21T12:00:00Z"), SPEED);
    measure(with_plug(folder.path(), &broker), clock, &collector, async |status| {
        let goes_on = counts(status, 21_001.0, 21_002.0).await;
        let state = status.meters().snapshot().remove(0);
        if goes_on {
            // And perhaps some of the Wh before, whose tick had not ended.
            let watt_hours = (state.unbooked.energy.0 + 5_000_000) / 3_600_000_000;
            assert!(state.unbooked.times == 1 && (20_000..=20_001).contains(&watt_hours), "{state:?}");
            assert!(state.remark.unwrap().1.contains("kWh are not booked"));
        }
        goes_on
    })
    .await;
    let added = stored(&collector).0 - before.0;
    assert!((0..=3_605).contains(&added), "{added} J, of which only the last Wh was measured");
}

#[tokio::test]
async fn discover_prints_what_to_paste() {
    let broker = Mosquitto::start().unwrap();
    broker.publish_retained(TOPIC, &counted(1.0)).unwrap();
    broker.publish_retained("tele/washer/SENSOR", r#"{"ENERGY":{"Power":1,"Total":2}}"#).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.env_clear().args(["discover", "--secs", "2", "--url", &broker.url()]).stdin(Stdio::null());
    let output = wait::within(LIMIT, "it ends", command.output()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let table: toml::Table = text.parse().unwrap();
    let config: Config = table["agent"].clone().try_into().unwrap();
    let kinds: Vec<&str> = config.sensors.iter().map(Entry::kind).collect();
    assert_eq!(kinds, ["tasmota", "shelly2"]);
    let mut faults = Vec::new();
    config.validate(&mut faults);
    assert!(faults.is_empty(), "{faults:?}");
}

#[tokio::test]
async fn calibrate_prints_the_factor() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start().unwrap();
    let file = folder.path().join("agent.toml");
    let text = format!(
        "[agent.mqtt]\nurl = {:?}\n[[agent.sensors]]\nsocket = 3\nshelly2 = {{ prefix = \"plug\" }}\n",
        broker.url()
    );
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.env_clear().arg("--config").arg(&file).stdin(Stdio::null());
    command.args(["calibrate", "--socket", "3", "--watts", "630", "--secs", "5"]);
    let telling = async {
        loop {
            broker.publish(TOPIC, &counted(1_000.0)).unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let output = tokio::select! {
        output = wait::within(LIMIT, "it ends", command.output()) => output.unwrap(),
        never = telling => never,
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("scale = 1.0500\n"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
