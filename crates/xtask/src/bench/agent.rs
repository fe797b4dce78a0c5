//! What the agent of a home takes: memory, processor, disk and line, for 30 sockets.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use testkit::faults::{StubStore, TcpGate};
use testkit::servers::{Program, ProgramSetup, RabbitMq};

use super::report::{Column, Report};
use super::rig::{Rig, WriterSetup, cpu_s, until};
use crate::run::{cargo, root, run};
use crate::{interrupt, process};

#[derive(Args)]
pub(super) struct Agent {
    /// How long each is watched.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=120))]
    minutes: u64,
}

/// Of cargo, and of the packages.
const PROFILE: &str = "hub";
const SOCKETS: u32 = 30;
const DAY_S: f64 = 86_400.0;
/// Until more has been sent than it takes to log in.
const FIRST: Duration = Duration::from_mins(5);
/// For the first containers, after which the disk and the connection are as they will be.
const WARM_UP: Duration = Duration::from_secs(30);
/// How a client says it that thinks of one value only, in a message of its own.
const NAIVE: &str = r#"{"hub":"0192f0c1-6f4e-7c3a-9a51-5f2b8c1d7e60","socket":12,"time":"2026-11-28T12:00:01Z","watts":123.4}"#;

#[derive(Serialize)]
struct Life {
    tick_s: u32,
    uplink: &'static str,
    rss_mib: f64,
    core_percent: f64,
    disk_bytes_per_s: f64,
    sent_mb_per_day: f64,
    naive_mb_per_day: f64,
}

const COLUMNS: &[Column] = &[
    ("tick, s", "tick_s"),
    ("broker", "uplink"),
    ("most memory, MiB (target: under 15)", "rss_mib"),
    ("of one core, % (target: under 1)", "core_percent"),
    ("to disk, bytes/s (target: at most 1,000)", "disk_bytes_per_s"),
    ("sent a day, MB", "sent_mb_per_day"),
    ("a naive client, MB", "naive_mb_per_day"),
];

impl Agent {
    /// As it is installed on a hub: for size.
    pub(super) fn build() -> anyhow::Result<()> {
        let arguments = ["build", "--profile", PROFILE, "--workspace", "--bin", "agent", "--locked"];
        run(cargo().args(arguments).stdout(Stdio::null()))
    }

    pub(super) fn measure(&self, rig: &Rig) -> anyhow::Result<Report> {
        let broker = RabbitMq::start()?;
        let store = rig.runtime.block_on(StubStore::start())?;
        let (broker_url, store_url) = (broker.url(), store.url());
        let setup = WriterSetup { broker: &broker_url, store: &store_url, max_queue_length: None };
        let _writer = rig.ready_write_service(&setup)?;
        let mut lives = Vec::new();
        for (tick_s, up) in [(1, true), (10, true), (1, false), (10, false)] {
            eprintln!("  ticks of {tick_s} s, the broker is {}", uplink(up));
            lives.push(self.live(rig, &broker_url, tick_s, up)?);
        }
        let mut report = Report::default();
        report.add("sockets", "sockets", SOCKETS, "", None);
        report.add("watched for", "minutes", self.minutes, "min", None);
        report.add_table("lives", COLUMNS, &lives)?;
        Ok(report)
    }

    fn live(&self, rig: &Rig, broker: &str, tick_s: u32, up: bool) -> anyhow::Result<Life> {
        let (scheme, rest) = broker.split_once("://").context("a URL")?;
        let place = rest.rsplit('@').next().and_then(|place| place.split('/').next()).unwrap_or(rest);
        let upstream: SocketAddr = place.replace("localhost", "127.0.0.1").parse()?;
        let gate = rig.runtime.block_on(TcpGate::start(upstream))?;
        let url = format!("{scheme}://{}", rest.replacen(place, &format!("127.0.0.1:{}", gate.port()), 1));
        if !up {
            gate.set(testkit::faults::TcpState::Cut);
        }
        let agent = start(rig, &url, tick_s)?;
        if up {
            // Quiet ticks of 10 s wait for 30 s.
            until("the agent publishes", FIRST, Duration::from_millis(100), || {
                Ok((gate.sent() > 4_096).then_some(()))
            })?;
        }
        interrupt::pass(WARM_UP)?;

        let pid = agent.pid();
        let (began, cpu, disk, sent) = (Instant::now(), cpu_s(pid)?, written(pid)?, gate.sent());
        interrupt::pass(Duration::from_mins(self.minutes))?;
        let seconds = began.elapsed().as_secs_f64();
        let a_day = |bytes: u64| real(bytes) / seconds * DAY_S / 1e6;
        let values_a_day = f64::from(SOCKETS) * DAY_S / f64::from(tick_s);
        Ok(Life {
            tick_s,
            uplink: uplink(up),
            rss_mib: f64::from(process::peak_rss_kib(pid).context("the agent is gone")?) / 1_024.0,
            core_percent: (cpu_s(pid)? - cpu) / seconds * 100.0,
            disk_bytes_per_s: real(written(pid)? - disk) / seconds,
            sent_mb_per_day: a_day(gate.sent() - sent),
            naive_mb_per_day: values_a_day * real(NAIVE.len() as u64) / 1e6,
        })
    }
}

const fn uplink(up: bool) -> &'static str {
    if up { "there" } else { "away" }
}

#[expect(clippy::cast_precision_loss, reason = "bytes of minutes are far below 2^52")]
const fn real(bytes: u64) -> f64 {
    bytes as f64
}

fn start(rig: &Rig, broker: &str, tick_s: u32) -> anyhow::Result<Program> {
    let folder = rig.folder("agent")?;
    let environment = [
        ("WATTLINE__AGENT__SPOOL__PATH", folder.join("spool.db").display().to_string()),
        ("WATTLINE__AGENT__SENSOR__SIMULATED__SOCKETS", SOCKETS.to_string()),
        ("WATTLINE__AGENT__TICK_SECS", tick_s.to_string()),
        ("WATTLINE__RABBITMQ__URL", broker.to_owned()),
    ];
    Ok(Program::start(ProgramSetup {
        name: "agent",
        binaries: root().join("target").join(PROFILE),
        arguments: Vec::new(),
        environment: environment.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        folder,
        port: None,
    })?)
}

/// Bytes that it has caused to be written to disk so far, in whole pages as the kernel counts.
fn written(pid: u32) -> anyhow::Result<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io"))?;
    let bytes = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(bytes.context("the kernel does not count what is written")?.trim().parse()?)
}
