//! One process, SQLite.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use testkit::client::page_bytes;

use super::day;
use super::report::Report;

/// How to come in.
#[derive(Deserialize)]
pub(super) struct Ready {
    pub(super) url: String,
    pub(super) email: String,
    pub(super) password: String,
}

/// A process that is told to end when it goes out of scope.
pub(super) struct Running(Child);

/// What its agent measures.
pub(super) enum Sensor<'a> {
    Recorded(&'a Path),
    MadeUp { sockets: u8, hours: u32, zone: &'a str },
}

impl Sensor<'_> {
    fn environment(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Recorded(traces) => vec![
                ("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", traces.display().to_string()),
                ("WATTLINE__AGENT__SENSOR__REPLAY__SPEED", "max".to_owned()),
            ],
            Self::MadeUp { sockets, hours, zone } => vec![
                ("WATTLINE__AGENT__SENSOR__SIMULATED__SOCKETS", sockets.to_string()),
                ("WATTLINE__AGENT__SENSOR__SIMULATED__HISTORY_HOURS", hours.to_string()),
                ("WATTLINE__AGENT__SENSOR__SIMULATED__ZONE", (*zone).to_owned()),
                ("WATTLINE__AGENT__SENSOR__SIMULATED__SPEED", "max".to_owned()),
            ],
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok()) {
            self.0.wait().ok();
        }
    }
}

pub(super) async fn measure(binaries: &Path) -> anyhow::Result<Report> {
    let folder = tempfile::tempdir()?;
    let traces = testkit::traces::unpack_recorded_day(&folder.path().join("traces"))?;
    let (_running, ready, intake) = start(binaries, &folder.path().join("data"), &Sensor::Recorded(&traces))?;
    let client = day::log_in(&ready.url, &ready.email, &ready.password).await?;

    let mut report = Report::default();
    report.add("outlets", "outlets", std::fs::read_dir(&traces)?.count(), "", None);
    report.add("values of 10 s", "values", day::stored_values(&client).await?, "", None);
    let seconds = intake.as_secs_f64();
    report.add("from the start to the last value stored", "intake_s", seconds, "s", Some("under 5 s"));
    day::measure(&client, &mut report).await?;
    let bytes = page_bytes(&ready.url).await?;
    report.add(
        "everything the page can load, compressed",
        "page_bytes",
        bytes,
        "bytes",
        Some("under 120,000"),
    );
    Ok(report)
}

/// Starts it; returns when all of the past is stored.
pub(super) fn start(
    binaries: &Path,
    data: &Path,
    sensor: &Sensor<'_>,
) -> anyhow::Result<(Running, Ready, Duration)> {
    let began = Instant::now();
    let mut child = Command::new(binaries.join("standalone"))
        .args(["--json", "run"])
        .env("WATTLINE_LOG", "warn")
        .env("WATTLINE__LISTEN", "127.0.0.1:0")
        .env("WATTLINE__DATA_DIR", data)
        .envs(sensor.environment())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start standalone")?;
    let out = child.stdout.take().context("standalone has no output")?;
    let running = Running(child);
    let mut line = String::new();
    if BufReader::new(out).read_line(&mut line)? == 0 {
        bail!("standalone ended before it was ready");
    }
    let intake = began.elapsed();
    Ok((running, serde_json::from_str(&line)?, intake))
}
