//! An agent that is changed while it measures: another configuration, and a time that is known only later.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent::time::HubClock;
use agent::{Config, Status};
use domain::transport::ContainerPublisher;
use domain::{TickEnergy, UtcMillis};
use testkit::wait;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::status;
use crate::support::{Collector, TokioClock, config, utc};

/// Of the hub's clock.
const SPEED: i64 = 10;
const LIMIT: Duration = Duration::from_mins(1);
const SECOND: i64 = 1_000;

fn simulated(folder: &Path, sockets: u8) -> Config {
    let text = format!("tick_secs = 1\n[sensor.simulated]\nsockets = {sockets}\n");
    let table: toml::Table = text.parse().unwrap();
    let simulated: Config = table.try_into().unwrap();
    Config { spool: config(folder).spool, ..simulated }
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), agent::AgentError>>,
    status: Arc<Status>,
    control: agent::Control,
}

fn run(prepared: agent::Prepared, collector: &Arc<Collector>) -> Running {
    let (status, control, stop) =
        (Arc::clone(&prepared.status), prepared.control(), CancellationToken::new());
    let publisher: Arc<dyn ContainerPublisher> = Arc::clone(collector) as _;
    let task = tokio::spawn(agent::run(prepared.with(publisher), stop.clone()));
    Running { stop, task, status, control }
}

impl Running {
    async fn ticks(&self, more: u64) {
        let goal = self.status.snapshot().ticks + more;
        wait::until(LIMIT, "it measures", async || (self.status.snapshot().ticks >= goal).then_some(()))
            .await;
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

fn starts(ticks: &[TickEnergy]) -> Vec<i64> {
    ticks.iter().map(|tick| tick.start.0).collect()
}

/// Not one second is left out or there twice.
fn assert_whole(ticks: &[TickEnergy]) {
    let starts = starts(ticks);
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == SECOND), "{starts:?}");
}

#[tokio::test]
async fn another_configuration_costs_no_tick() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::new();
    let prepared =
        agent::prepare(simulated(folder.path(), 3), TokioClock::fast(utc("2026-11-28T12:00:00Z"), SPEED))
            .await
            .unwrap();
    let running = run(prepared, &collector);
    running.ticks(5).await;
    assert_eq!(
        running.control.configure(simulated(folder.path(), 5)).await.unwrap().unwrap(),
        Vec::<&str>::new()
    );
    running.ticks(5).await;

    let mut moved = simulated(folder.path(), 5);
    moved.spool.max_bytes /= 2;
    assert_eq!(running.control.configure(moved).await.unwrap().unwrap(), ["spool"]);
    let mut broken = simulated(folder.path(), 5);
    broken.sensor.simulated = None;
    broken.sensor.replay =
        Some(agent::config::ReplayConfig { folder: folder.path().join("none"), ..Default::default() });
    let outcome = running.control.configure(broken).await.unwrap();
    assert!(outcome.is_err(), "there are no such traces");
    running.ticks(5).await;
    running.stop().await;

    let ticks = collector.ticks();
    assert_whole(&ticks);
    let sockets: Vec<usize> = ticks.iter().map(|tick| tick.energy.len()).collect();
    assert!(ticks.len() >= 15 && sockets[0] <= 3 && sockets.contains(&5), "{sockets:?}");
}

#[tokio::test]
async fn what_is_measured_before_the_time_is_known_gets_its_time_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::new();
    let (system, counting) = (
        TokioClock::fast(utc("2026-11-28T12:00:00.700Z"), SPEED),
        TokioClock::fast(UtcMillis(20_300), SPEED),
    );
    let time = || Arc::new(HubClock::new(system.clone(), counting.clone(), [1; 16]));

    // One run that never learns the time, and another of the same boot.
    let prepared = agent::prepare_undated(simulated(folder.path(), 3), time()).await.unwrap();
    let running = run(prepared, &collector);
    running.ticks(5).await;
    running.stop().await;
    assert!(collector.arrived.lock().unwrap().is_empty(), "nothing without a time leaves the hub");

    let prepared = agent::prepare_undated(simulated(folder.path(), 3), time()).await.unwrap();
    let running = run(prepared, &collector);
    running.ticks(5).await;
    running.control.date().await.unwrap().unwrap();
    running.ticks(5).await;
    running.stop().await;

    let ticks = collector.ticks();
    assert!(ticks.len() >= 15, "{}", ticks.len());
    let begin = utc("2026-11-28T12:00:00Z");
    let late = ticks[0].start.millis_since(begin);
    assert!((-2 * SECOND..60 * SECOND).contains(&late), "the first is of {}", ticks[0].start);
    assert!(ticks.iter().all(|tick| tick.start.is_dated()));
    assert!(starts(&ticks).is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn what_nobody_ever_dated_is_given_up_after_the_next_start_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::new();
    let system = TokioClock::fast(utc("2026-11-28T12:00:00Z"), SPEED);
    let time = |boot: u8| {
        Arc::new(HubClock::new(system.clone(), TokioClock::fast(UtcMillis(20_000), SPEED), [boot; 16]))
    };
    let running =
        run(agent::prepare_undated(simulated(folder.path(), 3), time(1)).await.unwrap(), &collector);
    running.ticks(5).await;
    running.stop().await;

    let running =
        run(agent::prepare_undated(simulated(folder.path(), 3), time(2)).await.unwrap(), &collector);
    running.ticks(5).await;
    running.control.date().await.unwrap().unwrap();
    running.ticks(3).await;
    running.stop().await;
    let ticks: Vec<TickEnergy> =
        collector.containers().into_values().flat_map(|container| container.ticks).collect();
    assert!(ticks.len() >= 8);
    assert!(ticks.iter().all(|tick| tick.start.is_dated()));
}

#[tokio::test]
async fn a_signal_makes_the_agent_read_its_configuration_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = |sockets: u8| {
        format!(
            "[agent]\ntick_secs = 1\n[agent.sensor.simulated]\nsockets = {sockets}\n[rabbitmq]\nurl = \"amqp://127.0.0.1:1\"\n"
        )
    };
    let running = status::start(folder.path(), &config(2));
    status::until(folder.path(), &config(2), "it measures two", |now| now.sockets.len() == 2).await;
    let hang_up = || {
        let pid = rustix::process::Pid::from_raw(i32::try_from(running.id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    };
    status::with(folder.path(), &config(4));
    hang_up();
    status::until(folder.path(), &config(4), "it measures four", |now| now.sockets.len() == 4).await;

    // `until` asks with a configuration of its own, so the broken one is put in place only for the signal.
    std::fs::write(folder.path().join("agent.toml"), "[agent]\ntick_secs = 7\n").unwrap();
    hang_up();
    let sentence = wait::until(LIMIT, "it says what is wrong", async || {
        let overview = agent::overview::ask(&folder.path().join("spool.db")).await.unwrap();
        overview
            .last_error
            .map(|error| error.sentence)
            .filter(|sentence| sentence.contains("stays as it was"))
    })
    .await;
    assert!(sentence.contains("agent.tick_secs"), "{sentence}");
    let overview = agent::overview::ask(&folder.path().join("spool.db")).await.unwrap();
    assert_eq!(overview.sockets.len(), 4);
}
