//! A disk that somebody else fills: a small one of its own, in a name space that ends with the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use agent::overview::Overview;
use domain::transport::ContainerSource;
use domain::{Joules, UtcMillis};
use testkit::servers::{Mosquitto, RabbitMq, free_port};
use testkit::wait;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::binary::output;
use crate::support::Collector;

const LIMIT: Duration = Duration::from_mins(1);
const FULL: &str = "it or its disk is full, and measuring waits until there is room";
const STATUS: &str = "plug/status/switch:0";
/// What the plug measures.
const WATTS: f64 = 600.0;

/// A disk of 8 MB. Whoever uses it enters the name space of its holder.
struct Disk {
    holder: Child,
    folder: PathBuf,
}

impl Disk {
    /// `None` where nobody may have a name space of his own.
    async fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir(folder).unwrap();
        let mut command = Command::new("unshare");
        command.args([
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs -o size=8m tmpfs \"$0\" && echo mounted && exec sleep infinity",
        ]);
        command.arg(folder).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut holder = command.spawn().ok()?;
        let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
        let line = wait::within(LIMIT, "the disk is mounted", lines.next_line()).await.unwrap()?;
        assert_eq!(line, "mounted");
        Some(Self { holder, folder: folder.to_owned() })
    }

    /// A program that sees the disk.
    fn command(&self, program: &str) -> Command {
        let holder = self.holder.id().unwrap().to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &holder, "--user", "--mount", "--preserve-credentials", program]);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn agent(&self, config: &Path) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_agent"));
        command.env_clear().arg("--config").arg(config);
        command
    }

    fn start(&self, config: &Path) -> Child {
        self.agent(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Fills it to the last byte.
    async fn fill(&self) {
        let mut command = self.command("sh");
        command.args(["-c", "exec cat /dev/zero > \"$0\""]).arg(self.folder.join("others"));
        let (code, _, stderr) = output(&mut command).await;
        assert!(code != Some(0) && stderr.contains("No space left"), "{stderr}");
    }

    async fn give_free(&self) {
        assert_eq!(output(self.command("rm").arg(self.folder.join("others"))).await.0, Some(0));
    }

    /// Asks how the agent is until it holds, while `meanwhile` happens again and again.
    async fn until(
        &self,
        config: &Path,
        what: &str,
        mut meanwhile: impl FnMut(),
        mut holds: impl FnMut(&Overview) -> bool,
    ) -> (Option<i32>, Overview) {
        let ask = async || {
            meanwhile();
            let (code, stdout, _) = output(self.agent(config).args(["status", "--json"])).await;
            let overview = serde_json::from_str::<Overview>(&stdout).ok()?;
            holds(&overview).then_some((code, overview))
        };
        wait::until(LIMIT, what, ask).await
    }
}

fn write_config(folder: &Path, plugs: &Mosquitto, url: &str) -> PathBuf {
    let path = folder.join("agent.toml");
    let text = format!(
        r#"
        [agent]
        tick_secs = 1
        [agent.spool]
        path = "{}"
        [agent.uplink]
        catch_up_delay_secs = 0
        catch_up_per_sec = 0.0
        quiet_secs = 0
        [agent.mqtt]
        url = {:?}
        [[agent.sensors]]
        socket = 0
        shelly2 = {{ prefix = "plug", poll_secs = 0 }}
        [rabbitmq]
        url = {url:?}
        queues = 1
        "#,
        folder.join("disk/spool.db").display(),
        plugs.url(),
    );
    fs::write(&path, text).unwrap();
    path
}

/// What the store has of the socket: the same tick from later replaces the one from before.
fn stored(collector: &Collector) -> i64 {
    let ticks: BTreeMap<UtcMillis, Joules> = collector
        .containers()
        .into_values()
        .flat_map(|container| container.ticks)
        .filter_map(|tick| tick.energy.iter().next().map(|(_, joules)| (tick.start, joules)))
        .collect();
    ticks.into_values().sum::<Joules>().0
}

#[tokio::test]
async fn a_full_disk_is_a_sentence_and_when_it_has_room_again_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("disk")).await else {
        eprintln!("left out: no name space of our own to mount a small disk in");
        return;
    };
    let plugs = Mosquitto::start().unwrap();
    let tell = |watt_hours: f64| {
        let status = format!(r#"{{"apower":{WATTS},"aenergy":{{"total":{watt_hours}}}}}"#);
        plugs.publish(STATUS, &status).unwrap();
    };
    let config = write_config(folder.path(), &plugs, &format!("amqp://127.0.0.1:{}", free_port()));
    let mut running = disk.start(&config);
    let heard = |now: &Overview| now.sockets.first().is_some_and(|socket| socket.heard.is_some());
    disk.until(&config, "the plug is heard", || tell(1_000.0), heard).await;

    let begin = Instant::now();
    let counted = || 1_000.0 + WATTS * begin.elapsed().as_secs_f64() / 3_600.0;
    disk.until(&config, "something waits", || tell(counted()), |now| now.spool.waiting > 0).await;
    disk.fill().await;
    let is_full = |now: &Overview| now.spool.trouble.is_some();
    let (code, overview) =
        disk.until(&config, "it says that the disk is full", || tell(counted()), is_full).await;
    assert_eq!((code, overview.spool.trouble.as_deref()), (Some(1), Some(FULL)));
    let (code, text, _) = output(disk.agent(&config).arg("status")).await;
    assert_eq!(code, Some(1));
    assert!(text.contains("!!  spool   ") && text.contains(FULL), "{text}");
    assert!(
        overview.last_error.is_some_and(|error| error.sentence.contains("the spool or its disk is full"))
    );

    disk.give_free().await;
    disk.until(
        &config,
        "it measures again",
        || tell(counted()),
        |now| now.spool.trouble.is_none() && now.measured_until > overview.measured_until,
    )
    .await;
    running.kill().await.unwrap();

    // Somebody takes it at last.
    let broker = RabbitMq::start().unwrap();
    let rabbitmq = rabbitmq::Config { url: broker.url().into(), queues: 1, ..rabbitmq::Config::default() };
    rabbitmq::declare_topology(&rabbitmq).await.unwrap();
    let config = write_config(folder.path(), &plugs, &broker.url());
    let _running = disk.start(&config);
    let (last, collector) = (counted(), Collector::new());
    #[expect(clippy::cast_possible_truncation, reason = "some hundred watt-seconds")]
    let used = ((last - 1_000.0) * 3_600.0) as i64;
    let source = rabbitmq::Source::connect(rabbitmq).unwrap();
    let receiving = async {
        while (stored(&collector) - used).abs() > 5 {
            let deliveries = source.receive(100).await.unwrap();
            let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
            collector.arrived.lock().unwrap().extend(deliveries.into_iter().map(|delivery| delivery.body));
            source.accept(&receipts).await.unwrap();
        }
    };
    let telling = async {
        loop {
            tell(last);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let arriving = async {
        tokio::select! {
            () = receiving => {}
            never = telling => never,
        }
    };
    wait::within(LIMIT, "every joule that the plug counted arrives", arriving).await;
}
