//! `agent status` and the hub's own page.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use agent::overview::{LinkState, Overview};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use testkit::servers::{Mosquitto, RabbitMq, free_port};
use testkit::wait;
use tokio::process::{Child, Command};

use crate::binary::output;
use crate::support::{self, TokioClock};

const LIMIT: Duration = Duration::from_mins(1);

/// The agent with a configuration of its own.
pub(crate) fn with(folder: &Path, config: &str) -> Command {
    let path = folder.join("agent.toml");
    let spool = folder.join("spool.db");
    let text = format!("[agent.spool]\npath = \"{}\"\n{config}", spool.display());
    // Written only when it changes: the agent may be reading it just now.
    if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        std::fs::write(&path, text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.env_clear().arg("--config").arg(path).stdin(Stdio::null()).kill_on_drop(true);
    command
}

pub(crate) fn start(folder: &Path, config: &str) -> Child {
    with(folder, config).stderr(Stdio::null()).spawn().unwrap()
}

/// Asks again and again until it holds.
pub(crate) async fn until(
    folder: &Path,
    config: &str,
    what: &str,
    mut holds: impl FnMut(&Overview) -> bool,
) -> (Option<i32>, Overview) {
    let ask = async || {
        let (code, stdout, _) = output(with(folder, config).args(["status", "--json"])).await;
        let overview = serde_json::from_str::<Overview>(&stdout).ok()?;
        holds(&overview).then_some((code, overview))
    };
    wait::until(LIMIT, what, ask).await
}

const SIMULATED: &str = "[agent.sensor.simulated]\nsockets = 3\n";

#[tokio::test]
async fn it_says_whether_the_agent_runs_and_whether_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = RabbitMq::start().unwrap();
    let rabbitmq = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
    rabbitmq::declare_topology(&rabbitmq).await.unwrap();
    let config =
        format!("[agent]\ntick_secs = 1\n{SIMULATED}[rabbitmq]\nurl = {:?}\nqueues = 1\n", broker.url());
    let (code, stdout, stderr) = output(with(folder.path(), &config).arg("status")).await;
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    assert!(stderr.contains("does not run"), "{stderr}");

    let _running = start(folder.path(), &config);
    let (code, overview) = until(folder.path(), &config, "it publishes", |now| {
        now.uplink.state == LinkState::Up && now.sockets.iter().any(|socket| socket.watts.is_some())
    })
    .await;
    assert_eq!((code, overview.troubles()), (Some(0), Vec::new()));
    assert_eq!(overview.sockets.len(), 3);
    assert!(!overview.uplink.target.contains('@'), "{}", overview.uplink.target);

    broker.kill();
    let (code, overview) = until(folder.path(), &config, "it says that the broker is gone", |now| {
        now.uplink.state == LinkState::Down
    })
    .await;
    assert_eq!(code, Some(1));
    assert!(overview.troubles()[0].starts_with("Uplink: "), "{:?}", overview.troubles());
    assert!(overview.last_error.is_some());
    let (code, text, _) = output(with(folder.path(), &config).arg("status")).await;
    assert_eq!(code, Some(1));
    assert!(
        text.contains("!!  uplink  amqp://127.0.0.1") || text.contains("!!  uplink  amqp://localhost"),
        "{text}"
    );
    assert!(text.contains("ok  spool") && text.contains("last error, "), "{text}");
}

#[tokio::test]
async fn the_page_shows_the_same_and_only_to_the_home() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let config = format!(
        "[agent.page]\nlisten = \"127.0.0.1:{port}\"\n{SIMULATED}[rabbitmq]\nurl = \"amqp://127.0.0.1:{}\"\n",
        free_port()
    );
    let _running = start(folder.path(), &config);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://127.0.0.1:{port}/");
    let page = wait::until(LIMIT, "the page is there", async || {
        client.get(&url).send().await.ok()?.text().await.ok().filter(|page| page.contains("is not available"))
    })
    .await;
    let overview: Overview =
        client.get(format!("{url}status.json")).send().await.unwrap().json().await.unwrap();
    for socket in &overview.sockets {
        assert!(page.contains(&socket.name), "{} in {page}", socket.name);
    }
    let answer = client.get(format!("{url}page.css")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/css; charset=utf-8");
    let other = client.get(&url).header("host", "evil.example").send().await.unwrap();
    assert_eq!(other.status(), 421);
    assert!(!other.text().await.unwrap().contains(&overview.sockets[0].name));
}

#[tokio::test]
async fn a_clamp_without_the_voltage_is_an_estimate_wherever_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (port, label) = (free_port(), agent::overview::APPARENT);
    let config = format!(
        "[agent.page]\nlisten = \"127.0.0.1:{port}\"\n[[agent.sensors]]\nsocket = 3\nname = \"Clamp\"\n\
         ads1115 = {{ bus = 6, channel = 0, amps_per_volt = 30.0 }}\n[[agent.sensors]]\nsocket = 4\nname = \"Plug\"\n\
         shelly2 = {{ prefix = \"plug\" }}\n[rabbitmq]\nurl = \"amqp://127.0.0.1:{}\"\n",
        free_port()
    );
    let line = |text: &str, name: &str| text.lines().find(|line| line.contains(name)).unwrap().to_owned();
    let (_, checked, _) = output(with(folder.path(), &config).arg("check")).await;
    let _running = start(folder.path(), &config);
    let (_, overview) = until(folder.path(), &config, "it runs", |now| now.sockets.len() == 2).await;
    assert_eq!(overview.sockets.iter().map(|socket| socket.estimated).collect::<Vec<_>>(), [true, false]);
    let (_, shown, _) = output(with(folder.path(), &config).arg("status")).await;
    for text in [checked, shown] {
        assert!(line(&text, "Clamp").ends_with(label), "{text}");
        assert!(!line(&text, "Plug").contains("estimated"), "{text}");
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = wait::until(LIMIT, "the page is there", async || {
        client.get(format!("http://127.0.0.1:{port}/")).send().await.ok()?.text().await.ok()
    })
    .await;
    assert_eq!(page.matches(label).count(), 1, "{page}");
}

#[tokio::test]
async fn a_spool_that_is_in_use_is_told_of_by_its_agent_and_given_to_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[agent]\ntick_secs = 1\n{SIMULATED}[rabbitmq]\nurl = \"amqp://127.0.0.1:{}\"\n",
        free_port()
    );
    let mut running = start(folder.path(), &config);
    let (_, overview) = until(folder.path(), &config, "something waits", |now| now.spool.waiting > 0).await;
    let spool_status = async || output(with(folder.path(), &config).args(["spool", "status"])).await;
    let (code, stdout, stderr) = spool_status().await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        stdout.contains(&overview.hub.to_string()) && stdout.contains("oldest          container 1"),
        "{stdout}"
    );
    assert!(!folder.path().join("spool.db-shm").exists());

    let clock = TokioClock::at(overview.now);
    let identity = agent::identity(&support::config(folder.path()), &*clock).await;
    assert_eq!(identity.unwrap(), overview.hub, "as `agent pair` wants to know");

    let (code, _, stderr) = output(&mut with(folder.path(), &config)).await;
    assert_eq!(code, Some(1));
    assert_eq!(stderr.matches("spool.db is in use by another agent").count(), 1, "{stderr}");

    std::fs::remove_file(folder.path().join("spool.db.status")).unwrap();
    let (code, _, stderr) = spool_status().await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("spool.db is open in another program, perhaps an agent that does not answer"),
        "{stderr}"
    );

    running.kill().await.unwrap();
    let (code, stdout, stderr) = spool_status().await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("oldest          container 1"), "what the killed one left: {stdout}");
}

/// A line at whose other end something talks nonsense.
fn noisy_line() -> (File, PathBuf) {
    let meter = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&meter).unwrap();
    unlockpt(&meter).unwrap();
    let path = PathBuf::from(ptsname(&meter, Vec::new()).unwrap().into_string().unwrap());
    let line = File::from(meter);
    let mut both = line.try_clone().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut asked = [0; 8];
        // An answer of the right length, whose check sum is not.
        while both.read_exact(&mut asked).is_ok() {
            if both.write_all(&[&[asked[0], 4, 20][..], &[0x55; 22]].concat()).is_err() {
                break;
            }
        }
    });
    (line, path)
}

#[tokio::test]
async fn every_meter_that_fails_is_one_sentence_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let plugs = Mosquitto::start().unwrap();
    let (_line, noisy) = noisy_line();
    let config = format!(
        r#"
        [agent]
        tick_secs = 1
        [agent.mqtt]
        url = {:?}
        [[agent.sensors]]
        socket = 0
        name = "Good"
        shelly2 = {{ prefix = "good", poll_secs = 0 }}
        [[agent.sensors]]
        socket = 1
        name = "Unplugged"
        pzem = {{ port = {:?}, address = 1 }}
        [[agent.sensors]]
        socket = 2
        name = "Noisy"
        pzem = {{ port = {noisy:?}, address = 1 }}
        [[agent.sensors]]
        socket = 3
        name = "Nonsense"
        shelly2 = {{ prefix = "nonsense", poll_secs = 0 }}
        [[agent.sensors]]
        socket = 4
        name = "No such pin here"
        s0 = {{ pin = 17, impulses_per_kwh = 1000.0 }}
        [[agent.sensors]]
        socket = 5
        name = "No such pin anywhere"
        s0 = {{ pin = 42, impulses_per_kwh = 1000.0 }}
        [rabbitmq]
        url = "amqp://127.0.0.1:{}"
        "#,
        plugs.url(),
        folder.path().join("ttyUSB0"),
        free_port()
    );
    let mut running = start(folder.path(), &config);
    let begin = Instant::now();
    let (code, overview) = until(folder.path(), &config, "each has its sentence", |now| {
        // What 600 W count in the time that passed, however often it is asked: a faster count would be doubted.
        let watt_hours = 1_000.0 + 600.0 * begin.elapsed().as_secs_f64() / 3_600.0;
        let good = format!(r#"{{"apower":600,"aenergy":{{"total":{watt_hours}}}}}"#);
        plugs.publish("good/status/switch:0", &good).unwrap();
        plugs
            .publish("nonsense/status/switch:0", r#"{"apower":-8388608,"aenergy":{"total":"all"}}"#)
            .unwrap();
        let troubled = |socket: usize| now.sockets.get(socket).is_some_and(|it| it.trouble.is_some());
        let odd = now.sockets.get(3).is_some_and(|it| it.trouble.is_some() || it.remark.is_some());
        troubled(1) && troubled(2) && odd && troubled(4) && troubled(5) && now.sockets[0].watts.is_some()
    })
    .await;
    assert_eq!(code, Some(1));
    let trouble = |socket: usize| overview.sockets[socket].trouble.clone().unwrap();
    assert_eq!(overview.sockets[0].trouble, None);
    for (socket, part) in [(1, "ttyUSB0"), (2, "CRC"), (4, "17"), (5, "there is no GPIO 42 here")] {
        let sentence = trouble(socket);
        assert!(sentence.contains(part) && !sentence.contains('\n'), "{socket}: {sentence}");
    }
    assert!(running.try_wait().unwrap().is_none(), "it goes on");

    let (code, stdout, stderr) = output(with(folder.path(), &config).arg("check")).await;
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stdout.starts_with("6 outlets:"), "{stdout}");
    assert!(
        stderr.contains("sensors.5: there is no GPIO 42 here") && !stderr.contains("sensors.4"),
        "{stderr}"
    );
}
