use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use testkit::servers::RabbitMq;
use testkit::wait;
use tokio::process::Command;

use crate::restart::{traces, undisturbed};
use crate::support::receive;

const LIMIT: Duration = Duration::from_mins(1);

fn agent(folder: &Path, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command
        .env_clear()
        .env("WATTLINE__AGENT__SPOOL__PATH", folder.join("spool.db"))
        .env("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", folder.join("traces"))
        .env("WATTLINE__AGENT__TICKS_PER_CONTAINER", "7")
        .env("WATTLINE__RABBITMQ__URL", url)
        .env("WATTLINE__RABBITMQ__QUEUES", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

pub(crate) async fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = wait::within(LIMIT, "it ends", command.output()).await.unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_bad_configuration_names_every_fault_and_exits_with_64() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = agent(folder.path(), "http://nowhere");
    command.env("WATTLINE__AGENT__TICK_SECS", "7").env("WATTLINE__AGENT__HOLD_SECS", "never");
    let (code, _, stderr) = output(&mut command).await;
    assert_eq!(code, Some(64), "{stderr}");
    for part in ["agent.tick_secs: a tick of 7000 ms", "WATTLINE__AGENT__HOLD_SECS", "rabbitmq.url"] {
        assert!(stderr.contains(part), "{part} in {stderr}");
    }
}

#[tokio::test]
async fn check_lists_the_outlets() {
    let folder = tempfile::tempdir().unwrap();
    traces(&folder.path().join("traces"));
    let (code, stdout, stderr) = output(agent(folder.path(), "amqp://localhost").arg("check")).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("5 outlets") && stdout.contains("Lamp 5"), "{stdout}");
}

#[tokio::test]
async fn an_agent_killed_by_the_system_delivers_every_tick_through_the_broker() {
    let folder = tempfile::tempdir().unwrap();
    traces(&folder.path().join("traces"));
    let expected = undisturbed(&folder.path().join("traces")).await;
    let broker = RabbitMq::start().unwrap();
    let config = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
    rabbitmq::declare_topology(&config).await.unwrap();

    let mut kills = 0;
    // Longer and longer: the first lives are too short for any machine, and the last is long enough for any.
    let mut life = Duration::from_millis(10);
    loop {
        let mut child = agent(folder.path(), &broker.url()).stderr(Stdio::null()).spawn().unwrap();
        life = life.mul_f64(rand::random_range(1.1..1.4));
        if let Ok(ended) = tokio::time::timeout(life, child.wait()).await {
            assert!(ended.unwrap().success());
            break;
        }
        child.kill().await.unwrap();
        kills += 1;
    }
    assert!(kills >= 2, "only {kills} kills");

    let (code, stdout, stderr) = output(agent(folder.path(), &broker.url()).args(["spool", "status"])).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("0 containers, 0 bytes"), "{stdout}");

    let arrived = wait::within(LIMIT, "every tick arrives", receive(config, expected.len())).await;
    assert_eq!(arrived.ticks(), expected);
}
