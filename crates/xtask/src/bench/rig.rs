//! What every measurement of the write path needs: binaries, a folder, and somebody who waits.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::Timestamp;
use tempfile::TempDir;
use testkit::servers::{Program, ProgramSetup, free_port};
use tokio::runtime::Runtime;

use crate::{interrupt, process};

/// The database of everything that is measured here.
pub(super) const DATABASE: &str = "wattline";
/// Containers that come before what is measured.
pub(super) const WARM_UP: u64 = 20_000;
/// For something to start, or to come to rest.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// What a swarm may be ahead of the clock: its ticks are of one second, and it sends them faster than they pass.
const BEFORE: Duration = Duration::from_mins(12);
/// What one measurement takes at most, more or less.
const MEASUREMENT: Duration = Duration::from_mins(4);
const HOUR: Duration = Duration::from_hours(1);

pub(super) struct Rig {
    pub(super) binaries: PathBuf,
    /// How long each measurement is to take, more or less.
    pub(super) seconds: u32,
    /// Of stubs; measurements themselves block.
    pub(super) runtime: Runtime,
    /// Where the ticks of the swarms of a measurement start: one instant for all, so that a container that is sent
    /// again is the same container.
    first_tick: Cell<Timestamp>,
    folder: TempDir,
}

/// How a write-service is to be.
pub(super) struct WriterSetup<'a> {
    pub(super) broker: &'a str,
    pub(super) store: &'a str,
    /// Per queue; the service's own default when `None`.
    pub(super) max_queue_length: Option<u32>,
}

impl Rig {
    pub(super) fn new(binaries: PathBuf, seconds: u32) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        interrupt::listen(&runtime)?;
        let folder = TempDir::with_prefix("wattline-bench-")?;
        let first_tick = Cell::new(now() - BEFORE);
        Ok(Self { binaries, seconds, runtime, first_tick, folder })
    }

    pub(super) fn first_tick(&self) -> Timestamp {
        self.first_tick.get()
    }

    /// From here on the ticks are of the hour that goes on, to the end of the measurement: a write-service does more for
    /// what comes later than that. Waits for such a time of the hour.
    pub(super) fn begin_with_live_ticks(&self) -> anyhow::Result<()> {
        let into_hour = Duration::from_secs(u64::try_from(now().as_second())? % HOUR.as_secs());
        let wait = if into_hour + MEASUREMENT > HOUR {
            HOUR.saturating_sub(into_hour) + BEFORE
        } else {
            BEFORE.saturating_sub(into_hour)
        };
        if !wait.is_zero() {
            eprintln!("  waiting {} s: ticks of the hour before would be late ones", wait.as_secs());
            interrupt::pass(wait)?;
        }
        self.first_tick.set(now() - BEFORE);
        Ok(())
    }

    /// So many that they take the time that each measurement is to take, and rather more.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number, about")]
    pub(super) fn enough(&self, containers_per_s: f64) -> u64 {
        WARM_UP.max((containers_per_s * f64::from(self.seconds) * 1.2) as u64)
    }

    /// A folder for one process, or for a ledger.
    pub(super) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        Ok(tempfile::Builder::new().prefix(name).tempdir_in(self.folder.path())?.keep())
    }

    /// A process of ours with nobody to ask whether it is well.
    pub(super) fn program(&self, name: &'static str, arguments: Vec<String>) -> anyhow::Result<Program> {
        Ok(Program::start(ProgramSetup {
            name,
            binaries: self.binaries.clone(),
            arguments,
            environment: Vec::new(),
            folder: self.folder(name)?,
            port: None,
        })?)
    }

    /// Returns at once: what it takes to start is measured too.
    pub(super) fn write_service(&self, setup: &WriterSetup<'_>) -> anyhow::Result<Program> {
        Ok(Program::start(self.writer(setup, None)?)?)
    }

    /// Returns when it consumes.
    pub(super) fn ready_write_service(&self, setup: &WriterSetup<'_>) -> anyhow::Result<Program> {
        let mut program = Program::start(self.writer(setup, Some(free_port()))?)?;
        program.wait_until_ready(PATIENCE)?;
        Ok(program)
    }

    fn writer(&self, setup: &WriterSetup<'_>, port: Option<u16>) -> anyhow::Result<ProgramSetup> {
        let listen = format!("127.0.0.1:{}", port.unwrap_or_default());
        let mut environment = vec![
            ("WATTLINE__OPERATIONS__LISTEN", listen),
            ("WATTLINE__RABBITMQ__URL", setup.broker.to_owned()),
            ("WATTLINE__INFLUXDB__URL", setup.store.to_owned()),
            ("WATTLINE__INFLUXDB__API", "v1".to_owned()),
            ("WATTLINE__INFLUXDB__BUCKET", DATABASE.to_owned()),
        ];
        if let Some(length) = setup.max_queue_length {
            environment.push(("WATTLINE__RABBITMQ__MAX_QUEUE_LENGTH", length.to_string()));
        }
        Ok(ProgramSetup {
            name: "write-service",
            binaries: self.binaries.clone(),
            arguments: Vec::new(),
            environment: environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            folder: self.folder("write-service")?,
            port,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured has the system's clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// What a server of this machine answers, head and all. HTTP 1.0: the answer ends when it closes.
pub(super) fn answer(port: u16, path: &str, limit: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Asks again and again until there is an answer.
pub(super) fn until<T>(
    what: &str,
    limit: Duration,
    poll: Duration,
    mut ask: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        interrupt::check()?;
        if begin.elapsed() > limit {
            bail!("waited {} s in vain until {what}", limit.as_secs());
        }
        thread::sleep(poll);
    }
}

/// The only process of this program that we have started.
pub(super) fn pid_of(program: &str) -> anyhow::Result<u32> {
    match process::descendants(program)[..] {
        [pid] => Ok(pid),
        ref all => bail!("there are {} processes of {program}, and one was expected", all.len()),
    }
}

/// Processor time of it so far, in seconds.
pub(super) fn cpu_s(pid: u32) -> anyhow::Result<f64> {
    Ok(process::cpu_time(pid).with_context(|| format!("process {pid} is gone"))?.as_secs_f64())
}

/// How a log ends, for whoever has to find out what went wrong.
pub(super) fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
