use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use testkit::wait;
use tokio::net::UnixDatagram;
use tokio::process::Command;

const LIMIT: Duration = Duration::from_mins(1);

/// A service manager that only listens, in the folder.
fn listen(folder: &Path) -> (UnixDatagram, String) {
    let path = folder.join("notify");
    (UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap().to_owned())
}

/// The next word that is not for people.
async fn word(manager: &UnixDatagram) -> String {
    let mut buffer = [0; 512];
    loop {
        let length = manager.recv(&mut buffer).await.unwrap();
        let word = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if !word.starts_with("STATUS=") {
            return word;
        }
    }
}

/// The binary with a made-up home of the present, whose broker is nowhere.
fn agent(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command
        .env_clear()
        .env("WATTLINE__AGENT__SPOOL__PATH", folder.join("spool.db"))
        .env("WATTLINE__AGENT__SENSOR__SIMULATED__SEED", "1")
        .env("WATTLINE__AGENT__TICK_SECS", "1")
        .env("WATTLINE__RABBITMQ__URL", format!("amqp://127.0.0.1:{}", testkit::servers::free_port()))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_service_manager_hears_of_the_start_of_every_turn_and_of_the_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (manager, path) = listen(folder.path());
    let mut child = agent(folder.path())
        .env("NOTIFY_SOCKET", path)
        .env("WATCHDOG_USEC", "2000000")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let heard = async {
        assert_eq!(word(&manager).await, "READY=1");
        for _ in 0..3 {
            assert_eq!(word(&manager).await, "WATCHDOG=1");
        }
        let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        while word(&manager).await != "STOPPING=1" {}
        assert!(child.wait().await.unwrap().success());
    };
    wait::within(LIMIT, "start, pats and stop are told", heard).await;
}

#[tokio::test]
async fn lines_for_the_journal_begin_with_their_priority() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("stderr");
    let file = File::create(&log).unwrap();
    let about = file.metadata().unwrap();
    let stream = format!("{}:{}", about.dev(), about.ino());
    let (manager, path) = listen(folder.path());
    let mut child = agent(folder.path())
        .env("NOTIFY_SOCKET", path)
        .env("JOURNAL_STREAM", &stream)
        .stderr(file)
        .spawn()
        .unwrap();
    let running = async {
        assert_eq!(word(&manager).await, "READY=1");
        kill_process(Pid::from_raw(child.id().unwrap().cast_signed()).unwrap(), Signal::TERM).unwrap();
        child.wait().await.unwrap()
    };
    assert!(wait::within(LIMIT, "it starts and stops", running).await.success());
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains(&format!("<6>agent starts version=\"{}\"\n", env!("CARGO_PKG_VERSION"))), "{text}");
    let has_priority = |line: &str| ["<3>", "<4>", "<6>"].iter().any(|priority| line.starts_with(priority));
    assert!(text.lines().all(has_priority), "{text}");

    let file = File::create(&log).unwrap();
    let status = agent(folder.path())
        .env("WATTLINE__AGENT__TICK_SECS", "7")
        .env("JOURNAL_STREAM", &stream)
        .stderr(file)
        .status();
    assert_eq!(wait::within(LIMIT, "it refuses to start", status).await.unwrap().code(), Some(64));
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.lines().count() >= 2 && text.lines().all(|line| line.starts_with("<3>")), "{text}");
}
