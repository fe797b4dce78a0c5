use std::path::Path;

use agent::Config;
use service::config::load;

/// As the binary's file is: the agent's own section among others.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct File {
    agent: Config,
    rabbitmq: toml::Table,
}

impl service::config::Config for File {
    fn validate(&self, faults: &mut Vec<String>) {
        self.agent.validate(faults);
    }
}

fn sample() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/agent.toml"))
}

#[test]
fn the_sample_is_valid_and_says_the_defaults() {
    let file: File = load(Some(sample()), []).unwrap();
    let expected = agent::config::SimulatedConfig::default();
    assert_eq!(file.agent.sensor.simulated.as_ref(), Some(&expected));
    let sensor = file.agent.sensor.clone();
    assert_eq!(file.agent, Config { sensor, ..Config::default() });
    assert!(!file.rabbitmq.is_empty());
}

/// With every key and section that is commented out.
fn uncommented(text: &str) -> toml::Table {
    let keys = |line: &str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if keys(rest) || rest.starts_with('[') => rest,
            _ => line,
        })
        .collect();
    uncommented.join("\n").parse().unwrap()
}

#[test]
fn what_the_sample_has_commented_out_is_valid_too() {
    let mut table = uncommented(&std::fs::read_to_string(sample()).unwrap());
    let replay = table["agent"]["sensor"]["replay"].clone();
    let replay: agent::config::ReplayConfig = replay.try_into().unwrap();
    assert_eq!(replay.repeat_days, 7);
    table["agent"].as_table_mut().unwrap().remove("sensor");
    let config: Config = table["agent"].clone().try_into().unwrap();
    assert!(config.hub.is_some());
    let mut faults = Vec::new();
    config.validate(&mut faults);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(config.sensors[0].kind(), "tasmota");
}

#[test]
fn what_the_package_installs_only_lacks_what_is_commented_out() {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/agent/agent.toml");
    let faults = load::<File>(Some(Path::new(installed)), []).err().unwrap().0;
    assert!(matches!(&faults[..], [one] if one.starts_with("sensor: there is none")), "{faults:?}");

    let table = uncommented(&std::fs::read_to_string(installed).unwrap());
    let config: Config = table["agent"].clone().try_into().unwrap();
    let mut faults = Vec::new();
    config.validate(&mut faults);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(config.spool.path, Path::new("/var/lib/wattline/spool.db"));
    assert_eq!(config.sensors.iter().map(meters::Entry::kind).collect::<Vec<_>>(), ["tasmota", "pzem"]);
    let others = ["rabbitmq", "pairing", "tls"];
    assert!(others.iter().all(|section| !table[*section].as_table().unwrap().is_empty()));
}
