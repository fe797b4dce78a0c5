//! A binary of ours as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::ServerError;
use super::process::{Process, exchange, run};

const TIME_LIMIT: Duration = Duration::from_mins(1);
const PACKAGE: &str = "of this workspace: cargo build --workspace --bins";

/// What to start, and how to see that it is ready.
#[derive(Clone, Debug)]
pub struct ProgramSetup {
    pub name: &'static str,
    /// The folder of the binaries.
    pub binaries: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// What it prints goes to `NAME.log` in this folder, after what it printed before.
    pub folder: PathBuf,
    /// `/health/live` is asked there; nothing is asked when `None`.
    pub port: Option<u16>,
}

/// A running binary. Ends with SIGKILL when dropped.
#[derive(Debug)]
pub struct Program {
    process: Process,
    setup: ProgramSetup,
}

impl Program {
    pub fn start(setup: ProgramSetup) -> Result<Self, ServerError> {
        let process = launch(&setup)?;
        Ok(Self { process, setup })
    }

    /// SIGKILL, as when the power fails.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts again with the same settings, after [`kill`](Self::kill) or on top of it.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.process = launch(&self.setup)?;
        Ok(())
    }

    /// SIGTERM, and how long it took to end.
    pub fn stop(&mut self) -> Duration {
        let begin = Instant::now();
        self.process.stop(Signal::TERM, Duration::from_secs(30));
        begin.elapsed()
    }

    /// SIGTERM, and no waiting.
    pub fn terminate(&self) {
        self.process.signal_group(Signal::TERM);
    }

    /// How it ended, by itself or by force; `None` when it has not by then.
    pub fn wait(&mut self, time_limit: Duration) -> Option<ExitStatus> {
        self.process.wait(time_limit)
    }

    /// Returns when it says that it can do its work, which takes a port to ask at.
    pub fn wait_until_ready(&mut self, time_limit: Duration) -> Result<(), ServerError> {
        let setup = &self.setup;
        self.process.wait_ready(time_limit, || is_well(setup, "ready"))
    }

    /// How it was started.
    pub const fn setup(&self) -> &ProgramSetup {
        &self.setup
    }

    /// Where it serves its health.
    pub const fn port(&self) -> Option<u16> {
        self.setup.port
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Where its output is.
    pub fn log(&self) -> PathBuf {
        log(&self.setup)
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.has_ended()
    }
}

/// Runs a binary of ours to its end and gives what it printed.
pub fn run_to_end(setup: &ProgramSetup) -> Result<String, ServerError> {
    run(&mut command(setup), PACKAGE)
}

fn command(setup: &ProgramSetup) -> Command {
    let mut command = Command::new(setup.binaries.join(setup.name));
    command.args(&setup.arguments).current_dir(&setup.folder);
    command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
    command
}

fn launch(setup: &ProgramSetup) -> Result<Process, ServerError> {
    let mut process = Process::spawn(setup.name, PACKAGE, &mut command(setup), log(setup))?;
    if setup.port.is_some() {
        process.wait_ready(TIME_LIMIT, || is_well(setup, "live"))?;
    }
    Ok(process)
}

fn log(setup: &ProgramSetup) -> PathBuf {
    Path::new(&setup.folder).join(format!("{}.log", setup.name))
}

fn is_well(setup: &ProgramSetup, kind: &str) -> bool {
    let Some(port) = setup.port else { return false };
    let variable = |wanted| setup.environment.iter().find(|(name, _)| name == wanted);
    if variable("WATTLINE__TLS__CERTIFICATE").is_some() {
        let ca = variable("WATTLINE__TLS__CA").map(|(_, path)| PathBuf::from(path));
        return ca.is_some_and(|ca| is_well_over_tls(port, kind, &ca));
    }
    let request = format!("GET /health/{kind} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    exchange(port, request.as_bytes(), 12).is_ok_and(|answer| answer == b"HTTP/1.1 200")
}

fn is_well_over_tls(port: u16, kind: &str, ca: &Path) -> bool {
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--max-time", "10", "--cacert"]).arg(ca);
    run(command.arg(format!("https://127.0.0.1:{port}/health/{kind}")), "curl").is_ok()
}
