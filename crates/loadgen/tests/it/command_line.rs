use std::process::{Command, Output};

use testkit::servers::free_port;

fn loadgen(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_loadgen")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn bad_usage_names_every_fault_and_exits_with_2() {
    let (code, out, err) = loadgen(&["swarm", "--hubs", "0", "--poison", "3"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    for flag in ["--hubs", "--poison", "--rabbitmq-url"] {
        assert!(err.contains(flag), "{err}");
    }
    assert_eq!(loadgen(&["swarm", "--no-such-flag"]).0, Some(2));
}

#[test]
fn a_broker_that_is_not_there_is_one_sentence_and_exits_with_1() {
    let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", free_port());
    let (code, out, err) = loadgen(&["swarm", "--rabbitmq-url", &url, "--containers", "1", "--json"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
    assert!(err.contains("is not reachable"), "{err}");
}

#[test]
fn a_ledger_that_is_not_there_is_named() {
    let (code, _, err) =
        loadgen(&["verify", "--ledger", "no-such-ledger", "--influxdb-url", "http://127.0.0.1:1"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("no-such-ledger"), "{err}");
}
