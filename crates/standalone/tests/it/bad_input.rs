use std::fs;
use std::net::TcpListener;
use std::process::Stdio;

use testkit::client::Client;

use crate::process::{Standalone, command, replay};

#[test]
fn a_wrong_configuration_names_every_fault_at_once_and_exits_with_64() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wattline.toml");
    fs::write(&file, "lisen = \"127.0.0.1:1\"\n[home]\nzone = \"Mars/Olympus\"\n[batch]\nmax_values = 0\n")
        .unwrap();
    let output = command()
        .args(["run", "--config"])
        .arg(&file)
        .env("WATTLINE__AGENT__TICK_SECS", "7")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    for part in ["lisen", "Mars/Olympus", "batch.max_values", "agent.tick_secs", "agent.sensor"] {
        assert!(said.contains(part), "{part} is not named in:\n{said}");
    }
}

#[test]
fn a_port_that_is_taken_and_a_folder_that_is_not_there_are_said_in_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = replay(folder.path(), &folder.path().join("data"), "max")
        .env("WATTLINE__LISTEN", &address)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("cannot serve the page on {address}")), "{said}");

    let absent = folder.path().join("no-such-folder");
    let output = replay(&absent, &folder.path().join("data"), "max").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no-such-folder"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_garbage_is_named_by_file_and_line_and_the_rest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let traces = folder.path().join("traces");
    fs::create_dir(&traces).unwrap();
    let rows = "16/01/2012 00:00:00;100;0\r\nthis is no row\r\n16/01/2012 00:00:10;0;0\r\n";
    fs::write(traces.join("Lamp_000001.csv"), rows).unwrap();
    let mut standalone =
        Standalone::start(replay(&traces, &folder.path().join("data"), "max").stderr(Stdio::piped()));
    let client = standalone.log_in().await;
    let usage = client.usage("2012-01-15T23:00:00Z", "2012-01-15T23:15:00Z", "15m").await.unwrap();
    assert_eq!(usage.total.total_j, 1_000);

    let errors = standalone.errors();
    drop(standalone);
    let said = std::io::read_to_string(errors).unwrap();
    assert!(said.contains("Lamp_000001.csv") && said.contains('2'), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Lamp_000001.csv"), "16/01/2012 00:00:00;100;0\r\n").unwrap();
    let standalone = Standalone::start(&mut replay(folder.path(), &folder.path().join("data"), "max"));
    let url = &standalone.ready.url;
    let wrong = Client::log_in(url, &standalone.ready.email, "not the password").await.unwrap_err();
    let unknown = Client::log_in(url, "nobody@wattline.example", "not the password").await.unwrap_err();
    assert_eq!(wrong.0, 401);
    assert_eq!(wrong, unknown);
    assert_eq!(wrong.1["detail"], "Wrong e-mail or password.");
}
