//! Measurements of whole processes on this machine. Figures of different machines do not compare.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use testkit::client::{Client, page_bytes};

use crate::page;
use crate::run::{cargo, root, run};

/// The recorded day, local midnight to midnight.
const FROM: &str = "2012-01-16T00:00:00+01:00";
const TO: &str = "2012-01-17T00:00:00+01:00";
const QUESTIONS: usize = 200;

#[derive(Args)]
pub(crate) struct Bench {
    what: What,
    /// One object in place of the table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Standalone: taking in a recorded day, answering for it, and the weight of the page.
    Quick,
}

#[derive(Deserialize)]
struct Ready {
    url: String,
    email: String,
    password: String,
}

#[derive(Serialize)]
struct Quick {
    outlets: usize,
    values: usize,
    /// From the start of the process to the last value stored.
    intake_s: f64,
    usage_day_p50_ms: f64,
    usage_day_p99_ms: f64,
    page_bytes: usize,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let What::Quick = self.what;
        page::build()?;
        run(cargo()
            .args(["build", "--release", "--package", "standalone", "--locked"])
            .stdout(Stdio::null()))?;
        let result = quick()?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&result)?)?;
            return Ok(());
        }
        writeln!(out, "outlets                            {:>10}", result.outlets)?;
        writeln!(out, "values of 10 s                     {:>10}", result.values)?;
        writeln!(
            out,
            "taking them in                     {:>10.2} s     (target: under 5 s)",
            result.intake_s
        )?;
        writeln!(out, "usage of the day, p50              {:>10.1} ms", result.usage_day_p50_ms)?;
        writeln!(
            out,
            "usage of the day, p99              {:>10.1} ms    (target: under 50 ms)",
            result.usage_day_p99_ms
        )?;
        writeln!(
            out,
            "the whole page, compressed         {:>10} bytes (target: under 120 KB)",
            result.page_bytes
        )?;
        Ok(())
    }
}

/// A process that is told to end when it goes out of scope.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok()) {
            self.0.wait().ok();
        }
    }
}

fn quick() -> anyhow::Result<Quick> {
    let folder = tempfile::tempdir()?;
    let traces = testkit::traces::unpack_recorded_day(&folder.path().join("traces"))?;
    let outlets = std::fs::read_dir(&traces)?.count();
    let (_running, ready, intake) = standalone(&folder.path().join("data"), &traces)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::log_in(&ready.url, &ready.email, &ready.password)
            .await
            .map_err(|(status, problem)| anyhow::anyhow!("cannot log in: {status} {problem}"))?;
        let ask = async |bucket| client.usage(FROM, TO, bucket).await.map_err(anyhow::Error::msg);
        let ticks = ask("tick").await?;
        let values = ticks.sockets.iter().map(|socket| socket.energy_j.iter().flatten().count()).sum();
        ask("15m").await?;
        let mut times = Vec::with_capacity(QUESTIONS);
        for _ in 0..QUESTIONS {
            let began = Instant::now();
            ask("15m").await?;
            times.push(began.elapsed());
        }
        times.sort();
        Ok(Quick {
            outlets,
            values,
            intake_s: intake.as_secs_f64(),
            usage_day_p50_ms: millis(times[QUESTIONS / 2]),
            usage_day_p99_ms: millis(times[QUESTIONS * 99 / 100]),
            page_bytes: page_bytes(&ready.url).await?,
        })
    })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Starts it with the recorded day; returns when all of it is stored.
fn standalone(data: &Path, traces: &Path) -> anyhow::Result<(Running, Ready, Duration)> {
    let began = Instant::now();
    let mut child = Command::new(root().join("target/release/standalone"))
        .args(["--json", "run"])
        .env("WATTLINE_LOG", "warn")
        .env("WATTLINE__LISTEN", "127.0.0.1:0")
        .env("WATTLINE__DATA_DIR", data)
        .env("WATTLINE__AGENT__SENSOR__REPLAY__FOLDER", traces)
        .env("WATTLINE__AGENT__SENSOR__REPLAY__SPEED", "max")
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
