//! `agent setup`, answered through a pipe.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use testkit::servers::Mosquitto;
use testkit::wait;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const LIMIT: Duration = Duration::from_mins(1);

async fn set_up(path: &Path, answers: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.env_clear().args(["setup", "--listen", "2", "--config"]).arg(path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(answers.join("\n").as_bytes()).await.unwrap();
    stdin.write_all(b"\n").await.unwrap();
    drop(stdin);
    let Output { status, stdout, stderr } =
        wait::within(LIMIT, "it ends", child.wait_with_output()).await.unwrap();
    (status.success(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

fn read(path: &Path) -> toml::Table {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

#[tokio::test]
async fn plugs_that_are_heard_and_wired_meters_become_a_sound_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    let plugs = Mosquitto::start().unwrap();
    let counted = r#"{"apower":1,"aenergy":{"total":1.0}}"#;
    plugs.publish_retained("fridge/status/switch:0", counted).unwrap();
    plugs.publish_retained("lamp/status/switch:0", counted).unwrap();
    let url = plugs.url();
    let answers = [
        "http://no-broker",
        "amqps://broker.example",
        "https://wattline.example", // where to
        "yes",
        &url,
        "", // plugs and their broker
        "yes",
        "Kitchen fridge",
        "Kitchen", // the first
        "no",      // the second
        "toaster",
        "pzem",
        "/dev/ttyUSB0",
        "900",
        "Boiler",
        "", // no such kind; no such address
        "pzem",
        "/dev/ttyUSB0",
        "2",
        "Boiler",
        "Cellar",
        "", // nothing more
        "yes",
    ];
    let (good, said) = set_up(&path, &answers).await;
    assert!(good, "{said}");
    for part in
        ["That is not such an address", "2 new plugs", "none of them", "This cannot be", "agent.toml pair"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    let table = read(&path);
    assert_eq!(table["rabbitmq"]["url"].as_str(), Some("amqps://broker.example"));
    assert_eq!(table["pairing"]["auth_url"].as_str(), Some("https://wattline.example"));
    let sensors = table["agent"]["sensors"].as_array().unwrap();
    assert_eq!(sensors.len(), 2);
    assert_eq!(sensors[0]["name"].as_str(), Some("Kitchen fridge"));
    assert_eq!(sensors[0]["shelly2"]["prefix"].as_str(), Some("fridge"));
    assert_eq!(
        (sensors[1]["socket"].as_integer(), sensors[1]["pzem"]["address"].as_integer()),
        (Some(1), Some(2))
    );

    // Again: what is there stays, and the plug that was left out is offered.
    let (good, said) = set_up(&path, &["yes", "yes", "", "", "", "yes"]).await;
    assert!(good && said.contains("set already") && said.contains("1 new plugs"), "{said}");
    let again = read(&path);
    assert_eq!(again["agent"]["sensors"].as_array().unwrap().len(), 3);
    assert_eq!(again["agent"]["sensors"][2]["socket"].as_integer(), Some(2));
}

#[tokio::test]
async fn a_hub_without_meters_can_be_tried_and_nothing_is_written_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    let (good, said) = set_up(&path, &["", "", "no"]).await;
    assert!(!good && said.contains("the answers ended"), "{said}");
    assert!(!path.exists());
    let (good, said) = set_up(&path, &["", "", "no", "", "yes", "no"]).await;
    assert!(good && said.contains("Nothing is written"), "{said}");
    assert!(!path.exists());
    let (good, said) = set_up(&path, &["", "", "no", "", "yes", "yes"]).await;
    assert!(good, "{said}");
    assert!(read(&path)["agent"]["sensor"]["simulated"].is_table());
}

#[tokio::test]
async fn plain_text_to_another_machine_is_not_put_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    let (good, said) = set_up(&path, &["amqp://broker.example", "", "no", "", "yes", "yes"]).await;
    assert!(!good && said.contains("rabbitmq.url") && said.contains("agent.toml.new"), "{said}");
    assert!(!path.exists());
}
